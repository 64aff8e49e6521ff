// Puts softmax with cross-entropy on a plan: the loss of each row, and what is wanted of probabilities and gradient.

import softmaxCrossEntropyShader from "../../shaders/softmax-cross-entropy.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

interface SoftmaxCrossEntropy {
  /** [T, B, K], or [B, K] */
  logits: PlannedTensor;
  /** i32, the logits' shape without K: the class, less than K, or −1 where the row does not count. */
  targets: PlannedTensor;
  /** i32 [B]. With [T, B, K], steps past the length do not count; with [B, K], rows of length 0 do not. */
  lengths: PlannedTensor;
  /** f32 [1]: 1 / how many rows count, or with class weights 1 / Σ w[y]. */
  lossScale: PlannedTensor;
  /** f32 [rows], out */
  rowLoss: PlannedTensor;
  /** f32 [rows]: what each row counts; 1 unless given. */
  weights?: PlannedTensor | undefined;
  /** Where they are not all 1 and 0: w [K], and ε. */
  classWeighting?: { classWeights: PlannedTensor; labelSmoothing: number } | undefined;
  /** Like logits, out, where wanted. */
  probabilities?: PlannedTensor | undefined;
  dLogits?: PlannedTensor | undefined;
}

/** p = softmax(o), L = −ln p[y] · lossScale, dL/do = (p − onehot(y)) · lossScale. @throws where shapes do not fit. */
export function softmaxCrossEntropy(plan: Plan, tensors: SoftmaxCrossEntropy): void {
  const { logits, targets, lengths, lossScale, rowLoss, weights, classWeighting, probabilities, dLogits } = tensors;
  const [rows, outputs] = rowsAndWidth(logits);
  const batch = logits.shape.at(-2) ?? 1;
  expectShape("softmaxCrossEntropy", targets, "the logits' shape without K", logits.shape.slice(0, -1));
  expectShape("softmaxCrossEntropy", lengths, "[B]", [batch]);
  if (weights) expectShape("softmaxCrossEntropy", weights, "[rows]", [rows]);
  if (classWeighting) expectShape("softmaxCrossEntropy", classWeighting.classWeights, "[K]", [outputs]);
  for (const like of [probabilities, dLogits]) {
    if (like) expectShape("softmaxCrossEntropy", like, "the logits' shape", logits.shape);
  }
  const { workgroups, ...constants } = line(plan.traits, rows);
  plan.add({
    label: "softmax, cross-entropy, dLogits",
    kernel: {
      shader: "softmax-cross-entropy",
      source: softmaxCrossEntropyShader,
      constants: { rows, batch, outputs, width: inVec4(outputs), ...constants },
      flags: {
        everyStep: logits.shape.length === 3,
        weighted: weights !== undefined,
        classWeighted: classWeighting !== undefined,
        probabilities: probabilities !== undefined,
        gradient: dLogits !== undefined,
      },
    },
    bindings: {
      logits,
      targets,
      lengths,
      lossScale,
      rowLoss,
      ...(weights && { weights }),
      ...classWeighting,
      ...(probabilities && { probabilities }),
      ...(dLogits && { dLogits }),
    },
    workgroups,
    flops: 6 * rows * outputs,
  });
}
