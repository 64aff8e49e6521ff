// The gates of cells: the states that a cell's twin in float64 has after a step are made of them, as its paper says.

import { expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import { gatesOf } from "../../src/cells/gate-values";
import { referenceCellOf } from "../../src/cells/reference-cells";
import { coupledLstm, indrnn, minGru, minLstm, peepholeLstm, slstm } from "../../src/index";
import { numbers, worstError } from "../numbers";

const hidden = 5;
type Unit = Readonly<Record<string, number>>;

/** h after the step, of one unit: of gates by their names, states before (h, c, n) and blocks of a (a0, a1, a2). */
const made: [name: string, options: NamedCell, gates: string, h: (unit: Unit) => number][] = [
  ["lstm", { cell: "lstm" }, "i f g o c", ({ i, f, g, o, c }) => o! * Math.tanh(f! * c! + i! * g!)],
  ["peephole-lstm", { cell: peepholeLstm }, "i f g o c", ({ i, f, g, o, c }) => o! * Math.tanh(f! * c! + i! * g!)],
  ["coupled-lstm", { cell: coupledLstm }, "f g o c", ({ f, g, o, c }) => o! * Math.tanh(f! * c! + (1 - f!) * g!)],
  ["gru", { cell: "gru" }, "r z n", ({ z, n, h }) => (1 - z!) * n! + z! * h!],
  ["gru that resets before", { cell: "gru", reset: "before" }, "r z n", ({ z, n, h }) => (1 - z!) * n! + z! * h!],
  ["slstm", { cell: slstm }, "i f z o c n m", ({ i, f, z, o, c, n }) => (o! * (f! * c! + i! * z!)) / (f! * n! + i!)],
  ["mingru", { cell: minGru }, "z", ({ z, h, a1 }) => (1 - z!) * h! + z! * a1!],
  ["minlstm", { cell: minLstm }, "f", ({ f, h, a2 }) => f! * h! + (1 - f!) * a2!],
];

const meetsPast = ({ cell }: NamedCell) => typeof cell === "string" || cell.gpu().recurrent !== "none";

/** A step of a cell with made-up numbers. */
function stepOf(options: NamedCell) {
  const { gates, states, forward } = referenceCellOf(options);
  const a = Float64Array.from(numbers(gates * hidden, 1, 2));
  const before = {
    hidden: Float64Array.from(numbers(hidden, 2)),
    cell: Float64Array.from(numbers(states * hidden, 3), (value) => value + 1.5), // a normaliser is above zero
  };
  const weights = {
    recurrentWeight: meetsPast(options) ? Float64Array.from(numbers(hidden * gates * hidden, 4)) : [],
    recurrentBias: Float64Array.from(numbers(hidden, 5)),
    unitParameters: Float64Array.from(numbers(3 * hidden, 6)),
  };
  return { a, before, weights, after: forward(a, before, weights) };
}

test.each(made)("%s has gates that make its hidden state", (_, options, names, h) => {
  const cell = gatesOf(options);
  expect([...cell.gates, ...cell.states].join(" ")).toBe(names);
  const { a, before, weights, after } = stepOf(options);
  const values = cell.at(a, before, weights);
  const all = Array.from({ length: hidden }, (_, j) => {
    const of = (list: readonly string[], from: ArrayLike<number>) =>
      list.map((name, i) => [name, from[i * hidden + j]!]);
    const blocks = Array.from({ length: a.length / hidden }, (_, block) => `a${block}`);
    return h({
      ...Object.fromEntries(of(["h"], before.hidden)),
      ...Object.fromEntries(of(cell.states, before.cell)),
      ...Object.fromEntries(of(blocks, a)),
      ...Object.fromEntries(of(cell.gates, values)),
    });
  });
  expect(worstError(all, after.hidden)).toBeLessThan(1e-12);
});

test("a GRU's reset gate is the sigmoid of its own sum", () => {
  for (const reset of ["after", "before"] as const) {
    const { a, before, weights } = stepOf({ cell: "gru", reset });
    const r = gatesOf({ cell: "gru", reset }).at(a, before, weights).subarray(0, hidden);
    const expected = Array.from({ length: hidden }, (_, j) => {
      const past = before.hidden.reduce((sum, h, k) => sum + h * weights.recurrentWeight[k * 3 * hidden + j]!, 0);
      return 1 / (1 + Math.exp(-a[j]! - past));
    });
    expect(worstError(r, expected)).toBeLessThan(1e-12);
  }
});

test("what has no gates has none", () => {
  for (const options of [{ cell: "elman" }, { cell: "elman", activation: "relu" }, { cell: indrnn }] as NamedCell[]) {
    const { gates, states, at } = gatesOf(options);
    const { a, before, weights } = stepOf(options);
    expect([gates, states, at(a, before, weights)]).toEqual([[], [], new Float64Array()]);
  }
});
