// What is carried on of states.

import type { Numbers } from "./matmul";

/** What a step ended with; where it was not finite, what there was before. */
export const stateCarry = (ended: Numbers, carried: Numbers, notFinite: boolean): Float64Array =>
  Float64Array.from(notFinite ? carried : ended);
