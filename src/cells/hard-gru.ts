// The GRU that resets before the product, whose gates are lines that end at 0 and 1, as TensorFlow.js has it.

import { tanh } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";
import { hardSigmoid } from "./hard-lstm";

/**
 * The GRU that resets before the product, with gates of clip(0.2·a + 0.5, 0, 1), for the option `cell`. `readCheckpoint` is given it
 * among its `cells`.
 *
 * Source: GRU of TensorFlow.js' layers, with recurrentActivation "hardSigmoid".
 */
export const hardGru: DefinedCell = /* @__PURE__ */ defineCell({
  name: "hard-gru",
  gates: ["r", "z", "n"],
  states: ["h"],
  projects: { n: ({ r }, { h }) => hardSigmoid(r).times(h) },
  step({ z, n }, { h }) {
    const update = hardSigmoid(z);
    return { h: update.negated().plus(1).times(tanh(n)).plus(update.times(h)) };
  },
});
