// The gradients of the parameters that learn, in slabs where they sum over many rows.

import { cellOf } from "../cells/cells";
import type { Plan } from "../gpu/plan";
import { layoutOf, type PlannedTensor, type TensorSpec, whole } from "../gpu/tensor";
import { type LossRecord, lossRecord } from "../ops/loss-record";
import { oneSlab, type Slabs } from "../ops/operands";
import { slabSum } from "../ops/slab-sum";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";

/**
 * A parameter's gradient sums over T·B rows. To keep a GPU busy, the rows are cut into slabs, each a full set of
 * gradients; `finish` adds them up in order, records the loss where there is one, and notes whether all of it is finite.
 * @param specs of the parameters that learn, in the order of all; of the others nothing is kept
 * @param step u32 [2], a uniform: the training step, which is noted where something is not finite
 * @param accumulate whether what writes a slab adds to it; `buffer` is then to be cleared first.
 */
export function gradientSlabs(
  plan: Plan,
  config: NetworkConfig,
  specs: Readonly<Record<string, TensorSpec>>,
  { steps, batch, accumulate }: { steps: number; batch: number; accumulate: boolean },
  loss: LossRecord | undefined,
  step: PlannedTensor,
) {
  const { offsets, bytes } = layoutOf(specs);
  const group = plan.group("gradients", specs);
  const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
  const noting = { notFinite, step };
  const size = bytes / 4;
  const rows = steps * batch;
  const wanted = Math.min(16, Math.floor(rows / (plan.traits.software ? 512 : 128)));
  const { layers, readout } = architectureOf(config);
  // Of a step's tensors.
  const width = layers.reduce(
    (sum, layer) => sum + layer.directions * (cellOf(layer).gates + 2) * layer.hidden,
    2 * readout.outputs,
  );
  const roomBytes = 0.1 * 4 * rows * width; // the slabs are to be a small part of all
  const count = Math.max(1, Math.min(wanted, Math.floor(roomBytes / bytes))); // large gradients keep a GPU busy as they are
  if (count === 1) {
    const slabs = (name: string): Slabs | undefined => {
      const tensor = group.tensors[name];
      return tensor && { ...oneSlab(tensor), accumulate, noting };
    };
    return { group, notFinite, buffer: group.buffer, slabs, finish: () => loss && lossRecord(plan, loss, noting) };
  }
  const parts = plan.tensor("gradientSlabs", [count * size]);
  return {
    group,
    notFinite,
    buffer: parts.buffer,
    slabs(name: string): Slabs | undefined {
      const tensor = group.tensors[name];
      if (!tensor) return undefined;
      return {
        tensor: { ...tensor, buffer: parts.buffer, offset: offsets[name]! },
        count,
        strideBytes: bytes,
        accumulate,
      };
    },
    finish() {
      const label = loss ? "gradients = Σ slabs, loss" : "gradients = Σ slabs";
      const sum = { ...whole(group, "gradients"), shape: [1, size] };
      slabSum(plan, { label, parts: { ...parts, shape: [count, size] }, sum, noting, loss });
    },
  };
}
