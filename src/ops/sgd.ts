// Puts a step of gradient descent on a plan, with momentum where its velocity is given.

import sgdShader from "../../shaders/sgd.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { addUpdate, type SparseUpdate, type UpdateTensors } from "./operands";

interface Sgd extends UpdateTensors, SparseUpdate {
  /** f32 [8]: α, λ, μ */
  update: PlannedTensor;
  /** v, like gradient */
  velocity?: PlannedTensor | undefined;
  nesterov?: boolean;
}

/** g ← dθ + λθ; v ← μv + g; θ ← θ − α·v, or with Nesterov's momentum θ ← θ − α·(g + μv). */
export function sgd(plan: Plan, { update, gradient, parameter, velocity, nesterov = false, rows }: Sgd): void {
  const flags = { momentum: velocity !== undefined, nesterov };
  addUpdate(
    plan,
    { shader: "sgd", source: sgdShader, flags },
    { update, gradient, parameter, ...(velocity && { velocity }) },
    rows,
  );
}
