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
  /** u32 [1]: set to the training step where a sum or the loss is not finite, if it was 0; else it stays. */
  notFinite: Tensor;
  /** u32 [2], a uniform: the training step, from 1 */
  step: Tensor;
  /** As `lossRecord` takes it. */
  loss: LossRecord;
}

/** Of one slab, which a thread checks alone. */
const vectorsOfThread = 16;

/** sum = Σ over the rows of parts, in order; and in the same dispatch what `lossRecord` does. @throws where shapes do not fit. */
export function slabSum(plan: Plan, { label, parts, sum, notFinite, step, loss }: SlabSum): void {
  const [slabs = 1, size = 1] = parts.shape;
  expectShape("slabSum", sum ?? parts, "[1, size]", [1, size]);
  const vectors = inVec4(size);
  const { threads, across, workgroups } = line(plan.gpu, sum ? vectors : Math.ceil(vectors / vectorsOfThread), 1);
  const [x, y] = workgroups;
  const rows = inVec4(elements(loss.rowLoss.shape));
  plan.add({
    label,
    kernel: {
      shader: "slab-sum",
      source: `${finiteCheckSource}\n${lossRecordSource}\n${slabSumShader}`,
      constants: {
        size: vectors,
        slabs,
        rows,
        capacity: elements(loss.ring.shape),
        threads,
        across,
        stride: (x * y - 1) * threads,
      },
      flags: { alone: false, oneThread: plan.gpu.software, several: sum !== undefined },
    },
    bindings: { parts, ...(sum && { sum }), notFinite, step, ...loss },
    workgroups,
    flops: (slabs - 1) * size + 4 * rows,
  });
}
