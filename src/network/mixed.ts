// What a pass in mixed precision has beside. Loaded where one is.
//
// In half precision: what steps leave (h, gates, candidates), what passes back between layers, and copies of the weights that
// products read, made anew at each run. In single: all sums, biases, states beside h, the logits and the loss, gradients of
// parameters, parameters themselves, and what an optimizer keeps.

import type { Plan } from "../gpu/plan";
import { type PlannedGroup, type PlannedTensor, padded, whole } from "../gpu/tensor";
import { convert } from "../ops/convert";
import { lossScales, takeScaleBack } from "../ops/loss-scale";

type Tensors = Readonly<Record<string, PlannedTensor>>;

/** @param gradients where a pass goes back */
export function mixing(plan: Plan, parameters: Tensors, gradients: PlannedGroup | undefined) {
  const weights = Object.entries(parameters).filter(([name]) => name.endsWith("Weight"));
  const halves = weights.map(([name, { shape, parts = 1, rowParts = 1 }]) => [
    name,
    plan.tensor(`${name} in half`, shape, { type: "f16", parts, rowParts }),
  ]);
  const ofProducts: Tensors = { ...parameters, ...Object.fromEntries(halves) };
  const scaling = gradients && plan.tensor("lossScaling", [2]);
  if (scaling) plan.fill(scaling, () => padded(scaling, [lossScales.first, 0]));
  return {
    /** What products read. */
    parameters: ofProducts,
    /** With gradients, f32 [2]: the loss's scale, and the steps since it last changed. */
    scaling,
    begin(): void {
      for (const [name, x] of weights) {
        convert(plan, { label: `${name} in half precision`, x, out: ofProducts[name]! });
      }
    },
    /** do times the scale. */
    scaled(dLogits: PlannedTensor): PlannedTensor {
      const { shape } = dLogits;
      const out = plan.tensor("dLogits in half", shape, { type: "f16" });
      convert(plan, { label: "do · the loss's scale", x: dLogits, out, scaling });
      return out;
    },
    /** Gradients as they are without it. */
    finish(): void {
      if (gradients && scaling) takeScaleBack(plan, { gradient: whole(gradients, "gradients"), scaling });
    },
  };
}
