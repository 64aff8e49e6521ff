// Puts dropout on a plan, forward and backward, with masks that are drawn twice and never stored.

import dropoutShader from "../../shaders/dropout.wgsl?raw";
import halfShader from "../../shaders/half.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { matrixOf, type PlannedTensor } from "../gpu/tensor";
import type { View } from "./matmul";
import { expectShape, line } from "./operands";
import { philoxSource } from "./philox";

/** Consecutive rows of a tensor. */
type Rows = Pick<View, "tensor" | "rows">;

interface Mask {
  label: string;
  /** u32 [2], a uniform: the training step, each has a mask of its own, and the number of the first row. */
  step: PlannedTensor;
  /** p, from 0 to below 1 */
  rate: number;
  /** What the mask is drawn from, beside step and place. */
  seed: number;
  layer: number;
}

/** out = x ⊙ m. `x` has the rows and the parts of `out`. @throws where shapes do not fit. */
export function dropout(plan: Plan, { x, out, ...mask }: Mask & { x: Rows; out: PlannedTensor }): void {
  const { rows, storedWidth } = matrixOf(out);
  const [first, count] = x.rows ?? [0, matrixOf(x.tensor).rows];
  expectShape("dropout", out, "[…, the width of x]", [...out.shape.slice(0, -1), x.tensor.shape.at(-1) ?? 1]);
  if (count !== rows) {
    throw new Error(
      `dropout: "${out.name}" has ${rows} rows, expected ${count}, the rows of "${x.tensor.name}"; take as many.`,
    );
  }
  const [parts, expected] = [out.parts ?? 1, x.tensor.parts ?? 1];
  if (parts !== expected) {
    throw new Error(
      `dropout: "${out.name}" has ${parts} parts, expected ${expected}, the parts of "${x.tensor.name}"; create it with them.`,
    );
  }
  addDropout(plan, mask, out, { x: x.tensor, out }, { start: (first * storedWidth) / 4 }, false);
}

/** dOut ← dOut ⊙ m, m as `dropout` had it. */
export function dropoutGradient(plan: Plan, { dOut, ...mask }: Mask & { dOut: PlannedTensor }): void {
  addDropout(plan, mask, dOut, { dOut }, {}, true);
}

function addDropout(
  plan: Plan,
  { label, step, rate, seed, layer }: Mask,
  shaped: PlannedTensor,
  bindings: Record<string, PlannedTensor>,
  constants: Record<string, number>,
  gradient: boolean,
): void {
  const { rows, storedWidth } = matrixOf(shaped);
  const mask = { seed, layer, threshold: Math.floor(rate * 2 ** 32), scale: 1 / (1 - rate) };
  const size = (rows * storedWidth) / 4;
  const { workgroups, ...threads } = line(plan.traits, size);
  plan.add({
    label,
    kernel: {
      shader: "dropout",
      source: `${halfShader}\n${philoxSource}\n${dropoutShader}`,
      constants: { size, width: storedWidth / 4, ...constants, ...threads },
      flags: { gradient },
    },
    bindings: { mask, step, ...bindings },
    workgroups,
    flops: rows * storedWidth,
  });
}
