// Puts the reset of carried states on a plan, row by row.

import halfShader from "../../shaders/half.wgsl?raw";
import rowResetShader from "../../shaders/row-reset.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, line, storedVec4 } from "./operands";

interface RowReset {
  /** [slabs, B, H] */
  state: PlannedTensor;
  /** The first of the rows that may begin anew; 0 unless given. */
  firstRow?: number;
  /** i32 [B]: not 0 where the row begins anew. */
  reset: PlannedTensor;
  /** [B, H]: what rows begin anew with; zero unless given. */
  initial?: PlannedTensor | undefined;
}

/** state[firstRow + b] = initial[b], or 0, where reset[b] ≠ 0. @throws where shapes do not fit. */
export function rowReset(plan: Plan, { state, firstRow = 0, reset, initial }: RowReset): void {
  const [, batch = 0, hidden = 0] = state.shape;
  expectShape("rowReset", reset, "[B]", [batch]);
  if (initial) expectShape("rowReset", initial, "[B, H]", [batch, hidden]);
  const width = storedVec4(state);
  const { workgroups, ...constants } = line(plan.traits, batch * width);
  plan.add({
    label: `${state.name}_0 = ${initial ? "what is given" : "0"} where a row begins anew`,
    kernel: {
      shader: "row-reset",
      source: `${halfShader}\n${rowResetShader}`,
      constants: { size: batch * width, width, first: firstRow * width, ...constants },
      flags: { given: initial !== undefined },
    },
    bindings: { reset, state, ...(initial && { initial }) },
    workgroups,
    flops: 0,
    bytes: 16 * batch * width,
  });
}
