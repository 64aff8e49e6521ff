// A loss of one value at a time, in float64.

import type { ValueLoss } from "../losses/loss";
import type { Numbers } from "./matmul";

/**
 * L = Σ l(o, y) and dL/do = l'(o, y), both times lossScale and what the row counts.
 * @param logits [rows, outputs]
 * @param targets [rows, outputs]
 * @param weights [rows]
 */
export function valueLoss(
  loss: Pick<ValueLoss, "reference">,
  logits: Numbers,
  targets: Numbers,
  outputs: number,
  lossScale: number,
  weights: Numbers,
) {
  const dLogits = new Float64Array(logits.length);
  const rowLoss = new Float64Array(logits.length / outputs);
  for (let i = 0; i < logits.length; i++) {
    const row = Math.floor(i / outputs);
    const scale = lossScale * weights[row]!;
    if (scale === 0) continue;
    const { value, derivative } = loss.reference(logits[i]!, targets[i]!, i % outputs);
    rowLoss[row]! += value * scale;
    dLogits[i] = derivative * scale;
  }
  return { dLogits, rowLoss };
}
