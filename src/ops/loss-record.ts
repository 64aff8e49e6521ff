// Puts the last word of a pass on a plan: the losses of all rows, added up and written to the next place of a ring.

import lossRecordShader from "../../shaders/loss-record.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type Tensor } from "../gpu/tensor";
import { inVec4 } from "./operands";

export interface LossRecord {
  /** f32 [rows] */
  rowLoss: Tensor;
  /** u32 [1]: how many losses have been recorded; each run adds one. */
  recorded: Tensor;
  /** f32 [capacity]: loss number n is at n mod capacity. */
  ring: Tensor;
}

/** What stands in front of slab-sum.wgsl. */
export const lossRecordSource: string = lossRecordShader;

/** ring[recorded mod capacity] = Σ rowLoss; recorded += 1. */
export function lossRecord(plan: Plan, { rowLoss, recorded, ring }: LossRecord): void {
  const rows = inVec4(elements(rowLoss.shape));
  const oneThread = plan.gpu.software;
  plan.add({
    label: "loss",
    kernel: {
      shader: "loss-record",
      source: lossRecordShader,
      constants: { rows, threads: oneThread ? 1 : Math.min(rows, 64), capacity: elements(ring.shape) },
      flags: { alone: true, oneThread },
    },
    bindings: { rowLoss, recorded, ring },
    workgroups: [1],
    flops: 4 * rows,
  });
}
