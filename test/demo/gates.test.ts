// Gates and states beside h over a sequence: they make the hidden states that the reference has, in the order of time.

import { describe, expect, test } from "vitest";
import { cellOf, cellWords } from "../../demo/tasks/cells";
import { unitWords } from "../../demo/through-time/unit-words";
import { unitSeries } from "../../demo/workshop/gates";
import { trace } from "../../demo/workshop/reference-answers";
import { gatesOf } from "../../src/cells/gate-values";
import { initialParameters, networkConfig, type UniformOptions } from "../../src/index";
import { integers, numbers, worstError } from "../numbers";

const [steps, hidden, symbols] = [6, 70, 5];

function network(options: Partial<UniformOptions> & Pick<UniformOptions, "cell">) {
  const sizes = { inputs: symbols, hidden, outputs: symbols, layers: 2 };
  const config = networkConfig({ ...sizes, input: "tokens", readout: "every-step", ...options });
  const parameters = Object.fromEntries(
    [...initialParameters(config)].map(([name, { data }], i) => [
      name,
      Float64Array.from(numbers(data.length, i, 0.2), (value, at) => value + data[at]!),
    ]),
  );
  return { config, parameters };
}

const batch = { inputs: integers(steps, 1, 0, symbols - 1), targets: integers(steps, 2, 0, symbols - 1) };
/** Of so many units there is something to see. */
const shown = 64;
const at = (values: ArrayLike<number>, t: number, width = shown) =>
  Array.from(values).slice(t * width, t * width + shown);

describe("gates over a sequence", () => {
  test("of an LSTM of two layers that reads both ways make its cell states, and these its hidden states", () => {
    const lstm = network({ cell: "lstm", bidirectional: true });
    const series = unitSeries(lstm, steps, batch);
    const { states } = trace(lstm, steps, batch);
    expect(series).toHaveLength(4);
    for (const [row, own] of series.entries()) {
      expect(own.map(({ name }) => name)).toEqual(["i", "f", "g", "o", "c"]);
      const of = (name: string, t: number) => at(own.find((each) => each.name === name)!.values, t);
      for (let t = 0; t < steps; t++) {
        const earlier = row % 2 === 1 ? t + 1 : t - 1;
        const before = earlier < 0 || earlier === steps ? new Array(shown).fill(0) : of("c", earlier);
        const [i, f, g, o, c] = ["i", "f", "g", "o", "c"].map((name) => of(name, t)) as number[][];
        const kept = before.map((value, j) => f![j]! * value + i![j]! * g![j]!);
        expect(worstError(c!, kept)).toBeLessThan(1e-6);
        const h = c!.map((value, j) => o![j]! * Math.tanh(value));
        expect(worstError(h, at(states[row]!, t, hidden))).toBeLessThan(1e-6);
      }
    }
  });

  test("end where a shorter sequence does", () => {
    const [own] = unitSeries(network({ cell: "gru" }), steps, { ...batch, lengths: Int32Array.of(4) });
    for (const { values } of own!) {
      expect(Array.from({ length: steps }, (_, t) => at(values, t).every(Number.isNaN))).toEqual([
        ...[false, false, false, false, true, true],
      ]);
    }
  });

  test("are none of a cell that has none", () => {
    expect(unitSeries(network({ cell: "elman" }), steps, batch)).toEqual([]);
  });

  test.each(cellWords)("of the page's cell %s each have words for a visitor", async (word) => {
    const { gates, states } = gatesOf({ cell: await cellOf(word) });
    expect(Object.keys(unitWords(word)).sort()).toEqual(["h", ...gates, ...states].sort());
  });
});
