// Puts a sum of rows on a plan: a bias's gradient, where no product sums it on its way.

import rowSumShader from "../../shaders/row-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { matrixOf } from "../gpu/tensor";
import { noted } from "./finite-check";
import type { View } from "./matmul";
import { expectShape, line, type Slabs, slabsBinding } from "./operands";

interface RowSum {
  label: string;
  /** [rows, N], or consecutive parts of a width */
  x: Pick<View, "tensor" | "parts">;
  /** [N]; each of several slabs sums a share of the rows. */
  sum: Slabs;
}

/** sum = Σ over the rows of x. @throws where the shapes do not fit. */
export function rowSum(plan: Plan, { label, x, sum }: RowSum): void {
  const { rows, width, storedWidth } = matrixOf(x.tensor);
  const { parts: all = 1 } = x.tensor;
  const [first, count] = x.parts ?? [0, all];
  expectShape("rowSum", sum.tensor, "[N]", [(width / all) * count]);
  const part = storedWidth / all / 4; // in vec4f
  const { workgroups, ...threads } = line(plan.traits, part * count);
  const { source, flags, bindings } = noted(rowSumShader, sum.noting);
  plan.add({
    label,
    kernel: {
      shader: "row-sum",
      source,
      constants: {
        ...{ rows, slice: Math.ceil(rows / sum.count) },
        ...{ start: first * part, stride: storedWidth / 4 },
        ...{ width: part * count, slab: sum.strideBytes / 16 },
        ...threads,
      },
      flags: { ...flags, accumulate: sum.accumulate === true },
    },
    bindings: { x: x.tensor, sum: slabsBinding(sum), ...bindings },
    workgroups: [...workgroups, sum.count],
    flops: rows * width,
    bytes: 16 * part * count * (rows + sum.count),
  });
}
