// ONNX models as networks: those that toOnnx wrote to the bit, and those of PyTorch's exporter by what they compute.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  coupledLstm,
  defineCell,
  embedding,
  everyStep,
  features,
  initialParameters,
  lastStep,
  layer,
  lstm,
  minGru,
  type NetworkOptions,
  networkConfig,
  type PartsOptions,
  quantile,
  referenceForward,
  sigmoid,
  slstm,
  tanh,
  tokens,
  Vocabulary,
} from "../../src/index";
import type { ValueLoss } from "../../src/losses/loss";
import { fromOnnx, type OnnxOptions, toOnnx } from "../../src/onnx/index";
import { type Model, modelBytes } from "../../src/onnx/model";
import { readModel } from "../../src/onnx/read-model";
import { architectureOf } from "../../src/parts/architecture";
import { networkOf, partsCases } from "../network/parts-networks";
import { numbers, worstError } from "../numbers";

const parametersOf = (options: NetworkOptions) => initialParameters(networkConfig(options));

/** Reads what was written, and holds it to be the same network with the same bytes. */
function expectBack(options: NetworkOptions, how: OnnxOptions = {}, cells: Parameters<typeof fromOnnx>[1] = {}) {
  const config = networkConfig(options);
  const parameters = parametersOf(config);
  const file = toOnnx(parameters, config, how);
  const { loss } = architectureOf(config);
  const losses = loss.targets === "values" ? [loss as ValueLoss] : [];
  const read = fromOnnx(file, { losses, ...cells });
  expect(JSON.stringify(read.network)).toBe(JSON.stringify(config));
  expect([...read.parameters.keys()]).toEqual([...parameters.keys()]);
  const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  for (const [name, { shape, data }] of how.weights === "float16" ? [] : parameters) {
    const own = read.parameters.get(name)!;
    expect(own.shape, name).toEqual(shape);
    expect(isSame(new Uint8Array(own.data.buffer), new Uint8Array(data.buffer)), name).toBe(true);
  }
  expect(isSame(toOnnx(read.parameters, read.network, how), file)).toBe(true);
  return read;
}

test("any network of parts comes back to the bit from what toOnnx wrote", () => {
  fc.assert(
    fc.property(
      partsCases({ layers: 2, size: 9 }),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom("float32", "float16"),
      (shape, lengths, wanted, weights) => {
        const options = networkOf(shape);
        expectBack(options, { lengths, weights, states: wanted && !options.encoder });
      },
    ),
    { numRuns: 30 },
  );
});

const gruOf = (kind: "apart" | "projected") =>
  kind === "apart"
    ? defineCell({
        ...{ name: "own-gru", gates: ["r", "z", "n"], states: ["h"], apart: { m: "n" } },
        step({ r, z, n, m }, { h }) {
          const candidate = tanh(n.plus(sigmoid(r).times(m)));
          return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
        },
      })
    : defineCell({
        ...{ name: "own-gru", gates: ["r", "z", "n"], states: ["h"], parameters: { p: "unit" } },
        projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
        step({ z, n }, { h }, { p }) {
          const candidate = tanh(n.times(p));
          return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
        },
      });

describe("comes back to the bit", () => {
  const adaptive = { cutoffs: [2, 5], divValue: 2 };
  test.each<[string, NetworkOptions]>([
    ["an adaptive readout", { input: tokens(5), layers: [lstm(8)], readout: everyStep(9, { adaptive }) }],
    ["what is tied", { input: embedding(7, 4), layers: [lstm(4)], readout: everyStep(7, { tied: true }) }],
    [
      "the short form",
      {
        ...{ cell: "gru", reset: "before", layers: 2, bidirectional: true, inputs: 5, hidden: 4, outputs: 5 },
        ...{ input: "tokens", readout: "last-step", labelSmoothing: 0.1 },
      },
    ],
    [
      "a loss of one's own options",
      { input: features(2), layers: [lstm(3)], readout: lastStep(3), loss: quantile([0.1, 0.5, 0.9]) },
    ],
  ])("%s", (_, options) => {
    expectBack(options);
    expectBack(options, { lengths: true, states: true, weights: "float16" });
  });

  test.each(["apart", "projected"] as const)("a cell of one's own, whose last product is %s", (kind) => {
    const cell = gruOf(kind);
    const options = { input: tokens(5), layers: [layer(cell, 4, { bidirectional: true })], readout: everyStep(3) };
    expectBack(options, { lengths: true }, { cells: [cell] });
    const file = toOnnx(parametersOf(options), options);
    expect(() => fromOnnx(file)).toThrow('fromOnnx: metadata "network" is refused (Network: cell is "own-gru"');
    const other = gruOf(kind === "apart" ? "projected" : "apart");
    expect(() => fromOnnx(file, { cells: [other] })).toThrow(
      /^fromOnnx: .* is not as toOnnx writes it|has \d+ numbers/,
    );
  });

  test("about", () => {
    const about = Vocabulary.fromText("to be");
    const read = expectBack({ input: tokens(4), layers: [lstm(3)], readout: everyStep(4) }, { about });
    expect(Vocabulary.fromJSON(read.about).symbols).toEqual(about.symbols);
    expect(expectBack({ input: tokens(4), layers: [lstm(3)], readout: everyStep(4) }).about).toBe(undefined);
  });
});

