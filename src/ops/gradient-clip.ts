// Puts clipping of gradients on a plan, by their common norm or by value.

import gradientClipShader from "../../shaders/gradient-clip.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { finiteCheckSource } from "./finite-check";
import { inVec4, line, type Noting, rowsAndWidth } from "./operands";

/**
 * g ← g · min(1, limit / (‖g‖ + 1e-6)), ‖g‖ over the whole tensor.
 * Where ‖g‖² is not finite, that is noted, and g is left as it is.
 * @returns what adds up to ‖g‖² of the gradient as it was.
 */
export function clipNorm(plan: Plan, gradient: PlannedTensor, limit: number, noting: Noting): PlannedTensor {
  const { size, workgroups, threads, across } = sizes(plan, gradient);
  const groups = Math.min(64, Math.ceil(size / threads));
  const squares = plan.tensor("squares", [groups]);
  const kernel = (on: "square" | "byNorm") => ({
    shader: "gradient-clip",
    source: on === "byNorm" ? `${finiteCheckSource}\n${gradientClipShader}` : gradientClipShader,
    constants: { size, threads, across, groups },
    flags: { square: false, byNorm: false, byValue: false, alone: false, noted: on === "byNorm", [on]: true },
  });
  plan.add({
    label: "‖g‖²",
    kernel: kernel("square"),
    bindings: { gradient, squares },
    workgroups: [groups],
    flops: 8 * size,
  });
  plan.add({
    label: "clip by norm",
    kernel: kernel("byNorm"),
    bindings: { gradient, squares, ...noting, limit },
    workgroups,
    flops: 4 * size,
  });
  return squares;
}

/** g ← min(max(g, −limit), limit). */
export function clipValue(plan: Plan, gradient: PlannedTensor, limit: number): void {
  const { size, workgroups, ...constants } = sizes(plan, gradient);
  plan.add({
    label: "clip by value",
    kernel: {
      shader: "gradient-clip",
      source: gradientClipShader,
      constants: { size, ...constants },
      flags: { square: false, byNorm: false, byValue: true },
    },
    bindings: { gradient, limit },
    workgroups,
    flops: 0,
  });
}

function sizes(plan: Plan, gradient: PlannedTensor) {
  const [rows, width] = rowsAndWidth(gradient);
  const size = rows * inVec4(width);
  return { size, ...line(plan.traits, size) };
}
