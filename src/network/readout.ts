// The readout and the loss on a plan, forward and backward.

import type { Plan } from "../gpu/plan";
import { type PlannedTensor, padded } from "../gpu/tensor";
import type { Loss } from "../losses/loss";
import { matmul, type View } from "../ops/matmul";
import type { Slabs } from "../ops/operands";
import type * as rowSumOps from "../ops/row-sum";
import type * as classLossOps from "../ops/softmax-cross-entropy";
import type * as valueLossOps from "../ops/value-loss";
import type { Architecture } from "../parts/architecture";
import type * as adaptiveReadouts from "./adaptive-readout";
import type * as bareReadouts from "./bare-readout";
import { endOf, type Layer, stepsOf } from "./layer";

/** What reads the last of a network's layers. */
export interface ReadoutStage {
  /** o [T, B, K] or [B, K] */
  readonly logits: PlannedTensor;
  /** dL/dh of what is read, [T, B, D·H] or [B, D·H]: made, or do itself where o is h. */
  dOutput(dLogits: PlannedTensor): PlannedTensor;
  /** Adds o. */
  forward(): void;
  /** Adds, of the gradients of what it has and what it reads, what is wanted. */
  backward(gradients: ReadoutGradients): void;
}

/** Each loaded where a loss is of classes, or of one value at a time. */
export interface LossOps {
  readonly classLoss?: typeof classLossOps | undefined;
  readonly valueLoss?: typeof valueLossOps | undefined;
}

/** What the loss reads and writes. */
export interface LossTensors {
  targets: PlannedTensor;
  weights: PlannedTensor | undefined;
  lengths: PlannedTensor;
  lossScale: PlannedTensor;
  /** [rows] */
  rowLoss: PlannedTensor;
  /** Like logits, where wanted. */
  probabilities?: PlannedTensor | undefined;
  dLogits?: PlannedTensor | undefined;
}

/** Adds a loss: that of each row and, where wanted, do. */
export type AddLoss = (plan: Plan, logits: PlannedTensor, tensors: LossTensors) => void;

export interface ReadoutGradients {
  dLogits: PlannedTensor;
  /** Where a layer below learns. */
  dOutput: PlannedTensor | undefined;
  /** Where gradients go; undefined for what does not learn. */
  slabs: (name: string) => Slabs | undefined;
  rowSums: typeof rowSumOps | undefined;
}

/** The part of V that view number `part` of several meets. */
const rowPart = (read: View[], part: number) => (read.length > 1 ? { rowPart: part } : {});

interface ReadWays extends LossOps {
  readonly bareReadout?: typeof bareReadouts | undefined;
  readonly adaptive?: typeof adaptiveReadouts | undefined;
}

/**
 * What reads the last of a network's layers: o = h·V + b_o, unless o is h itself.
 * @param tails where the way back of an adaptive readout is wanted: o is then that of its head.
 */
export function readoutStage(
  plan: Plan,
  { readout }: Architecture,
  parameters: Readonly<Record<string, PlannedTensor | undefined>>,
  layer: Layer,
  { bareReadout, adaptive }: ReadWays,
  tails?: adaptiveReadouts.TailTensors,
): ReadoutStage {
  if (readout.bare) return bareReadout!.bareStage(plan, readout, layer);
  const { embeddingWeight, outputWeight, outputBias: bias } = parameters;
  const { hidden, directions } = layer;
  const [steps = 0, batch = 0] = directions[0]!.gate.shape;
  const { kind, outputs, tied } = readout;
  const everyStep = kind === "every-step";
  const rows = everyStep ? [steps, batch] : [batch];
  // All of h_1 … h_T at once, or where each direction's sweep ends: with more than one view, each meets its own rows of V.
  const read = everyStep
    ? [stepsOf(hidden, steps, batch)]
    : directions.map((_, part) => endOf(hidden, steps, batch, part));
  const dOutput: ReadoutStage["dOutput"] = ({ type }) =>
    plan.tensor("dOutput", [...rows, hidden.shape.at(-1)!], { parts: directions.length, type });
  if (readout.clusters) {
    const what = { view: read[0]!, rows };
    return {
      ...{ dOutput, backward() {} },
      ...(tails
        ? adaptive!.learningStage(plan, readout, parameters, what, tails)
        : adaptive!.wholeStage(plan, readout, parameters, what)),
    };
  }
  const logits = plan.tensor("logits", [...rows, outputs]);
  const weight = (tied ? embeddingWeight : outputWeight)!; // V [D·H, K], or the embedding [K, H], which is Vᵀ
  return {
    logits,
    dOutput,
    forward() {
      for (const [part, a] of read.entries()) {
        const b = { tensor: weight, ...rowPart(read, part) };
        const more = part > 0 ? { accumulate: true } : bias && { bias };
        const label = `o = h·V${bias ? " + b_o" : ""}`;
        const transpose = tied && { transpose: "b" as const };
        matmul(plan, { label, a, b, out: { tensor: logits }, ...transpose, ...more });
      }
    },
    backward({ dLogits, dOutput, slabs, rowSums }) {
      const o = { tensor: dLogits };
      const v = { b: { tensor: weight }, ...(!tied && { transpose: "b" as const }) };
      if (dOutput) matmul(plan, { label: "dh = do·Vᵀ", a: o, ...v, out: { tensor: dOutput } });
      const [dWeight, dBias] = [slabs(tied ? "embeddingWeight" : "outputWeight"), slabs("outputBias")];
      if (tied && dWeight) {
        matmul(plan, { label: "dVᵀ = Σ do_tᵀ·h_t", transpose: "a", a: o, b: read[0]!, out: dWeight });
      }
      if (tied || !dWeight) {
        if (dBias) rowSums!.rowSum(plan, { label: "db_o = Σ do_t", x: o, sum: dBias });
        return;
      }
      for (const [part, a] of read.entries()) {
        const out = { ...dWeight, ...rowPart(read, part) };
        const bSum = part === 0 ? dBias : undefined;
        matmul(plan, { label: `dV = Σ h_tᵀ·do_t${bSum ? ", db_o = Σ do_t" : ""}`, transpose: "a", a, b: o, out, bSum });
      }
    },
  };
}

/** What adds a loss to a plan, with what it needs there. */
export function lossOn(
  plan: Plan,
  loss: Loss,
  outputs: number,
  { classLoss, valueLoss }: LossOps,
): AddLoss | undefined {
  if (loss.targets === "none") return undefined;
  if (loss.targets === "values") {
    return (plan, logits, { probabilities: _, ...tensors }) => valueLoss!.valueLoss(plan, loss, { logits, ...tensors });
  }
  const { labelSmoothing, classWeights } = loss;
  if (labelSmoothing === 0 && !classWeights) {
    return (plan, logits, tensors) => classLoss!.softmaxCrossEntropy(plan, { logits, ...tensors });
  }
  const weights = plan.tensor("classWeights", [outputs]);
  plan.fill(weights, () => padded(weights, classWeights ?? new Float32Array(outputs).fill(1)));
  const classWeighting = { classWeights: weights, labelSmoothing };
  return (plan, logits, tensors) => classLoss!.softmaxCrossEntropy(plan, { logits, ...tensors, classWeighting });
}
