// Puts ln softmax of the rows of a matrix on a plan, as columns of another: the head of adaptive softmax, or one of its tails.

import logSoftmaxShader from "../../shaders/log-softmax.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { matrixOf, type PlannedTensor } from "../gpu/tensor";
import { expectShape, rowsAndWidth, storedVec4, workgroupRows } from "./operands";

interface LogSoftmax {
  label: string;
  /** [rows, N] */
  x: PlannedTensor;
  /** [rows, K], out */
  out: PlannedTensor;
  /** [rows · C]: of each row ln p of each cluster; written where there is no `tail`, else read. */
  clusters: PlannedTensor;
  /** Which cluster x is the outputs of, from 0, and where those begin in `out`; without it, x is [outputs …, clusters …]. */
  tail?: { number: number; first: number };
}

/** out = ln softmax(x) (+ the cluster's ln p), as `tail` says. @throws where shapes do not fit. */
export function logSoftmax(plan: Plan, { label, x, out, clusters, tail }: LogSoftmax): void {
  const [rows, columns] = rowsAndWidth(x);
  expectShape("logSoftmax", out, "x's shape but for its width", [...x.shape.slice(0, -1), out.shape.at(-1) ?? 1]);
  const tails = clusters.shape[0]! / rows;
  if (!Number.isInteger(tails)) {
    throw new Error(`logSoftmax: "${clusters.name}" has ${clusters.shape[0]} numbers, expected [${rows} · C].`);
  }
  const { workgroups, ...constants } = workgroupRows(plan.traits, rows);
  plan.add({
    label,
    kernel: {
      shader: "log-softmax",
      source: logSoftmaxShader,
      constants: {
        ...{ rows, columns, width: storedVec4(x), count: tail ? columns : columns - tails },
        ...{ outputs: matrixOf(out).storedWidth, first: tail?.first ?? 0, tails, tail: tail?.number ?? 0 },
        ...constants,
      },
      flags: { head: tail === undefined },
    },
    bindings: { x, out, clusters },
    workgroups,
    flops: 4 * rows * columns,
  });
}
