// Puts a step of gradient descent on a plan.

import sgdShader from "../../shaders/sgd.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, inVec4, lineOfThreads, rowsAndWidth } from "./operands";

interface Sgd {
  /** f32 [1]: α */
  learningRate: Tensor;
  gradient: Tensor;
  /** Like gradient. */
  parameter: Tensor;
}

/** θ ← θ − α·dθ. @throws where shapes do not fit. */
export function sgd(plan: Plan, { learningRate, gradient, parameter }: Sgd): void {
  expectShape("sgd", gradient, "the parameter's shape", parameter.shape);
  const [rows, width] = rowsAndWidth(parameter);
  const size = rows * inVec4(width);
  const threads = lineOfThreads(plan.gpu);
  plan.add({
    label: "update",
    kernel: { shader: "sgd", source: sgdShader, constants: { size, threads }, flags: {} },
    bindings: { learningRate, gradient, parameter },
    workgroups: [Math.ceil(size / threads)],
    flops: 2 * rows * width,
  });
}
