// The LSTM whose input gate is what its forget gate leaves: gates f g o, i = 1 − f.

import { sigmoid, tanh } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/**
 * The LSTM with coupled input and forget gates, for the option `cell`: three gates' work.
 *
 * Source: the variant CIFG of Greff et al., "LSTM: A Search Space Odyssey", 2017.
 */
export const coupledLstm: DefinedCell = /* @__PURE__ */ defineCell({
  name: "coupled-lstm",
  gates: ["f", "g", "o"],
  states: ["h", "c"],
  step({ f, g, o }, { c }) {
    const forget = sigmoid(f);
    const next = forget.times(c).plus(forget.negated().plus(1).times(tanh(g)));
    return { h: sigmoid(o).times(tanh(next)), c: next };
  },
});
