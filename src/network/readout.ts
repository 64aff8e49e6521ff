// The output layer and the loss on a plan, forward and backward.

import type { Plan } from "../gpu/plan";
import { type PlannedTensor, padded } from "../gpu/tensor";
import { matmul, type View } from "../ops/matmul";
import { meanSquaredError } from "../ops/mean-squared-error";
import type { Slabs } from "../ops/operands";
import { rowSum } from "../ops/row-sum";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy";
import type { valueLoss } from "../ops/value-loss";
import type { NetworkConfig } from "./config";
import { type Layer, stepsOf } from "./layer";

/** What the output layer reads, and o. */
export interface OutputLayer {
  /**
   * What of h is read: all of h_1 … h_T at once, or where each direction's sweep ends. A view a product; with more than
   * one, each meets its own part of V's rows.
   */
  read: View[];
  /** V [D·H, K], b_o [K] */
  outputWeight: PlannedTensor;
  outputBias: PlannedTensor;
  /** o [T, B, K] or [B, K] */
  logits: PlannedTensor;
}

export interface Readout extends OutputLayer {
  targets: PlannedTensor;
  lengths: PlannedTensor;
  lossScale: PlannedTensor;
  /** Where the loss is of one value at a time. */
  valueLoss?: typeof valueLoss | undefined;
  weighting?: { classWeights: PlannedTensor; labelSmoothing: number } | undefined;
  /** [rows] */
  rowLoss: PlannedTensor;
  /** Like logits, where wanted. */
  probabilities?: PlannedTensor | undefined;
  dLogits?: PlannedTensor | undefined;
}

export interface ReadoutGradients {
  dLogits: PlannedTensor;
  /** dL/dh of what is read, [T, B, D·H] or [B, D·H], where a layer below learns. */
  dOutput: PlannedTensor | undefined;
  /** Undefined for what does not learn. */
  outputWeight: Slabs | undefined;
  outputBias: Slabs | undefined;
}

/** The part of V that view number `part` of several meets. */
const rowPart = (read: View[], part: number) => (read.length > 1 ? { rowPart: part } : {});

/** The output layer over the last of a network's layers. */
export function outputLayer(
  plan: Plan,
  { readout, outputs }: NetworkConfig,
  { outputWeight, outputBias }: Readonly<Record<string, PlannedTensor>>,
  { hidden, directions }: Layer,
): OutputLayer {
  const [steps = 0, batch = 0] = directions[0]!.gate.shape;
  const everyStep = readout === "every-step";
  const endOf = (part: number): View => ({
    tensor: hidden,
    rows: [(part === 1 ? 1 : steps) * batch, batch],
    parts: [part, 1],
  });
  return {
    read: everyStep ? [stepsOf(hidden, steps, batch)] : directions.map((_, part) => endOf(part)),
    outputWeight: outputWeight!,
    outputBias: outputBias!,
    logits: plan.tensor("logits", everyStep ? [steps, batch, outputs] : [batch, outputs]),
  };
}

/** o = h·V + b_o */
export function outputForward(plan: Plan, { read, outputWeight, outputBias, logits }: OutputLayer): void {
  for (const [part, a] of read.entries()) {
    const b = { tensor: outputWeight, ...rowPart(read, part) };
    const more = part === 0 ? { bias: outputBias } : { accumulate: true };
    matmul(plan, { label: "o = h·V + b_o", a, b, out: { tensor: logits }, ...more });
  }
}

/** o = h·V + b_o, then the loss of each row, and do where wanted. */
export function readoutForward(plan: Plan, loss: NetworkConfig["loss"], readout: Readout): void {
  const { logits, targets, lengths, lossScale, weighting, rowLoss, probabilities, dLogits } = readout;
  outputForward(plan, readout);
  const tensors = { logits, targets, lengths, lossScale, rowLoss, dLogits };
  if (loss === "cross-entropy") softmaxCrossEntropy(plan, { ...tensors, weighting, probabilities });
  else if (loss === "mean-squared-error") meanSquaredError(plan, tensors);
  else readout.valueLoss!(plan, loss, tensors);
}

/** dV = Σ h_tᵀ·do_t, db_o = Σ do_t, dh = do·Vᵀ: of these, what is wanted. */
export function readoutBackward(plan: Plan, { read, outputWeight }: Readout, gradients: ReadoutGradients): void {
  const { dLogits, dOutput, outputWeight: dWeight, outputBias: dBias } = gradients;
  const b = { tensor: dLogits };
  if (dOutput) {
    matmul(plan, { label: "dh = do·Vᵀ", transpose: "b", a: b, b: { tensor: outputWeight }, out: { tensor: dOutput } });
  }
  if (!dWeight) {
    if (dBias) rowSum(plan, { label: "db_o = Σ do_t", x: b, sum: dBias });
    return;
  }
  for (const [part, a] of read.entries()) {
    const out = { ...dWeight, ...rowPart(read, part) };
    const bSum = part === 0 ? dBias : undefined;
    matmul(plan, { label: `dV = Σ h_tᵀ·do_t${bSum ? ", db_o = Σ do_t" : ""}`, transpose: "a", a, b, out, bSum });
  }
}

/** Label smoothing and class weights, where a network has them. */
export function weighting(plan: Plan, { outputs, labelSmoothing, classWeights }: NetworkConfig): Readout["weighting"] {
  if (labelSmoothing === 0 && !classWeights) return undefined;
  const weights = plan.tensor("classWeights", [outputs]);
  plan.fill(weights, () => padded(weights, classWeights ?? new Float32Array(outputs).fill(1)));
  return { classWeights: weights, labelSmoothing };
}
