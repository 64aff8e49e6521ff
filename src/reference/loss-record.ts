// The loss of a batch: the sum of its rows' scaled losses.

import type { Numbers } from "./matmul";

/** Σ rowLoss, a number. */
export function lossRecord(rowLoss: Numbers): number {
  let sum = 0;
  for (let row = 0; row < rowLoss.length; row++) sum += rowLoss[row]!;
  return sum;
}
