// Puts a loss of one value at a time on a plan: the loss of each row and, where wanted, the gradient.

import valueLossShader from "../../shaders/value-loss.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { ValueLoss } from "../losses/define-loss";
import type { MeanSquaredError } from "./mean-squared-error";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

/** L = Σ l(o, y) · lossScale, dL/do = l'(o, y) · lossScale. @throws where shapes do not fit. */
export function valueLoss(plan: Plan, loss: ValueLoss, tensors: MeanSquaredError): void {
  const { logits, targets, lengths, lossScale, rowLoss, dLogits } = tensors;
  const [rows, outputs] = rowsAndWidth(logits);
  const batch = logits.shape.at(-2) ?? 1;
  expectShape("valueLoss", targets, "the logits' shape", logits.shape);
  expectShape("valueLoss", lengths, "[B]", [batch]);
  if (dLogits) expectShape("valueLoss", dLogits, "the logits' shape", logits.shape);
  const { workgroups, ...constants } = line(plan.traits, rows);
  plan.add({
    label: `${loss.name}, dLogits`,
    kernel: {
      shader: "value-loss",
      source: `${loss.source}\n${valueLossShader}`,
      constants: { rows, batch, outputs, width: inVec4(outputs), ...constants },
      flags: { everyStep: logits.shape.length === 3, gradient: dLogits !== undefined },
    },
    bindings: {
      ...{ logits, targets, lengths, lossScale, rowLoss },
      ...(dLogits && { dLogits }),
      ...(Object.keys(loss.options).length > 0 && { options: loss.options }),
    },
    workgroups,
    flops: 8 * rows * outputs,
  });
}
