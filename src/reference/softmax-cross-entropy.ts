// Softmax with cross-entropy, in float64.

import type { Numbers } from "./matmul";

/**
 * p = softmax(o), L = −ln p[y] and dL/do = p − onehot(y), both times lossScale; rows with target −1 do not count.
 * @param logits [rows, outputs]
 * @param targets [rows]
 */
export function softmaxCrossEntropy(logits: Numbers, targets: Numbers, outputs: number, lossScale: number) {
  const probabilities = new Float64Array(logits.length);
  const dLogits = new Float64Array(logits.length);
  const rowLoss = new Float64Array(targets.length);
  for (let row = 0; row < targets.length; row++) {
    const start = row * outputs;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += Math.exp(logits[start + k]! - largest);
    const target = targets[row]!;
    const scale = target < 0 ? 0 : lossScale;
    for (let k = 0; k < outputs; k++) {
      const p = Math.exp(logits[start + k]! - largest) / sum;
      probabilities[start + k] = p;
      dLogits[start + k] = (p - (k === target ? 1 : 0)) * scale;
    }
    if (target >= 0) rowLoss[row] = (Math.log(sum) + largest - logits[start + target]!) * lossScale;
  }
  return { probabilities, dLogits, rowLoss };
}
