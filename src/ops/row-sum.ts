// Puts sums of rows on a plan: gradients that no product sums on its way.

import rowSumShader from "../../shaders/row-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { matrixOf } from "../gpu/tensor";
import { noted } from "./finite-check";
import type { View } from "./matmul";
import { expectShape, line, type Slabs, slabsBinding } from "./operands";

interface RowSum {
  label: string;
  /** One matrix below the other, [P · R, N]; rows of a tensor, and consecutive parts of its width. */
  x: Pick<View, "tensor" | "rows" | "parts">;
  /** [N], or of P matrices [P, N]; each of several slabs sums a share of the rows. */
  sum: Slabs;
}

/** sum[p] = Σ over the rows of matrix p. @throws where the shapes do not fit. */
export function rowSum(plan: Plan, { label, x, sum }: RowSum): void {
  const { rows: all, width, storedWidth } = matrixOf(x.tensor);
  const { parts: partCount = 1 } = x.tensor;
  const [firstPart, taken] = x.parts ?? [0, partCount];
  const [firstRow, count] = x.rows ?? [0, all];
  const matrices = sum.tensor.shape.length > 1 ? sum.tensor.shape[0]! : 1;
  const columns = (width / partCount) * taken;
  expectShape("rowSum", sum.tensor, "[N] or [P, N]", [...(sum.tensor.shape.length > 1 ? [matrices] : []), columns]);
  const rows = count / matrices;
  if (!Number.isInteger(rows) || firstRow + count > all) {
    throw new Error(
      `rowSum: "${x.tensor.name}" has ${all} rows, expected ${matrices} times as many from row ${firstRow} on; ask for as many sums as there are matrices.`,
    );
  }
  const part = storedWidth / partCount / 4; // in vec4f
  const stored = { stride: storedWidth / 4, width: part * taken, slab: sum.strideBytes / 16 };
  const size = matrices * stored.width;
  const { workgroups, ...threads } = line(plan.traits, size);
  const start = firstRow * stored.stride + firstPart * part;
  const { source, flags, bindings } = noted(rowSumShader, sum.noting);
  plan.add({
    label,
    kernel: {
      shader: "row-sum",
      source,
      constants: { rows, slice: Math.ceil(rows / sum.count), start, size, ...stored, ...threads },
      flags: { ...flags, accumulate: sum.accumulate === true },
    },
    bindings: { x: x.tensor, sum: slabsBinding(sum), ...bindings },
    workgroups: [...workgroups, sum.count],
    flops: count * columns,
    bytes: 16 * size * (rows + sum.count),
  });
}
