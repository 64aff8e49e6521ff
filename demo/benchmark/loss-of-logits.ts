// The mean loss that logits have, so that what a predictor answers can be held against the reference.

import type { Problem } from "./problem";

/** −ln softmax(o)[y], the mean of all targets; of logits [steps, batch, symbols] that are too few or too many, NaN. */
export function lossOfLogits(logits: Float32Array, { shape: { symbols }, targets }: Problem): number {
  if (logits.length !== targets.length * symbols) return Number.NaN;
  let sum = 0;
  for (const [row, target] of targets.entries()) {
    const own = logits.subarray(row * symbols, (row + 1) * symbols);
    let total = 0;
    for (const logit of own) total += Math.exp(logit);
    sum += Math.log(total) - own[target]!;
  }
  return sum / targets.length;
}
