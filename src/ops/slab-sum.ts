// Puts the second half of a reduction on a plan: the sum of slabs that other dispatches wrote.

import slabSumShader from "../../shaders/slab-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type Tensor } from "../gpu/tensor";
import { finiteCheckSource } from "./finite-check";
import { type LossRecord, lossRecordSource } from "./loss-record";
import { expectShape, inVec4, line } from "./operands";

interface SlabSum {
  label: string;
  /** [slabs, size] */
  parts: Tensor;
  /** [1, size]; none where there is one slab, which is its own sum. */
  sum?: Tensor;
  /** u32 [1]: set to 1 where a sum or the loss is not finite; else it stays. */
  notFinite: Tensor;
  /** As `lossRecord` takes it. */
  loss: LossRecord;
}

/** sum = Σ over the rows of parts, in order; and in the same dispatch what `lossRecord` does. @throws where shapes do not fit. */
export function slabSum(plan: Plan, { label, parts, sum, notFinite, loss }: SlabSum): void {
  const [slabs = 1, size = 1] = parts.shape;
  expectShape("slabSum", sum ?? parts, "[1, size]", [1, size]);
  const vectors = inVec4(size);
  const { threads, across, workgroups } = line(plan.gpu, vectors, 1);
  const rows = inVec4(elements(loss.rowLoss.shape));
  plan.add({
    label,
    kernel: {
      shader: "slab-sum",
      source: `${finiteCheckSource}\n${lossRecordSource}\n${slabSumShader}`,
      constants: { size: vectors, slabs, rows, capacity: elements(loss.ring.shape), threads, across },
      flags: { alone: false, oneThread: plan.gpu.software, several: sum !== undefined },
    },
    bindings: { parts, ...(sum && { sum }), notFinite, ...loss },
    workgroups,
    flops: (slabs - 1) * size + 4 * rows,
  });
}
