// The loss of a network's outputs: the mean over what counts, and its gradient.

import type { Loss as LossPart, ValueLoss } from "../losses/loss";
import { lossRecord } from "./loss-record";
import type { Numbers } from "./matmul";
import { softmaxCrossEntropy } from "./softmax-cross-entropy";
import { valueLoss } from "./value-loss";

export interface Loss {
  /** The mean over what counts: weighted by rows and by the targets' class weights, where there are any. */
  loss: number;
  /** dL/do, like logits */
  dLogits: Float64Array;
  /** ŷ, like logits; empty for losses of values */
  probabilities: Float64Array;
}

/**
 * Source: the formulas of torch.nn.CrossEntropyLoss and torch.nn.MSELoss in PyTorch's documentation.
 * @param logits o [rows, outputs]
 * @param targets [rows] class numbers, −1 does not count; or [rows, outputs] values
 * @param weightOf what a row counts; 0 past the end of its sequence
 */
export function lossOf(
  loss: LossPart | Pick<ValueLoss, "targets" | "reference">,
  outputs: number,
  logits: Numbers,
  targets: Numbers,
  weightOf: (row: number) => number,
): Loss {
  const weights = Float64Array.from({ length: logits.length / outputs }, (_, row) => weightOf(row));
  if (loss.targets === "values") {
    const counted = outputs * weights.reduce((sum, weight) => sum + weight, 0);
    const { dLogits, rowLoss } = valueLoss(loss, logits, targets, outputs, counted > 0 ? 1 / counted : 0, weights);
    return { loss: lossRecord(rowLoss), dLogits, probabilities: new Float64Array() };
  }
  if (loss.targets === "none") {
    return { loss: Number.NaN, dLogits: new Float64Array(logits.length), probabilities: new Float64Array() };
  }
  const ofClass = (target: number) => (target < 0 ? 0 : (loss.classWeights?.[target] ?? 1));
  const counted = weights.reduce((sum, weight, row) => sum + weight * ofClass(targets[row]!), 0);
  const lossScale = counted > 0 ? 1 / counted : 0;
  const { probabilities, dLogits, rowLoss } = softmaxCrossEntropy(logits, targets, outputs, lossScale, weights, loss);
  return { loss: lossRecord(rowLoss), dLogits, probabilities };
}
