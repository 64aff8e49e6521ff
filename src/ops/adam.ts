// Puts a step of Adam or AdamW on a plan.

import adamShader from "../../shaders/adam.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { addUpdate, type SparseUpdate, type UpdateTensors } from "./operands";

interface Adam extends UpdateTensors, SparseUpdate {
  /** f32 [8]: α, λ, 1 − β₁, 1 − β₂, ε, 1 / (1 − β₁ᵗ), 1 / √(1 − β₂ᵗ) */
  update: PlannedTensor;
  /** m and v, like gradient */
  mean: PlannedTensor;
  meanSquare: PlannedTensor;
}

/** @param decoupled AdamW: decay moves θ itself, not its gradient. */
export function adam(plan: Plan, { rows, ...tensors }: Adam, decoupled: boolean): void {
  addUpdate(plan, { shader: "adam", source: adamShader, flags: { decoupled } }, { ...tensors }, rows);
}
