// The binary cross-entropy of logits: several labels a row, each there or not.

import { softplus } from "../expressions/functions";
import { defineLoss } from "./define-loss";
import type { LabelLoss } from "./loss";

const ofLogits = defineLoss({
  name: "binary-cross-entropy",
  targets: [0, 1],
  value: ({ o, y }) => softplus(o).minus(o.times(y)),
});

/**
 * −y·ln σ(o) − (1 − y)·ln(1 − σ(o)) = ln(1 + e^o) − o·y, for targets from 0 to 1, as torch.nn.BCEWithLogitsLoss has it.
 * It does not overflow.
 */
export const binaryCrossEntropy = (...options: Parameters<typeof ofLogits>): LabelLoss => ({
  ...ofLogits(...options),
  labels: true,
});
