// Mean squared error, in float64.

import type { Numbers } from "./matmul";

/**
 * L = Σ (o − y)² and dL/do = 2 (o − y), both times lossScale, over the rows that count.
 * @param logits [rows, outputs]
 * @param targets [rows, outputs]
 */
export function meanSquaredError(
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
    const difference = logits[i]! - targets[i]!;
    rowLoss[row]! += difference * difference * lossScale;
    dLogits[i] = 2 * difference * lossScale;
  }
  return { dLogits, rowLoss };
}
