// The minGRU (Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024, "Were RNNs All We Needed?", section 3.1).

import { sigmoid } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/** h = (1 − z) ⊙ h₋₁ + z ⊙ h̃, z = σ(x·W_z + b_z), h̃ = x·W_h + b_h: gates z h̃, none of which meets the past. */
export const minGru: DefinedCell = /* @__PURE__ */ defineCell({
  name: "mingru",
  gates: ["z", "candidate"],
  states: ["h"],
  recurrent: "none",
  step({ z, candidate }, { h }) {
    const update = sigmoid(z);
    return { h: update.negated().plus(1).times(h).plus(update.times(candidate)) };
  },
});
