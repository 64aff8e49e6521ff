// Cells as equations, from the library and the literature, and points to look at them.

import { coupledLstm } from "../../src/cells/coupled-lstm";
import { indrnn } from "../../src/cells/indrnn";
import { minGru } from "../../src/cells/mingru";
import { type TracedCell, traceCell } from "../../src/expressions/cell";
import { exp, logSigmoid, max, relu, sigmoid, tanh } from "../../src/expressions/functions";
import { numbers } from "../numbers";

export const lstm = traceCell({
  name: "lstm",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  step({ i, f, g, o }, { c }) {
    const next = sigmoid(f)
      .times(c)
      .plus(sigmoid(i).times(tanh(g)));
    return { h: sigmoid(o).times(tanh(next)), c: next };
  },
});

/** Of PyTorch and cuDNN. */
export const gruResetAfter = traceCell({
  name: "gru-reset-after",
  gates: ["r", "z", "n"],
  states: ["h"],
  apart: { q: "n" },
  step({ r, z, n, q }, { h }) {
    const update = sigmoid(z);
    const candidate = tanh(n.plus(sigmoid(r).times(q)));
    return { h: update.negated().plus(1).times(candidate).plus(update.times(h)) };
  },
});

/** Cho et al. 2014. */
export const gruResetBefore = traceCell({
  name: "gru-reset-before",
  gates: ["r", "z", "n"],
  states: ["h"],
  projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
  step({ z, n }, { h }) {
    const update = sigmoid(z);
    return { h: update.negated().plus(1).times(tanh(n)).plus(update.times(h)) };
  },
});

/** A projection of two gates and a parameter, one of which `step` reads too. */
const projectingTwice = traceCell({
  name: "projecting-twice",
  gates: ["r", "z", "n", "k"],
  states: ["h", "c"],
  parameters: { p: "unit" },
  projects: { n: ({ r }, { h }, { p }) => sigmoid(r).times(h).times(p), k: ({ z }, { c }) => tanh(z).times(c) },
  step: ({ r, z, n, k }, { h, c }) => ({ h: tanh(n.plus(r)).times(k).plus(h), c: sigmoid(z).times(c).plus(k) }),
});

const elman = traceCell({ name: "elman", gates: ["a"], states: ["h"], step: ({ a }) => ({ h: tanh(a) }) });

const elmanRelu = traceCell({ name: "elman-relu", gates: ["a"], states: ["h"], step: ({ a }) => ({ h: relu(a) }) });

/** Gers and Schmidhuber 2000. */
export const peepholeLstm = traceCell({
  name: "peephole-lstm",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  parameters: { pi: "unit", pf: "unit", po: "unit" },
  step({ i, f, g, o }, { c }, { pi, pf, po }) {
    const kept = sigmoid(f.plus(pf.times(c)))
      .times(c)
      .named("kept");
    const next = kept.plus(sigmoid(i.plus(pi.times(c))).times(tanh(g)));
    return { h: sigmoid(o.plus(po.times(next))).times(tanh(next)), c: next };
  },
});

/** Equations 8 to 17 of Beck et al., "xLSTM: Extended Long Short-Term Memory", 2024, with m to keep exp in range. */
export const slstm = traceCell({
  name: "slstm",
  gates: ["i", "f", "z", "o"],
  states: ["h", "c", "n", "m"],
  step({ i, f, z, o }, { c, n, m }) {
    const past = logSigmoid(f).plus(m).named("past");
    const largest = max(past, i);
    const input = exp(i.minus(largest)).named("input");
    const forget = exp(past.minus(largest)).named("forget");
    const cell = forget.times(c).plus(input.times(tanh(z)));
    const normaliser = forget.times(n).plus(input);
    return { h: sigmoid(o).times(cell.over(normaliser)), c: cell, n: normaliser, m: largest };
  },
});

/** Feng et al., "Were RNNs All We Needed?", 2024. */
const minLstm = traceCell({
  name: "min-lstm",
  gates: ["f", "i", "g"],
  states: ["h"],
  recurrent: "none",
  step({ f, i, g }, { h }) {
    const forget = sigmoid(f);
    const input = sigmoid(i);
    const both = forget.plus(input).named("both");
    return { h: forget.over(both).times(h).plus(input.over(both).times(g)) };
  },
});

/** A state that is the gate's sum, one that is another's past, and two that are the same. */
const delayed = traceCell({
  name: "delayed",
  gates: ["a", "b"],
  states: ["h", "older", "same", "again"],
  step({ a, b }, { h, older, same }) {
    const next = sigmoid(b.plus(older)).times(same);
    return { h: a, older: h, same: next, again: next };
  },
});

export const cells: readonly TracedCell[] = [
  lstm,
  gruResetAfter,
  gruResetBefore,
  projectingTwice,
  elman,
  elmanRelu,
  peepholeLstm,
  traceCell(coupledLstm.equations),
  slstm,
  traceCell(indrnn.equations),
  traceCell(minGru.equations),
  minLstm,
  delayed,
];

/** The names of what a cell's twin takes forward, in its order. */
export const inputsOf = (cell: TracedCell): string[] => [
  ...[...cell.gates, ...cell.apart].map(({ name }) => name),
  ...cell.states.map(({ before }) => before),
  ...cell.parameters.map(({ name }) => name),
];

/** The names of what its twin gives backward, in its order. */
export const gradientsOf = (cell: TracedCell): string[] => [
  ...[...cell.gates, ...cell.apart].map(({ gradient }) => gradient),
  ...cell.states.map(({ gradientBefore }) => gradientBefore),
  ...cell.parameters.map(({ gradient }) => gradient),
];

/** Values of all inputs and all gradients that come in, by name. States that divide are positive. */
export function pointOf(cell: TracedCell, seed: number, scale = 2): Record<string, number> {
  const names = [...inputsOf(cell), ...[...cell.states, ...cell.projections].map(({ gradient }) => gradient)];
  const values = numbers(names.length, seed, scale);
  const point = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
  if (point.nBefore !== undefined) point.nBefore = Math.abs(point.nBefore) + 0.5;
  return point;
}
