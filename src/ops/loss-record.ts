// Puts the last word of a pass on a plan: the losses of all rows, added up and written to the next place of a ring.

import lossRecordShader from "../../shaders/loss-record.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { inVec4, type Noting } from "./operands";

export interface LossRecord {
  /** f32 [rows] */
  rowLoss: PlannedTensor;
  /** u32 [1]: how many losses have been recorded; each run adds one. */
  recorded: PlannedTensor;
  /** f32 [capacity]: loss number n is at n mod capacity. */
  ring: PlannedTensor;
}

/** What stands in front of slab-sum.wgsl. */
export const lossRecordSource: string = lossRecordShader;

/** ring[recorded mod capacity] = Σ rowLoss; recorded += 1. @param noting where a loss is noted that is not finite */
export function lossRecord(plan: Plan, { rowLoss, recorded, ring }: LossRecord, noting?: Noting): void {
  const rows = inVec4(elements(rowLoss.shape));
  const oneThread = plan.traits.software;
  const { source, flags, bindings } = noted(lossRecordShader, noting);
  plan.add({
    label: "loss",
    kernel: {
      shader: "loss-record",
      source,
      constants: { rows, threads: oneThread ? 1 : Math.min(rows, 64), capacity: elements(ring.shape) },
      flags: { ...flags, onItsOwn: true, oneThread },
    },
    bindings: { rowLoss, recorded, ring, ...bindings },
    workgroups: [1],
    flops: 4 * rows,
  });
}
