// Softmax with cross-entropy, in float64.

import type { Numbers } from "./matmul";

export interface CrossEntropyOptions {
  /** ε: the share of each target that is spread over all classes. Default 0. */
  labelSmoothing?: number;
  /** w [outputs]. Default 1 for each class. */
  classWeights?: Numbers | undefined;
}

/**
 * p = softmax(o), L = −Σ_k q_k ln p_k and dL/do = p·Σ_k q_k − q, the last two times lossScale and what the row counts, where
 * q_k = w_k·((1 − ε)·[k = y] + ε/K); rows with target −1 do not count.
 * Source: the formula of torch.nn.CrossEntropyLoss in PyTorch's documentation.
 * @param logits [rows, outputs]
 * @param targets [rows]
 * @param weights [rows]: what each counts
 */
export function softmaxCrossEntropy(
  logits: Numbers,
  targets: Numbers,
  outputs: number,
  lossScale: number,
  weights: Numbers,
  { labelSmoothing = 0, classWeights }: CrossEntropyOptions = {},
) {
  const probabilities = new Float64Array(logits.length);
  const dLogits = new Float64Array(logits.length);
  const rowLoss = new Float64Array(targets.length);
  for (let row = 0; row < targets.length; row++) {
    const start = row * outputs;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += Math.exp(logits[start + k]! - largest);
    for (let k = 0; k < outputs; k++) probabilities[start + k] = Math.exp(logits[start + k]! - largest) / sum;
    const target = targets[row]!;
    const scale = lossScale * weights[row]!;
    if (target < 0 || scale === 0) continue;
    const q = Array.from({ length: outputs }, (_, k) => {
      const share = (k === target ? 1 - labelSmoothing : 0) + labelSmoothing / outputs;
      return share * (classWeights?.[k] ?? 1);
    });
    const total = q.reduce((all, share) => all + share, 0);
    for (let k = 0; k < outputs; k++) {
      dLogits[start + k] = (probabilities[start + k]! * total - q[k]!) * scale;
      rowLoss[row]! += q[k]! * (Math.log(sum) + largest - logits[start + k]!) * scale;
    }
  }
  return { probabilities, dLogits, rowLoss };
}
