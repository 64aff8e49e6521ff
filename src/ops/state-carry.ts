// Puts on a plan that states are carried on, where a copy would not wait for a gate.

import stateCarryShader from "../../shaders/state-carry.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, inVec4, line, rowsAndWidth } from "./operands";

/** carried = ended. @throws where shapes differ. */
export function stateCarry(plan: Plan, { ended, carried }: { ended: PlannedTensor; carried: PlannedTensor }): void {
  expectShape("stateCarry", ended, "the carried state's shape", carried.shape);
  const [rows, width] = rowsAndWidth(carried);
  const size = rows * inVec4(width);
  const { workgroups, ...constants } = line(plan.traits, size);
  plan.add({
    label: "carry states on",
    kernel: { shader: "state-carry", source: stateCarryShader, constants: { size, ...constants }, flags: {} },
    bindings: { ended, carried },
    workgroups,
    flops: 0,
  });
}
