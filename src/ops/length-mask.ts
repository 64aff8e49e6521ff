// Puts on a plan that nothing counts past a sequence's end.

import lengthMaskShader from "../../shaders/length-mask.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, line, storedVec4 } from "./operands";

interface LengthMask {
  label: string;
  /** [T, B, K] */
  values: PlannedTensor;
  /** i32 [B] */
  lengths: PlannedTensor;
}

/** values[t, b] = 0 where t ≥ lengths[b], steps from 0. @throws where shapes do not fit. */
export function lengthMask(plan: Plan, { label, values, lengths }: LengthMask): void {
  const [steps = 0, batch = 0] = values.shape;
  expectShape("lengthMask", lengths, "[B]", [batch]);
  const width = storedVec4(values);
  const size = steps * batch * width;
  const { workgroups, ...constants } = line(plan.traits, size);
  plan.add({
    label,
    kernel: {
      shader: "length-mask",
      source: lengthMaskShader,
      constants: { size, width, batch, ...constants },
      flags: {},
    },
    bindings: { lengths, values },
    workgroups,
    flops: 0,
    bytes: 16 * size,
  });
}
