// Puts a sum over the rows of a batch on a plan: the gradient of numbers that all rows share.

import rowSumShader from "../../shaders/row-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { expectShape, inVec4, line, type Slabs, slabsBinding } from "./operands";

interface RowSum {
  label: string;
  /** [slabs, B, H] */
  rows: PlannedTensor;
  /** The first of the slabs that are summed. */
  first: number;
  /** [count, H] */
  sum: Slabs;
}

/** sum[p] = Σ over the rows of slab first + p. @throws where shapes do not fit. */
export function rowSum(plan: Plan, { label, rows, first, sum }: RowSum): void {
  const [, batch = 0, width = 0] = rows.shape;
  const [count = 0] = sum.tensor.shape;
  expectShape("rowSum", sum.tensor, "[count, H]", [count, width]);
  const [slabs = 0] = rows.shape;
  if (first + count > slabs) {
    throw new Error(
      `rowSum: "${rows.name}" has ${slabs} slabs, expected ${first + count} for ${count} from slab ${first} on.`,
    );
  }
  const { source, flags, bindings } = noted(rowSumShader, sum.noting);
  const { workgroups, ...constants } = line(plan.traits, count * inVec4(width));
  plan.add({
    label,
    kernel: {
      shader: "row-sum",
      source,
      constants: {
        ...{ first, count, batch, width: inVec4(width) },
        slabs: sum.count,
        slab: sum.strideBytes / 16,
        ...constants,
      },
      flags: { ...flags, accumulate: sum.accumulate === true },
    },
    bindings: { rows, sum: slabsBinding(sum), ...bindings },
    workgroups: [...workgroups, sum.count],
    flops: count * batch * width,
    bytes: 4 * count * (batch + sum.count) * width,
  });
}
