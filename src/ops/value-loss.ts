// Puts a loss of one value at a time on a plan: the loss of each row and, where wanted, the gradient.

import valueLossShader from "../../shaders/value-loss.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

/** What a loss of one value at a time reads and writes. */
interface ValueLossTensors {
  /** [T, B, K], or [B, K] */
  logits: PlannedTensor;
  /** Like logits. */
  targets: PlannedTensor;
  /** f32 [rows]: what each row counts; 1 unless given. */
  weights?: PlannedTensor | undefined;
  /** i32 [B]. With [T, B, K], steps past the length do not count; with [B, K], rows of length 0 do not. */
  lengths: PlannedTensor;
  /** f32 [1]: 1 / how many values count. */
  lossScale: PlannedTensor;
  /** f32 [rows], out */
  rowLoss: PlannedTensor;
  /** Like logits, out, where wanted. */
  dLogits?: PlannedTensor | undefined;
}

/** The formula of one value. */
interface Formula {
  readonly name: string;
  /** WGSL that defines `lossAt`. */
  readonly source: string;
  /** What it reads by name. */
  readonly options: Readonly<Record<string, number>>;
}

/** L = Σ w · l(o, y) · lossScale, dL/do = w · l'(o, y) · lossScale. @throws where shapes do not fit. */
export function valueLoss(plan: Plan, { name, source, options }: Formula, tensors: ValueLossTensors): void {
  const { dLogits, weights, ...others } = tensors;
  const { logits, targets, lengths } = others;
  const [rows, outputs] = rowsAndWidth(logits);
  const { parts = 1 } = logits;
  const batch = logits.shape.at(-2) ?? 1;
  expectShape("valueLoss", targets, "the logits' shape", logits.shape);
  expectShape("valueLoss", lengths, "[B]", [batch]);
  if (weights) expectShape("valueLoss", weights, "[rows]", [rows]);
  if (dLogits) expectShape("valueLoss", dLogits, "the logits' shape", logits.shape);
  const { workgroups, ...threads } = line(plan.traits, rows);
  const everyStep = logits.shape.length === 3;
  plan.add({
    label: `${name}, dLogits`,
    kernel: {
      shader: "value-loss",
      source: `${source}\n${valueLossShader}`,
      constants: { rows, batch, outputs: outputs / parts, width: inVec4(outputs / parts), parts, ...threads },
      flags: { everyStep, gradient: dLogits !== undefined, weighted: weights !== undefined },
    },
    bindings: {
      ...others,
      ...(weights && { weights }),
      ...(dLogits && { dLogits }),
      ...(Object.keys(options).length > 0 && { options }),
    },
    workgroups,
    flops: 8 * rows * outputs,
  });
}
