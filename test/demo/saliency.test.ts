// What of a text speaks for an answer: against finite differences of ln ŷ, each token's input made a little larger and smaller.

import { expect, test } from "vitest";
import { endsOf } from "../../demo/data/trained-on";
import { trace } from "../../demo/workshop/reference-answers";
import { saliencyOf } from "../../demo/workshop/saliency";
import { initialParameters, networkConfig, referenceForward, type UniformOptions } from "../../src/index";
import { integers, numbers, worstError } from "../numbers";

const symbols = 6;

const cases: [UniformOptions["cell"], UniformOptions["readout"], number][] = [
  ["lstm", "every-step", 9],
  ["gru", "every-step", 40],
  ["lstm", "last-step", 12],
];

test.each(cases)("of cell %s, read at %s, of %i tokens", async (cell, readout, count) => {
  const config = networkConfig({ cell, readout, inputs: symbols, hidden: 7, outputs: symbols, input: "tokens" });
  const parameters = Object.fromEntries(
    [...initialParameters(config)].map(([name, { data }], i) => [
      name,
      Float64Array.from(numbers(data.length, i), (value, at) => value + data[at]!),
    ]),
  );
  const network = { config, parameters, ends: endsOf(config) };
  const tokens = integers(count, 3, 0, symbols - 1);
  const steps = count + 5;
  const tracer = { steps, trace: async (batch: Parameters<typeof trace>[2]) => trace(network, steps, batch) };

  /** ln ŷ of an answer, where one token's input is larger by a factor. */
  const logarithm = (answer: number, t: number, factor: number) => {
    const inputs = new Float64Array(count * symbols);
    for (const [i, token] of tokens.entries()) inputs[i * symbols + token] = i === t ? factor : 1;
    const rows = readout === "every-step" ? count : 1;
    const data = { steps: count, batch: 1, inputs, targets: new Int32Array(rows) };
    const { probabilities } = referenceForward({ ...config, input: "features" }, parameters, data);
    return Math.log(probabilities.at(answer - symbols)!);
  };
  const expected = (answer: number) =>
    Array.from(tokens, (_, t) => (logarithm(answer, t, 1 + 1e-5) - logarithm(answer, t, 1 - 1e-5)) / 2e-5);

  for (const at of [0, symbols - 1]) {
    const { probability, values } = await saliencyOf(config, tracer, tokens, at);
    expect(probability).toBeCloseTo(Math.exp(logarithm(at, 0, 1)), 6);
    expect(worstError(values, expected(at))).toBeLessThan(1e-6);
  }
});
