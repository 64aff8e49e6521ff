// The loss of a network's outputs: the mean over what counts, and its gradient.

import type { ValueLoss } from "../losses/define-loss";
import { lossRecord } from "./loss-record";
import type { Numbers } from "./matmul";
import { meanSquaredError } from "./mean-squared-error";
import { type CrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy";
import { valueLoss } from "./value-loss";

export interface LossOptions extends CrossEntropyOptions {
  outputs: number;
  loss: "cross-entropy" | "mean-squared-error" | Pick<ValueLoss, "reference">;
}

export interface Loss {
  /** The mean over what counts: weighted by the targets' class weights, where there are any. */
  loss: number;
  /** dL/do, like logits */
  dLogits: Float64Array;
  /** ŷ, like logits; empty for other losses than the cross-entropy */
  probabilities: Float64Array;
}

/**
 * Source: the formulas of torch.nn.CrossEntropyLoss and torch.nn.MSELoss in PyTorch's documentation.
 * @param logits o [rows, outputs]
 * @param targets [rows] class numbers, −1 does not count; or [rows, outputs] values
 * @param live whether a row is within its sequence
 */
export function lossOf(options: LossOptions, logits: Numbers, targets: Numbers, live: (row: number) => boolean): Loss {
  const { outputs, classWeights } = options;
  const rows = logits.length / outputs;
  let counted = 0;
  const { loss } = options;
  if (loss !== "cross-entropy") {
    for (let row = 0; row < rows; row++) if (live(row)) counted += outputs;
    const of = loss === "mean-squared-error" ? meanSquaredError : valueLoss.bind(null, loss);
    const { dLogits, rowLoss } = of(logits, targets, outputs, 1 / counted, live);
    return { loss: lossRecord(rowLoss), dLogits, probabilities: new Float64Array() };
  }
  const classes = Int32Array.from({ length: rows }, (_, row) => (live(row) ? targets[row]! : -1));
  for (const target of classes) if (target >= 0) counted += classWeights?.[target] ?? 1;
  const lossScale = counted > 0 ? 1 / counted : 0;
  const { probabilities, dLogits, rowLoss } = softmaxCrossEntropy(logits, classes, outputs, lossScale, options);
  return { loss: lossRecord(rowLoss), dLogits, probabilities };
}
