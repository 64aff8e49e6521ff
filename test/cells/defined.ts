// Cells defined by their equations alone: the library's own once more, and others.
import { defineCell, relu, sigmoid, sqrt, tanh } from "../../src/index";

const lstm = defineCell({
  name: "lstm-of-equations",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  step({ i, f, g, o }, { c }) {
    const next = sigmoid(f)
      .times(c)
      .plus(sigmoid(i).times(tanh(g)));
    return { h: sigmoid(o).times(tanh(next)), c: next };
  },
});

const gruAfter = defineCell({
  name: "gru-after-of-equations",
  gates: ["r", "z", "n"],
  states: ["h"],
  apart: { q: "n" },
  step({ r, z, n, q }, { h }) {
    const update = sigmoid(z);
    const candidate = tanh(n.plus(sigmoid(r).times(q)));
    return { h: update.negated().plus(1).times(candidate).plus(update.times(h)) };
  },
});

const gruBefore = defineCell({
  name: "gru-before-of-equations",
  gates: ["r", "z", "n"],
  states: ["h"],
  projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
  step({ z, n }, { h }) {
    const update = sigmoid(z);
    return { h: update.negated().plus(1).times(tanh(n)).plus(update.times(h)) };
  },
});

const elman = defineCell({
  name: "elman-of-equations",
  gates: ["a"],
  states: ["h"],
  step: ({ a }) => ({ h: tanh(a) }),
});

const elmanRelu = defineCell({
  name: "elman-relu-of-equations",
  gates: ["a"],
  states: ["h"],
  step: ({ a }) => ({ h: relu(a) }),
});

/** The library's cells, and the same by their equations. */
export const twice = [
  [{ cell: "lstm" }, lstm],
  [{ cell: "gru", reset: "after" }, gruAfter],
  [{ cell: "gru", reset: "before" }, gruBefore],
  [{ cell: "elman", activation: "tanh" }, elman],
  [{ cell: "elman", activation: "relu" }, elmanRelu],
] as const;

/** One whose states read each other, with gates that the way back needs as they were. */
const crossed = defineCell({
  name: "crossed",
  gates: ["a", "b"],
  states: ["h", "older"],
  step: ({ a, b }, { h, older }) => ({
    h: tanh(a).times(sigmoid(b)).plus(older.times(0.5)),
    older: h.times(sigmoid(b)),
  }),
});

/** A second state, which what is projected reads too. */
const projecting = defineCell({
  name: "projecting",
  gates: ["r", "z", "n"],
  states: ["h", "c"],
  projects: { n: ({ r }, { h, c }) => sigmoid(r).times(h.plus(c)) },
  step: ({ z, n }, { h, c }) => ({
    h: tanh(n).times(sigmoid(z)).plus(c.times(0.25)),
    c: sigmoid(z).times(c).plus(h.times(0.5)),
  }),
});

/** Parameters of its own, which what is projected reads too, and states that say how much of one another stays. */
const scaled = defineCell({
  name: "scaled",
  gates: ["r", "z", "n"],
  states: ["h", "c", "slow"],
  parameters: { p: "unit", q: "unit" },
  projects: { n: ({ r }, { h, slow }, { p }) => sigmoid(r).times(h.plus(slow)).times(p) },
  step: ({ z, n }, { c, slow }, { p, q }) => ({
    h: tanh(n.plus(q.times(c))).plus(c.times(0.25)),
    c: sigmoid(z).times(c).plus(slow.times(0.5)),
    slow: sigmoid(p).times(slow).plus(tanh(n).times(0.5)),
  }),
});

/** One in which a unit of zeros does not stay so, and has no derivatives. */
const restless = defineCell({
  name: "restless",
  gates: ["a", "b"],
  states: ["h", "count"],
  step: ({ a, b }, { h, count }) => ({
    h: sigmoid(a.plus(h)).plus(sqrt(b.times(b)).times(0.25)),
    count: count.times(0.5).plus(sigmoid(b)),
  }),
});

export const others = [crossed, projecting, scaled, restless];
