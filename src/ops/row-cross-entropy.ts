// Puts the cross-entropy of some rows of a batch on a plan, within a cluster of its outputs.

import rowCrossEntropyShader from "../../shaders/row-cross-entropy.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, rowsAndWidth, storedVec4, workgroupRows } from "./operands";

interface RowCrossEntropy {
  label: string;
  /** [R, N]: o, and then dL/do. */
  logits: PlannedTensor;
  /** i32 [R]: which rows of the batch they are, each once; −1 of none. */
  rows: PlannedTensor;
  /** i32 [R]: the class, less than N. */
  targets: PlannedTensor;
  /** f32 [1]: 1 / how many rows of the batch count. */
  lossScale: PlannedTensor;
  /** f32, of the batch: added to. */
  rowLoss: PlannedTensor;
  /** f32, of the batch: what each row counts; 1 unless given. */
  weights?: PlannedTensor | undefined;
}

/** L = −ln softmax(o)[y] · lossScale is added to the row's, and dL/do takes the place of o. @throws where shapes do not fit. */
export function rowCrossEntropy(plan: Plan, { label, weights, ...tensors }: RowCrossEntropy): void {
  const { logits, rows, targets } = tensors;
  const [count, columns] = rowsAndWidth(logits);
  expectShape("rowCrossEntropy", rows, "[R]", [count]);
  expectShape("rowCrossEntropy", targets, "[R]", [count]);
  const { workgroups, ...constants } = workgroupRows(plan.traits, count);
  plan.add({
    label,
    kernel: {
      shader: "row-cross-entropy",
      source: rowCrossEntropyShader,
      constants: { count, columns, width: storedVec4(logits), ...constants },
      flags: { weighted: weights !== undefined },
    },
    bindings: { ...tensors, ...(weights && { weights }) },
    workgroups,
    flops: 6 * count * columns,
  });
}
