// The LSTM whose gates are lines that end at 0 and 1, as TensorFlow.js has them unless told otherwise.

import type { Expression } from "../expressions/expression";
import { max, min, tanh } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/** clip(0.2·a + 0.5, 0, 1): hardSigmoid of TensorFlow.js, and of Keras before version 3. */
export const hardSigmoid = (a: Expression): Expression => min(1, max(0, a.times(0.2).plus(0.5)));

/**
 * The LSTM with gates of clip(0.2·a + 0.5, 0, 1), for the option `cell`. `readCheckpoint` is given it among its `cells`.
 *
 * Source: LSTM of TensorFlow.js' layers, with recurrentActivation "hardSigmoid".
 */
export const hardLstm: DefinedCell = /* @__PURE__ */ defineCell({
  name: "hard-lstm",
  gates: ["i", "f", "g", "o"],
  states: ["h", "c"],
  step({ i, f, g, o }, { c }) {
    const next = hardSigmoid(f)
      .times(c)
      .plus(hardSigmoid(i).times(tanh(g)));
    return { h: hardSigmoid(o).times(tanh(next)), c: next };
  },
});
