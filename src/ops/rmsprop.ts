// Puts a step of RMSProp on a plan.

import rmspropShader from "../../shaders/rmsprop.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { addUpdate, type SparseUpdate, type UpdateTensors } from "./operands";

interface Rmsprop extends UpdateTensors, SparseUpdate {
  /** f32 [8]: α, λ, 1 − ρ, ε */
  update: PlannedTensor;
  /** s, like gradient */
  meanSquare: PlannedTensor;
}

/** g ← dθ + λθ; s ← ρs + (1 − ρ)·g²; θ ← θ − α·g / (√s + ε). */
export function rmsprop(plan: Plan, { rows, ...tensors }: Rmsprop): void {
  addUpdate(plan, { shader: "rmsprop", source: rmspropShader, flags: {} }, { ...tensors }, rows);
}
