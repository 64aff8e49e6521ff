// The cells of cells.ts that are given by their equations.

import type { CellName } from "../../src/index";
import { type DefinedCell, defineCell, sigmoid, tanh } from "../../src/index";
import type { CellWord } from "./cells";

export const definedCells: Readonly<Record<Exclude<CellWord, CellName>, DefinedCell>> = {
  /** Its input gate takes what its forget gate leaves (Greff et al. 2017). */
  "coupled-lstm": defineCell({
    name: "coupled-lstm",
    gates: ["f", "g", "o"],
    states: ["h", "c"],
    step({ f, g, o }, { c }) {
      const forget = sigmoid(f);
      const next = forget.times(c).plus(forget.negated().plus(1).times(tanh(g)));
      return { h: sigmoid(o).times(tanh(next)), c: next };
    },
  }),
};
