// Probabilities of classes on a plan, of a network without its loss.

import type { Plan } from "../gpu/plan";
import { elements, type PlannedTensor } from "../gpu/tensor";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy";

/** ŷ = softmax(o), like logits: the loss's kernel, of a loss that counts nothing. */
export function softmax(plan: Plan, logits: PlannedTensor, lengths: PlannedTensor): PlannedTensor {
  const rows = logits.shape.slice(0, -1);
  const probabilities = plan.tensor("probabilities", logits.shape);
  const { lossScale } = plan.group("lossScale", { lossScale: { shape: [1] } }, "uniform").tensors;
  const targets = plan.tensor("targets", rows, { type: "i32" });
  const rowLoss = plan.tensor("rowLoss", [elements(rows)]);
  softmaxCrossEntropy(plan, { logits, targets, lengths, lossScale, rowLoss, probabilities });
  return probabilities;
}
