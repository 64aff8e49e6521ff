// The LSTM whose gates look at the cell state: gates i f g o; i and f see c_{t−1}, o sees c_t.

import { sigmoid, tanh } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/**
 * The LSTM with peepholes, for the option `cell`. Its unit parameters are the peepholes of i, f and o, in this order.
 *
 * Source: Gers, Schraudolph and Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", 2002; equations 7 to
 * 11 of Graves, "Generating Sequences With Recurrent Neural Networks", 2013.
 */
export const peepholeLstm: DefinedCell = /* @__PURE__ */ defineCell({
  name: "peephole-lstm",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  parameters: { pi: "unit", pf: "unit", po: "unit" },
  step({ i, f, g, o }, { c }, { pi, pf, po }) {
    const kept = sigmoid(f.plus(pf.times(c))).times(c);
    const next = kept.plus(sigmoid(i.plus(pi.times(c))).times(tanh(g)));
    return { h: sigmoid(o.plus(po.times(next))).times(tanh(next)), c: next };
  },
});
