// Puts clipping of gradients on a plan, by their common norm or by value.

import gradientClipShader from "../../shaders/gradient-clip.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { finiteCheckSource } from "./finite-check";
import { inVec4, line, rowsAndWidth, uniform } from "./operands";

interface Noting {
  /** u32 [1]: set to the training step, if it was 0, where something is not finite. */
  notFinite: Tensor;
  /** u32 [2], a uniform: the training step, from 1 */
  step: Tensor;
}

/**
 * g ← g · min(1, limit / (‖g‖ + 1e-6)), ‖g‖ over the whole tensor.
 * Where ‖g‖² is not finite, g is left as it is, and that is noted.
 * @returns what adds up to ‖g‖² of the gradient as it was.
 */
export function clipNorm(plan: Plan, gradient: Tensor, limit: number, { notFinite, step }: Noting): Tensor {
  const { size, workgroups, threads, across } = sizes(plan, gradient);
  const groups = Math.min(64, Math.ceil(size / threads));
  const squares = plan.tensor("squares", [groups]);
  const kernel = (on: "square" | "byNorm") => ({
    shader: "gradient-clip",
    source: on === "byNorm" ? `${finiteCheckSource}\n${gradientClipShader}` : gradientClipShader,
    constants: { size, threads, across, groups },
    flags: { square: false, byNorm: false, byValue: false, alone: false, [on]: true },
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
    bindings: { gradient, squares, notFinite, step, limit: uniform(plan, "limit", [limit]) },
    workgroups,
    flops: 4 * size,
  });
  return squares;
}

/** g ← min(max(g, −limit), limit). */
export function clipValue(plan: Plan, gradient: Tensor, limit: number): void {
  const { size, workgroups, ...constants } = sizes(plan, gradient);
  plan.add({
    label: "clip by value",
    kernel: {
      shader: "gradient-clip",
      source: gradientClipShader,
      constants: { size, ...constants },
      flags: { square: false, byNorm: false, byValue: true },
    },
    bindings: { gradient, limit: uniform(plan, "limit", [limit]) },
    workgroups,
    flops: 0,
  });
}

function sizes(plan: Plan, gradient: Tensor) {
  const [rows, width] = rowsAndWidth(gradient);
  const size = rows * inVec4(width);
  return { size, ...line(plan.gpu, size) };
}
