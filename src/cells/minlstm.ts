// The minLSTM (Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024, "Were RNNs All We Needed?", section 3.2), length independent.

import { logSigmoid, sigmoid } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/**
 * h = f′ ⊙ h₋₁ + i′ ⊙ h̃, f′ = f / (f + i), i′ = i / (f + i), f = σ(x·W_f + b_f), i = σ(x·W_i + b_i), h̃ = x·W_h + b_h: gates
 * f i h̃, none of which meets the past.
 */
export const minLstm: DefinedCell = /* @__PURE__ */ defineCell({
  name: "minlstm",
  gates: ["f", "i", "candidate"],
  states: ["h"],
  recurrent: "none",
  step({ f, i, candidate }, { h }) {
    const forget = sigmoid(logSigmoid(f).minus(logSigmoid(i))); // f / (f + i), also where both vanish
    return { h: forget.times(h).plus(forget.negated().plus(1).times(candidate)) };
  },
});
