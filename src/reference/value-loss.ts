// A loss of one value at a time, in float64.

import type { ValueLoss } from "../losses/define-loss";
import type { Numbers } from "./matmul";

/**
 * L = Σ l(o, y) and dL/do = l'(o, y), both times lossScale, over the rows that count.
 * @param logits [rows, outputs]
 * @param targets [rows, outputs]
 */
export function valueLoss(
  loss: Pick<ValueLoss, "reference">,
  logits: Numbers,
  targets: Numbers,
  outputs: number,
  lossScale: number,
  counts: (row: number) => boolean,
) {
  const dLogits = new Float64Array(logits.length);
  const rowLoss = new Float64Array(logits.length / outputs);
  for (let i = 0; i < logits.length; i++) {
    const row = Math.floor(i / outputs);
    if (!counts(row)) continue;
    const { value, derivative } = loss.reference(logits[i]!, targets[i]!);
    rowLoss[row]! += value * lossScale;
    dLogits[i] = derivative * lossScale;
  }
  return { dLogits, rowLoss };
}
