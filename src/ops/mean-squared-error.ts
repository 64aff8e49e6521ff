// Puts the mean squared error on a plan: the loss of each row and, where wanted, the gradient.

import meanSquaredErrorShader from "../../shaders/mean-squared-error.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

/** What a loss of one value at a time reads and writes. */
export interface ValueLossTensors {
  /** [T, B, K], or [B, K] */
  logits: PlannedTensor;
  /** Like logits. */
  targets: PlannedTensor;
  /** i32 [B]. With [T, B, K], steps past the length do not count; with [B, K], rows of length 0 do not. */
  lengths: PlannedTensor;
  /** f32 [1]: 1 / how many values count. */
  lossScale: PlannedTensor;
  /** f32 [rows], out */
  rowLoss: PlannedTensor;
  /** Like logits, out, where wanted. */
  dLogits?: PlannedTensor | undefined;
}

/** L = Σ (o − y)² · lossScale, dL/do = 2 (o − y) · lossScale. @throws where shapes do not fit. */
export function meanSquaredError(plan: Plan, tensors: ValueLossTensors): void {
  const { rows, outputs, constants, flags, bindings, workgroups } = laidOut("meanSquaredError", plan, tensors);
  plan.add({
    label: "mean squared error, dLogits",
    kernel: { shader: "mean-squared-error", source: meanSquaredErrorShader, constants, flags },
    bindings,
    workgroups,
    flops: 5 * rows * outputs,
  });
}

/** A thread a row, for any such loss. @throws where shapes do not fit. */
export function laidOut(operation: string, plan: Plan, { dLogits, ...tensors }: ValueLossTensors) {
  const { logits, targets, lengths } = tensors;
  const [rows, outputs] = rowsAndWidth(logits);
  const batch = logits.shape.at(-2) ?? 1;
  expectShape(operation, targets, "the logits' shape", logits.shape);
  expectShape(operation, lengths, "[B]", [batch]);
  if (dLogits) expectShape(operation, dLogits, "the logits' shape", logits.shape);
  const { workgroups, ...threads } = line(plan.traits, rows);
  return {
    ...{ rows, outputs, workgroups },
    constants: { rows, batch, width: inVec4(outputs), ...threads },
    flags: { everyStep: logits.shape.length === 3, gradient: dLogits !== undefined },
    bindings: { ...tensors, ...(dLogits && { dLogits }) },
  };
}
