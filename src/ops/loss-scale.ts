// Puts on a plan what becomes of the loss's scale, where the way back is in half precision.

import lossScaleShader from "../../shaders/loss-scale.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type PlannedTensor } from "../gpu/tensor";
import type { LossRecord } from "./loss-record";
import { inVec4, line, type Noting, rowsAndWidth } from "./operands";

/** What the scale is at first, and what it goes down and up to. */
export const lossScales = { first: 2 ** 16, least: 1, most: 2 ** 24 } as const;

/** Steps without overflow after which it doubles. */
export const doublingInterval = 2000;

/** gradient /= scale. @param scaling f32 [2]: the scale, and how many steps there were since it last changed */
export function takeScaleBack(
  plan: Plan,
  { gradient, scaling }: Readonly<Record<"gradient" | "scaling", PlannedTensor>>,
): void {
  const [rows, width] = rowsAndWidth(gradient);
  const size = rows * inVec4(width);
  const { workgroups, ...constants } = line(plan.traits, size);
  plan.add({
    label: "gradients / the loss's scale",
    kernel: {
      shader: "loss-scale",
      source: lossScaleShader,
      constants: { size, ...constants },
      flags: { taken: true },
    },
    bindings: { scaling, gradient },
    workgroups,
    flops: 4 * size,
  });
}

interface Adapting extends Noting, Pick<LossRecord, "ring" | "recorded"> {
  readonly scaling: PlannedTensor;
  /** u32 [1], out: the step, where it overflowed for its scale; then it is noted no more as not finite. */
  readonly overflowed: PlannedTensor;
}

/** Halves the scale where a step's gradients, but not its loss, are not finite, and doubles it after `interval` steps that are. */
export function adaptScale(plan: Plan, tensors: Adapting, interval = doublingInterval): void {
  const { least, most } = lossScales;
  plan.add({
    label: "the loss's scale",
    kernel: {
      shader: "loss-scale",
      source: lossScaleShader,
      constants: { interval, least, most, capacity: elements(tensors.ring.shape) },
      flags: { taken: false },
    },
    bindings: { ...tensors },
    workgroups: [1],
    flops: 0,
  });
}
