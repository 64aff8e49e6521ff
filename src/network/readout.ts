// The output layer and the loss on a plan, forward and backward.

import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { biasGradient } from "../ops/bias";
import { allRows, matmul, matmulTransposeA, matmulTransposeB, type RowRange } from "../ops/matmul";
import { meanSquaredError } from "../ops/mean-squared-error";
import type { Slabs } from "../ops/operands";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy";
import type { NetworkConfig } from "./config";

export interface Readout {
  /** The rows of h that are read: all of h_1 … h_T, or h_T. */
  read: RowRange;
  /** V [H, K], b_o [K] */
  outputWeight: Tensor;
  outputBias: Tensor;
  /** o [T, B, K] or [B, K] */
  logits: Tensor;
  targets: Tensor;
  lengths: Tensor;
  lossScale: Tensor;
  /** [rows] */
  rowLoss: Tensor;
  /** Like logits, where wanted. */
  probabilities?: Tensor | undefined;
  dLogits?: Tensor | undefined;
}

export interface ReadoutGradients {
  dLogits: Tensor;
  /** dL/dh of the rows read: [T, B, H] or [B, H] */
  dOutput: Tensor;
  outputWeight: Slabs;
  outputBias: Slabs;
}

/** o = h·V + b_o, then the loss of each row, and do where wanted. */
export function readoutForward(plan: Plan, loss: NetworkConfig["loss"], readout: Readout): void {
  const { read, outputWeight, outputBias, logits, targets, lengths, lossScale, rowLoss, probabilities, dLogits } =
    readout;
  matmul(plan, { label: "o = h·V + b_o", a: read, b: outputWeight, out: logits, bias: outputBias });
  const tensors = { logits, targets, lengths, lossScale, rowLoss, dLogits };
  if (loss === "cross-entropy") softmaxCrossEntropy(plan, { ...tensors, probabilities });
  else meanSquaredError(plan, tensors);
}

/** dV = Σ h_tᵀ·do_t, db_o = Σ do_t, dh = do·Vᵀ. */
export function readoutBackward(plan: Plan, { read, outputWeight }: Readout, gradients: ReadoutGradients): void {
  const { dLogits, dOutput } = gradients;
  matmulTransposeB(plan, { label: "dh = do·Vᵀ", a: allRows(dLogits), b: outputWeight, out: dOutput });
  matmulTransposeA(plan, { label: "dV = Σ h_tᵀ·do_t", a: read, b: dLogits, out: gradients.outputWeight });
  biasGradient(plan, { label: "db_o = Σ do_t", dOut: dLogits, dBias: gradients.outputBias });
}
