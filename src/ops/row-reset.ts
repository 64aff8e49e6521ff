// Puts the reset of carried states on a plan, row by row.

import rowResetShader from "../../shaders/row-reset.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, line, storedVec4 } from "./operands";

interface RowReset {
  /** [slabs, B, H]: slab `slab`, 0 unless given, is the initial state. */
  state: PlannedTensor;
  slab?: number;
  /** i32 [B]: not 0 where the row begins anew. */
  reset: PlannedTensor;
  /** [L, B, H]: what the rows of layer `layer` begin anew with; zero unless given. */
  initial?: PlannedTensor | undefined;
  layer?: number;
}

/** state[slab, b] = initial[layer, b], or 0, where reset[b] ≠ 0. @throws where shapes do not fit. */
export function rowReset(plan: Plan, { state, slab = 0, reset, initial, layer = 0 }: RowReset): void {
  const [, batch = 0, hidden = 0] = state.shape;
  expectShape("rowReset", reset, "[B]", [batch]);
  if (initial) expectShape("rowReset", initial, "[L, B, H]", [initial.shape[0]!, batch, hidden]);
  const width = storedVec4(state);
  const { workgroups, ...constants } = line(plan.traits, batch * width);
  plan.add({
    label: `${state.name}_0 = ${initial ? "what is given" : "0"} where a row begins anew`,
    kernel: {
      shader: "row-reset",
      source: rowResetShader,
      constants: {
        size: batch * width,
        width,
        begin: slab * batch * width,
        first: layer * batch * width,
        ...constants,
      },
      flags: { given: initial !== undefined },
    },
    bindings: { reset, state, ...(initial && { initial }) },
    workgroups,
    flops: 0,
    bytes: 16 * batch * width,
  });
}
