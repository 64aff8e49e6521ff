// The cross-entropy of some rows of a batch, within a cluster of its outputs.

import type { Numbers } from "./matmul";
import { softmaxCrossEntropy } from "./softmax-cross-entropy";

/**
 * @param logits [R, width]
 * @param rows [R]: which rows of the batch they are; −1 of none
 * @param targets [R]
 * @param rowLoss of the batch: added to, in place
 * @param weights of the batch
 * @returns dL/do, like logits
 */
export function rowCrossEntropy(
  logits: Numbers,
  rows: Numbers,
  targets: Numbers,
  lossScale: number,
  rowLoss: Float64Array,
  weights: Numbers,
): Float64Array {
  const own = Float64Array.from(rows, (row) => (row < 0 ? 0 : weights[row]!));
  const result = softmaxCrossEntropy(logits, targets, logits.length / rows.length, lossScale, own);
  for (let r = 0; r < rows.length; r++) if (rows[r]! >= 0) rowLoss[rows[r]!]! += result.rowLoss[r]!;
  return result.dLogits;
}
