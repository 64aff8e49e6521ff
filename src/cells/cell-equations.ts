// The equations of any cell: those that it was defined by, or those of the ones written by hand, for what is made of equations.

import type { AnyCellEquations, CellEquations } from "../expressions/cell-equations";
import { relu, sigmoid, tanh } from "../expressions/functions";
import type { CellName, CellOptions, NamedCell } from "./cells";

const elman = (f: typeof tanh): CellEquations<"a", "h"> => ({
  name: "elman",
  gates: ["a"],
  states: ["h"],
  step: ({ a }) => ({ h: f(a) }),
});

const lstm: CellEquations<"i" | "f" | "g" | "o", "h" | "c"> = {
  name: "lstm",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  step({ i, f, g, o }, { c }) {
    const next = sigmoid(f)
      .times(c)
      .plus(sigmoid(i).times(tanh(g)));
    return { h: sigmoid(o).times(tanh(next)), c: next };
  },
};

const gruAfter: CellEquations<"r" | "z" | "n", "h", never, "m"> = {
  name: "gru",
  gates: ["r", "z", "n"],
  states: ["h"],
  apart: { m: "n" },
  step({ r, z, n, m }, { h }) {
    const candidate = tanh(n.plus(sigmoid(r).times(m)));
    return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
  },
};

const gruBefore: CellEquations<"r" | "z" | "n", "h"> = {
  name: "gru",
  gates: ["r", "z", "n"],
  states: ["h"],
  projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
  step({ z, n }, { h }) {
    const candidate = tanh(n);
    return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
  },
};

/** Source: as of the cells themselves, `elman.ts`, `gru.ts` and `lstm.ts`. */
const written: Record<CellName, (options: CellOptions) => unknown> = {
  elman: ({ activation }) => elman(activation === "relu" ? relu : tanh),
  gru: ({ reset }) => (reset === "before" ? gruBefore : gruAfter),
  lstm: () => lstm,
};

export const equationsOf = ({ cell, ...options }: NamedCell): AnyCellEquations =>
  (typeof cell === "string" ? written[cell](options) : cell.equations) as AnyCellEquations;
