// Puts a loss of one value at a time on a plan: the loss of each row and, where wanted, the gradient.

import valueLossShader from "../../shaders/value-loss.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { ValueLoss } from "../losses/define-loss";
import { laidOut, type ValueLossTensors } from "./mean-squared-error";

/** L = Σ l(o, y) · lossScale, dL/do = l'(o, y) · lossScale. @throws where shapes do not fit. */
export function valueLoss(plan: Plan, loss: ValueLoss, tensors: ValueLossTensors): void {
  const { rows, outputs, constants, flags, bindings, workgroups } = laidOut("valueLoss", plan, tensors);
  const options = Object.keys(loss.options).length > 0 && { options: loss.options };
  plan.add({
    label: `${loss.name}, dLogits`,
    kernel: {
      shader: "value-loss",
      source: `${loss.source}\n${valueLossShader}`,
      constants: { ...constants, outputs },
      flags,
    },
    bindings: { ...bindings, ...options },
    workgroups,
    flops: 8 * rows * outputs,
  });
}
