// Puts the two sweeps through time on a plan, in either schedule: they compute the same numbers.

import recurrenceShader from "../../shaders/recurrence.wgsl?raw";
import type { Plan } from "../gpu/plan";
import { createTensors, type Tensor, type TensorSpec, writeTensor } from "../gpu/tensor";
import { expectShape, inVec4, tiles } from "./operands";

/**
 * How a sweep is dispatched. `fused`: one dispatch for all steps, a workgroup keeps its rows of the batch.
 * `unrolled`: one dispatch a step, for wide networks.
 */
export type Schedule = "fused" | "unrolled";
export type Activation = "tanh" | "relu";

interface Sweep {
  schedule: Schedule;
  activation: Activation;
  /** U [H, H] */
  recurrentWeight: Tensor;
  /** i32 [B]: steps of each sequence; after them h stays as it is and nothing flows back. */
  lengths: Tensor;
  /** [T + 1, B, H]: slab 0 is h_0, slab t is h_t. */
  hidden: Tensor;
}

interface ForwardSweep extends Sweep {
  /** a = x·W + b, [T, B, H] */
  preactivation: Tensor;
}

interface BackwardSweep extends Sweep {
  /** dL/dh_t without the path through later steps: [T, B, H], or [B, H] at each sequence's last step. */
  dOutput: Tensor;
  /** [T, B, H] */
  dPreactivation: Tensor;
  /** [T + 1, B, H]: where wanted, dL/dh_t by all paths, slab 0 for h_0. */
  dHidden?: Tensor | undefined;
}

/** h_t = f(a_t + h_{t−1}·U) for t = 1 … T. @throws where shapes do not fit, or `fused` does not fit the device. */
export function recurrenceForward(plan: Plan, sweep: ForwardSweep): void {
  const { preactivation, recurrentWeight, lengths, hidden } = sweep;
  const [steps, batch, width] = shapeOf(preactivation);
  const bindings = { recurrentWeight, lengths, preactivation, hidden };
  const flags = { lastStep: false, hiddenGradient: false };
  expectSweepShapes("recurrenceForward", sweep, steps, batch, width);
  const slabs = Array.from({ length: steps }, (_, s) => s);
  addSweep(plan, sweep, { direction: "forward", slabs, bindings, flags, steps, batch, width });
}

/**
 * dh_t = dOutput_t + da_{t+1}·Uᵀ and da_t = dh_t ⊙ f′(h_t), for t = T … 1.
 * @throws where shapes do not fit, or `fused` does not fit the device.
 */
export function recurrenceBackward(plan: Plan, sweep: BackwardSweep): void {
  const { dOutput, recurrentWeight, lengths, hidden, dPreactivation, dHidden } = sweep;
  const [steps, batch, width] = shapeOf(dPreactivation);
  const lastStep = dOutput.shape.length === 2;
  expectSweepShapes("recurrenceBackward", sweep, steps, batch, width);
  if (lastStep) expectShape("recurrenceBackward", dOutput, "[B, H]", [batch, width]);
  else expectShape("recurrenceBackward", dOutput, "[T, B, H]", [steps, batch, width]);
  if (dHidden) expectShape("recurrenceBackward", dHidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  const bindings = { recurrentWeight, lengths, hidden, dOutput, dPreactivation, ...(dHidden && { dHidden }) };
  const flags = { lastStep, hiddenGradient: dHidden !== undefined };
  const first = dHidden ? 0 : 1;
  const slabs = Array.from({ length: steps + 1 - first }, (_, i) => steps - i);
  addSweep(plan, sweep, { direction: "backward", slabs, bindings, flags, steps, batch, width });
}

interface Directed {
  direction: "forward" | "backward";
  /** The values of the shader's `step`, in order. */
  slabs: number[];
  bindings: Record<string, Tensor>;
  flags: Record<string, boolean>;
  steps: number;
  batch: number;
  width: number;
}

function addSweep(plan: Plan, { schedule, activation }: Sweep, directed: Directed): void {
  const { direction, slabs, bindings, flags, steps, batch, width } = directed;
  const fused = schedule === "fused";
  const { workgroups, ...threads } = fused ? fusedTiles(plan, batch, width) : tiles(plan.gpu, batch, width);
  const products = direction === "forward" ? steps : slabs.length - 1;
  const dispatch = {
    kernel: {
      shader: "recurrence",
      source: recurrenceShader,
      constants: { steps, batch, width: inVec4(width), ...threads },
      flags: { ...flags, forward: direction === "forward", relu: activation === "relu", fused },
    },
    workgroups,
  };
  const bytes = Object.values(bindings).reduce((sum, { size }) => sum + size, 0);
  const flopsOfProduct = 2 * batch * width * width;
  if (fused) {
    plan.add({ ...dispatch, label: `recurrence ${direction}`, bindings, flops: products * flopsOfProduct, bytes });
    return;
  }
  const steplist = stepNumbers(plan, slabs);
  for (const s of slabs) {
    const label = `recurrence ${direction}, ${direction === "forward" ? `h_${s + 1}` : `dh_${s}`}`;
    const flops = direction === "backward" && s === steps ? 0 : flopsOfProduct;
    plan.add({ ...dispatch, label, bindings: { ...bindings, step: steplist(s) }, flops, bytes: bytes / slabs.length });
  }
}

/** Threads that the fused schedule needs in a workgroup: each holds 8 columns of all. */
const fusedThreads = (width: number): number => Math.ceil(inVec4(width) / 2);
const threadLimit = ({ limits }: GPUDevice): number =>
  Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);

/** Whether a device can run the fused schedule at a hidden size. */
export const fusedFits = (device: GPUDevice, width: number): boolean => fusedThreads(width) <= threadLimit(device);

function fusedTiles({ gpu: { device } }: Plan, batch: number, width: number) {
  if (!fusedFits(device, width)) {
    throw new Error(
      `recurrence: schedule "fused" with hidden ${width} needs ${fusedThreads(width)} threads in a workgroup, this device allows ${threadLimit(device)}; use schedule "unrolled".`,
    );
  }
  return { columnThreads: fusedThreads(width), rowThreads: 1, workgroups: [1, Math.ceil(batch / 8)] as const };
}

/** A uniform for each value of the shader's `step`. */
function stepNumbers(plan: Plan, slabs: readonly number[]): (s: number) => Tensor {
  const specs: Record<string, TensorSpec> = Object.fromEntries(
    slabs.map((s) => [`step${s}`, { shape: [1], type: "u32" }]),
  );
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const { tensors } = plan.own(createTensors(plan.gpu, "steps", specs, usage));
  for (const s of slabs) writeTensor(plan.gpu, tensors[`step${s}`]!, [s]);
  return (s) => tensors[`step${s}`]!;
}

function shapeOf({ shape }: Tensor): [steps: number, batch: number, width: number] {
  const [steps = 0, batch = 0, width = 0] = shape;
  return [steps, batch, width];
}

function expectSweepShapes(operation: string, sweep: Sweep, steps: number, batch: number, width: number): void {
  expectShape(operation, sweep.hidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  expectShape(operation, sweep.recurrentWeight, "[H, H]", [width, width]);
  expectShape(operation, sweep.lengths, "[B]", [batch]);
}
