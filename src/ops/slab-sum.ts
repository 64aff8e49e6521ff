// Puts the second half of a reduction on a plan: the sum of slabs that other dispatches wrote.

import slabSumShader from "../../shaders/slab-sum.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { elements, type PlannedTensor } from "../gpu/tensor";
import { noted } from "./finite-check";
import { type LossRecord, lossRecordSource } from "./loss-record";
import { expectShape, inVec4, line, type Noting } from "./operands";

interface SlabSum {
  label: string;
  /** [slabs, size] */
  parts: PlannedTensor;
  /** [1, size] */
  sum: PlannedTensor;
  /** Where sums, and the loss, are noted that are not finite. */
  noting: Noting;
  /** As `lossRecord` takes it, where there is one. */
  loss: LossRecord | undefined;
}

/** sum = Σ over the rows of parts, in order; and in the same dispatch, where there is a loss, what `lossRecord` does. @throws where shapes do not fit. */
export function slabSum(plan: Plan, { label, parts, sum, noting, loss }: SlabSum): void {
  const [slabs = 1, size = 1] = parts.shape;
  expectShape("slabSum", sum, "[1, size]", [1, size]);
  const vectors = inVec4(size);
  const { threads, across, workgroups } = line(plan.traits, vectors, loss ? 1 : 0);
  const rows = loss ? inVec4(elements(loss.rowLoss.shape)) : 0;
  const recording = loss && { rows, capacity: elements(loss.ring.shape) };
  const { source, flags, bindings } = noted(loss ? `${lossRecordSource}\n${slabSumShader}` : slabSumShader, noting);
  plan.add({
    label,
    kernel: {
      shader: "slab-sum",
      source,
      constants: { size: vectors, slabs, ...recording, threads, across },
      flags: { ...flags, recorded: loss !== undefined, onItsOwn: false, oneThread: plan.traits.software },
    },
    bindings: { parts, sum, ...bindings, ...loss },
    workgroups,
    flops: (slabs - 1) * size + 4 * rows,
  });
}