const folder = join(import.meta.dirname, "pytorch");
type Values = { shape: number[]; data: number[] };
type Recorded = { inputs: Record<string, Values>; outputs: Record<string, Values> };
const recorded = (name: string) => ({
  file: readFileSync(join(folder, `${name}.onnx`)),
  ...(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Recorded),
});

/** [batch, steps, …] as [steps, batch, …]. */
function turned({ shape, data }: Values): Values {
  const [rows, columns, ...more] = shape as [number, number];
  const width = more.reduce((a, b) => a * b, 1);
  const at = (step: number, row: number) =>
    data.slice((row * columns + step) * width, (row * columns + step + 1) * width);
  const turned = Array.from({ length: columns }, (_, step) => Array.from({ length: rows }, (_, row) => at(step, row)));
  return { shape: [columns, rows, ...more], data: turned.flat(2) };
}

/** What the reference computes of a file's inputs, beside what the file's maker computed. */
function computed(read: ReturnType<typeof fromOnnx>, { inputs, outputs }: Recorded, timeMajor: boolean) {
  const { network, parameters } = read;
  const { input, readout, layers } = architectureOf(network);
  const given = inputs.tokens ?? inputs.x!;
  const x = timeMajor ? given : turned(given);
  const [steps, batch] = x.shape as [number, number];
  const own = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const rows = readout.kind === "every-step" ? steps * batch : batch;
  const forward = referenceForward(network, own, {
    ...{ steps, batch },
    inputs: input.tokens === undefined ? Float32Array.from(x.data) : Int32Array.from(x.data),
    targets:
      architectureOf(network).loss.targets === "classes"
        ? new Int32Array(rows)
        : new Float32Array(rows * readout.outputs),
    ...(inputs.lengths && { lengths: Int32Array.from(inputs.lengths.data) }),
    ...(inputs.h0 && { initialState: Float32Array.from(inputs.h0.data) }),
    ...(inputs.c0 && { initialCellState: Float32Array.from(inputs.c0.data) }),
  } as never);
  const [said] = Object.entries(outputs) as [[string, Values]];
  const expected = readout.kind === "last-step" || timeMajor ? said[1] : turned(said[1]);
  const answer = said[0] === "p" ? forward.probabilities : forward.logits;
  return { answer, expected: expected.data, forward, layers };
}

const ofPyTorch: [name: string, timeMajor: boolean, said: string][] = [
  ["embedding-lstm", false, "embedding 11×5, lstm 6, lstm 6, every-step 4"],
  ["bidirectional-gru", true, "features 3, gru 5 ⇄, gru 5 ⇄, every-step 2"],
  ["rnn-relu-last", false, "features 3, elman relu 6, last-step 4"],
  ["gru-last-time-major", true, "features 3, gru 6, gru 6, last-step 4"],
  ["bidirectional-lstm-classes", false, "embedding 9×4, lstm 5 ⇄, lstm 5 ⇄, last-step 3"],
  ["lengths", false, "embedding 9×4, lstm 5, last-step 3"],
  ["stateful", true, "features 3, lstm 4, lstm 4, every-step 2"],
  ["bare-gru", false, "features 3, gru 4 ⇄, gru 4 ⇄, every-step hidden"],
  ["tied-without-biases", false, "embedding 7×6, elman tanh 6 no bias, every-step 7 tied no bias"],
  ["not-folded", false, "embedding 8×4, lstm 5 ⇄, lstm 5 ⇄, every-step 3"],
  ["not-free", false, "embedding 8×4, gru 5, gru 5, every-step 3"],
  ["opset-11", false, "embedding 9×4, gru 5 ⇄, lstm 6, every-step 3"],
  ["opset-17", false, "embedding 9×4, gru 5 ⇄, lstm 6, every-step 3"],
];

function summary({ input, layers, readout }: PartsOptions): string {
  const ofInput = input.kind === "embedding" ? `${input.tokens}×${input.width}` : input.width;
  const ofLayers = layers.map(
    ({ cell, activation, hidden, bidirectional, bias }) =>
      `${typeof cell === "string" ? cell : cell.name}${activation ? ` ${activation}` : ""} ${hidden}${bidirectional ? " ⇄" : ""}${bias ? "" : " no bias"}`,
  );
  const { kind, outputs, tied, bias } = readout;
  const ofReadout = `${kind} ${outputs}${tied ? " tied" : ""}${bias || outputs === "hidden" ? "" : " no bias"}`;
  return [`${input.kind} ${ofInput}`, ...ofLayers, ofReadout].join(", ");
}

describe("what PyTorch's exporter wrote", () => {
  test("is all there", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
    expect(ofPyTorch.map(([name]) => `${name}.onnx`).sort()).toEqual(files.sort());
  });

  test.each(ofPyTorch)("%s computes here what it computed there", (name, timeMajor, said) => {
    const record = recorded(name);
    const read = fromOnnx(record.file);
    expect(summary(read.network as PartsOptions)).toBe(said);
    const { answer, expected, forward } = computed(read, record, timeMajor);
    expect(worstError(answer, expected)).toBeLessThan(1e-5);
    if (!record.outputs.c) return;
    expect(worstError(forward.finalState, record.outputs.h!.data)).toBeLessThan(1e-5);
    expect(worstError(forward.finalCellState, record.outputs.c.data)).toBeLessThan(1e-5);
  });
});
