// Puts the reset of carried states on a plan, row by row.

import rowResetShader from "../../shaders/row-reset.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { expectShape, line, storedVec4 } from "./operands";

interface RowReset {
  /** [slabs, B, H]: slab 0 is the initial state. */
  state: Tensor;
  /** i32 [B]: not 0 where the row begins anew. */
  reset: Tensor;
}

/** state[0, b] = 0 where reset[b] ≠ 0. @throws where shapes do not fit. */
export function rowReset(plan: Plan, { state, reset }: RowReset): void {
  const [, batch = 0] = state.shape;
  expectShape("rowReset", reset, "[B]", [batch]);
  const width = storedVec4(state);
  const { workgroups, ...constants } = line(plan.gpu, batch * width);
  plan.add({
    label: `${state.name}_0 = 0 where a row begins anew`,
    kernel: {
      shader: "row-reset",
      source: rowResetShader,
      constants: { size: batch * width, width, ...constants },
      flags: {},
    },
    bindings: { reset, state },
    workgroups,
    flops: 0,
    bytes: 16 * batch * width,
  });
}
