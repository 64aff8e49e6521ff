// The gradients of all parameters, in slabs where they sum over many rows.

import type { Plan } from "../gpu/plan";
import { createTensors, layoutOf, type Tensor } from "../gpu/tensor";
import { type LossRecord, lossRecord } from "../ops/loss-record";
import { oneSlab, type Slabs } from "../ops/operands";
import { slabSum } from "../ops/slab-sum";
import type { NetworkConfig } from "./config";
import { parameterShapes } from "./parameters";

const mostSlabBytes = 32 * 2 ** 20;

/**
 * A parameter's gradient sums over T·B rows. To keep a GPU busy, the rows are cut into slabs, each a full set of
 * gradients; `finish` adds them up in order, and records the loss.
 */
export function gradientSlabs(plan: Plan, config: NetworkConfig, rows: number, loss: LossRecord) {
  const specs = parameterShapes(config);
  const { offsets, bytes } = layoutOf(specs);
  const group = plan.own(createTensors(plan.gpu, "gradients", specs));
  const wanted = Math.min(16, Math.floor(rows / (plan.gpu.software ? 512 : 128)));
  const count = Math.max(1, Math.min(wanted, Math.floor(mostSlabBytes / bytes))); // large gradients keep a GPU busy as they are
  if (count === 1) {
    const slabs = (name: string) => oneSlab(group.tensors[name]!);
    return { group, slabs, finish: () => lossRecord(plan, loss) };
  }
  const parts = plan.tensor("gradientSlabs", [(count * bytes) / 4]);
  return {
    group,
    slabs(name: string): Slabs {
      const { tensors } = group;
      return {
        tensor: { ...tensors[name]!, buffer: parts.buffer, offset: offsets[name]! },
        count,
        strideBytes: bytes,
      };
    },
    finish() {
      const size = bytes / 4;
      const sum: Tensor = {
        name: "gradients",
        shape: [1, size],
        type: "f32",
        buffer: group.buffer,
        offset: 0,
        size: bytes,
      };
      const label = "gradients = Σ slabs, loss";
      slabSum(plan, { label, parts: { ...parts, shape: [count, size] }, sum, loss });
    },
  };
}
