// Puts the sums of matrices over their rows on a plan.

import rowSumShader from "../../shaders/row-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { expectShape, inVec4, line, type Slabs, slabsBinding } from "./operands";

interface RowSum {
  label: string;
  /** [first + P or more, B, H] */
  parts: PlannedTensor;
  /** The first matrix that is summed. */
  first: number;
  /** [P, H]: the first slab takes all of it, the others stay as they are. */
  sum: Slabs;
}

/** sum[p] = Σ over the rows of parts[first + p]. @throws where shapes do not fit. */
export function rowSum(plan: Plan, { label, parts, first, sum }: RowSum): void {
  const [matrices = 0, rows = 0, width = 0] = parts.shape;
  const [count = 0] = sum.tensor.shape;
  expectShape("rowSum", sum.tensor, "[P, H]", [Math.min(count, matrices - first), width]);
  const size = count * inVec4(width);
  const { workgroups, ...constants } = line(plan.traits, size);
  const { source, flags, bindings } = noted(rowSumShader, sum.noting);
  plan.add({
    label,
    kernel: {
      shader: "row-sum",
      source,
      constants: { size, rows, width: inVec4(width), first, ...constants },
      flags: { ...flags, accumulate: sum.accumulate === true },
    },
    bindings: { parts, sum: slabsBinding(sum), ...bindings },
    workgroups,
    flops: count * rows * width,
    bytes: 4 * count * (rows + 1) * width,
  });
}
