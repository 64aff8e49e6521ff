// The gradients of the parameters that learn, in slabs where they sum over many rows.

import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { type LossRecord, lossRecord } from "../ops/loss-record";
import { oneSlab, type Slabs } from "../ops/operands";
import { slabSum } from "../ops/slab-sum";
import type { ParameterSpec } from "../parts/parameter-shapes";
import type { NetworkConfig } from "./config";
import { slabRuns } from "./slab-runs";

/**
 * A parameter's gradient sums over T·B rows. To keep a GPU busy, the rows are cut into slabs, each a full set of
 * gradients; `finish` adds them up in order, records the loss where there is one, and notes whether all of it is finite.
 * @param specs of the parameters that learn, in the order of all; of the others nothing is kept
 * @param step u32 [2], a uniform: the training step, which is noted where something is not finite
 * @param accumulate whether what writes a slab adds to it; `buffers` are then to be cleared first.
 */
export function gradientSlabs(
  plan: Plan,
  config: NetworkConfig,
  specs: Readonly<Record<string, ParameterSpec>>,
  { steps, batch, accumulate }: { steps: number; batch: number; accumulate: boolean },
  loss: LossRecord | undefined,
  step: PlannedTensor,
) {
  const group = plan.group("gradients", specs);
  const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
  const noting = { notFinite, step };
  const runs = slabRuns(plan.traits, config, specs, { steps, batch });
  const slabs = new Map<string, Slabs>();
  const sums: { parts: PlannedTensor; sum: PlannedTensor }[] = [];
  for (const { names, offset, bytes, count } of runs) {
    if (count === 1) {
      for (const name of names) slabs.set(name, { ...oneSlab(group.tensors[name]!), accumulate, noting });
      continue;
    }
    const parts = plan.tensor("gradientSlabs", [count, bytes / 4]);
    for (const name of names) {
      const tensor = group.tensors[name]!;
      const first = { ...tensor, buffer: parts.buffer, offset: tensor.offset - offset };
      slabs.set(name, { tensor: first, count, strideBytes: bytes, accumulate });
    }
    const sum = { ...parts, name: "gradients", shape: [1, bytes / 4], buffer: group.buffer, offset, size: bytes };
    sums.push({ parts, sum });
  }
  return {
    group,
    notFinite,
    buffers: [group.buffer, ...sums.map(({ parts }) => parts.buffer)],
    slabs: (name: string): Slabs | undefined => slabs.get(name),
    finish() {
      for (const [i, { parts, sum }] of sums.entries()) {
        const recorded = i === 0 ? loss : undefined;
        const label = `gradients = Σ slabs${recorded ? ", loss" : ""}`;
        slabSum(plan, { label, parts, sum, noting, loss: recorded });
      }
      if (sums.length === 0 && loss) lossRecord(plan, loss, noting);
    },
  };
}
