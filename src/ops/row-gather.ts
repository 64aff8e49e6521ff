// Puts on a plan some rows of a matrix, and the way of their gradient back.

import rowGatherShader from "../../shaders/row-gather.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { expectShape, line, rowsAndWidth, storedVec4 } from "./operands";

interface RowGather {
  label: string;
  /** i32 [R]: which rows, each once, in any order; −1 for none. */
  rows: PlannedTensor;
  /** The row of x that is called row 0. Default 0. */
  first?: number;
}

/** out[r] = x[first + rows[r]], or zero. @throws where shapes do not fit. */
export function rowGather(plan: Plan, gather: RowGather & { x: PlannedTensor; out: PlannedTensor }): void {
  const { x, out, ...given } = gather;
  add(plan, given, "forward", { x, out }, out, x);
}

/** dx[first + rows[r]] += dOut[r]. @throws where shapes do not fit. */
export function rowGatherGradient(plan: Plan, gather: RowGather & { dOut: PlannedTensor; dx: PlannedTensor }): void {
  const { dOut, dx, ...given } = gather;
  add(plan, given, "gradient", { dOut, dx }, dOut, dx);
}

function add(
  plan: Plan,
  { label, rows, first = 0 }: RowGather,
  way: "forward" | "gradient",
  bindings: Record<string, PlannedTensor>,
  taken: PlannedTensor,
  of: PlannedTensor,
): void {
  const [count] = rowsAndWidth(taken);
  expectShape("rowGather", rows, "[R]", [count]);
  expectShape("rowGather", taken, "[R, the matrix's width]", [count, rowsAndWidth(of)[1]]);
  const width = storedVec4(taken);
  const { workgroups, ...constants } = line(plan.traits, count * width);
  plan.add({
    label,
    kernel: {
      shader: "row-gather",
      source: rowGatherShader,
      constants: { size: count * width, width, first, ...constants },
      flags: { forward: false, gradient: false, [way]: true },
    },
    bindings: { rows, ...bindings },
    workgroups,
    flops: 0,
    bytes: 2 * taken.size,
  });
}
