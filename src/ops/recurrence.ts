// Puts the two sweeps through time on a plan, for any cell, in either schedule: they compute the same numbers.

import recurrenceShader from "../../shaders/recurrence.wgsl?raw";
import tileShader from "../../shaders/tile.wgsl?raw";
import type { Cell } from "../cells/cell";
import type { Plan } from "../gpu/plan";
import { createTensors, roundUp, type Tensor, type TensorSpec, writeTensor } from "../gpu/tensor";
import { expectShape, inVec4, type TileShape, tileRows, tiles } from "./operands";

/**
 * How a sweep is dispatched. `fused`: one dispatch for all steps, a workgroup keeps its rows of the batch.
 * `unrolled`: one dispatch a step (the GRU that resets first: two), for wide networks.
 */
export type Schedule = "fused" | "unrolled";

export interface Sweep {
  cell: Cell;
  schedule: Schedule;
  /** From the last time step to the first. */
  reverse: boolean;
  /** Which part of hidden's width is this direction's. */
  part: number;
  /** U [H, G·H] */
  recurrentWeight: Tensor;
  /** i32 [B]: steps of each sequence; in other steps state and gradient pass on as they are. */
  lengths: Tensor;
  /** a = x·W + b, [T, B, G·H]. The forward sweep leaves the cell's gates here, the backward sweep their gradients. */
  gate: Tensor;
  /** [T + 1, B, D·H]: slab 0 is h_0, slab t is h_t. With two directions one slab more, the reverse one's initial state. */
  hidden: Tensor;
  /** Where the cell has one: c [T + 1, B, H] in sweep order, slab 0 is c_0. */
  cellState?: Tensor | undefined;
  /** Where the cell has one: [T, B, H], and b_r [H]. */
  candidate?: Tensor | undefined;
  recurrentBias?: Tensor | undefined;
}

export interface BackwardSweep extends Sweep {
  /** dL/dh from what reads the layer: [T, B, D·H], or [B, D·H] at the end of the sweep. */
  dOutput: Tensor;
  /** [1, B, H], with a cell state [2, B, H]: what passes back beside the product; afterwards the gradient of c_0. */
  carry: Tensor;
  /** [T + 1, B, H]: where wanted, dL/dh by all paths, in sweep order, slab 0 for h_0. */
  dHidden?: Tensor | undefined;
}

/** gate += h·U, then the cell, for every step. @throws where shapes do not fit, or `fused` does not fit the device. */
export function recurrenceForward(plan: Plan, sweep: Sweep): void {
  const size = sizeOf("recurrenceForward", sweep);
  const values = Array.from({ length: size.steps }, (_, i) => i);
  addSweep(plan, sweep, {
    ...size,
    forward: true,
    values,
    bindings: {},
    flags: { lastStep: false, hiddenGradient: false },
  });
}

/** dh from what comes later, then the cell's gradients, back through time. @throws as `recurrenceForward`. */
export function recurrenceBackward(plan: Plan, sweep: BackwardSweep): void {
  const { dOutput, carry, dHidden, hidden, cell } = sweep;
  const size = sizeOf("recurrenceBackward", sweep);
  const { steps, batch, width } = size;
  const lastStep = dOutput.shape.length === 2;
  const outputs = hidden.shape.at(-1)!;
  expectShape("recurrenceBackward", dOutput, "[T, B, D·H]", lastStep ? [batch, outputs] : [steps, batch, outputs]);
  expectShape("recurrenceBackward", carry, "[carries, B, H]", [cell.cellState ? 2 : 1, batch, width]);
  if (dHidden) expectShape("recurrenceBackward", dHidden, "[T + 1, B, H]", [steps + 1, batch, width]);
  const bindings = { dOutput, carry, ...(dHidden && { dHidden }) };
  const flags = { lastStep, hiddenGradient: dHidden !== undefined };
  const first = dHidden ? 0 : 1;
  const values = Array.from({ length: steps + 1 - first }, (_, i) => steps - i);
  addSweep(plan, sweep, { ...size, forward: false, values, bindings, flags });
}

interface Directed {
  steps: number;
  batch: number;
  width: number;
  forward: boolean;
  /** The values of the shader's `step`, in order. */
  values: number[];
  bindings: Record<string, Tensor>;
  flags: Record<string, boolean>;
}

function addSweep(plan: Plan, sweep: Sweep, directed: Directed): void {
  const { cell, schedule, reverse, part, hidden, recurrentWeight, lengths, gate } = sweep;
  const { steps, batch, width, forward, values } = directed;
  const fused = schedule === "fused";
  const shape = { quads: plan.gpu.quads, tall: !plan.gpu.quads };
  const { workgroups, ...threads } = fused
    ? fusedTiles(plan, batch, width, shape)
    : tiles(plan.gpu, batch, width, shape);
  const { candidate, recurrentBias, cellState } = sweep;
  const bindings: Record<string, Tensor> = {
    ...directed.bindings,
    recurrentWeight,
    lengths,
    gate,
    hidden,
    ...(candidate && (forward || cell.candidate === "apart") && { candidate }),
    ...(recurrentBias && forward && { recurrentBias }),
    ...(cellState && { cellState }),
  };
  const dispatch = (phaseTwo: boolean) => ({
    kernel: {
      shader: `${cell.name} recurrence`,
      source: `${tileShader}\n${cell.source}\n${recurrenceShader}`,
      constants: {
        steps,
        batch,
        width: inVec4(width),
        gates: cell.gates,
        summed: cell.candidate ? cell.gates - 1 : cell.gates,
        lastGate: cell.gates - (cell.candidate === "apart" ? 2 : 1),
        stride: inVec4(width) * (hidden.parts ?? 1),
        offset: inVec4(width) * part,
        ...(fused && { sweepSteps: values.length }),
        ...threads,
        tileRows: tileRows(shape),
      },
      flags: {
        ...cell.flags,
        ...directed.flags,
        ...shape,
        forward,
        reverse,
        unrolled: !fused,
        phaseTwo,
        candidate: cell.candidate !== undefined && (forward || cell.candidate === "apart"),
        apart: cell.candidate === "apart",
        second: cell.candidate === "second",
      },
    },
    workgroups,
  });
  const products = forward ? steps : values.length - 1;
  const flops = 2 * batch * width * width * cell.gates;
  const name = `${cell.name} ${forward ? "forward" : "backward"}${reverse ? ", reverse" : ""}`;
  if (fused) {
    plan.add({ ...dispatch(false), label: name, bindings, flops: products * flops });
    return;
  }
  const stepOf = stepNumbers(plan, values);
  const bytes = Object.values(bindings).reduce((sum, { size }) => sum + size, 0) / values.length;
  for (const s of values) {
    const step = stepOf(s);
    const label = `${name}, step ${forward ? s + 1 : s}`;
    const work = { bindings: { ...bindings, step }, bytes };
    const share = cell.candidate === "second" ? flops / cell.gates : 0; // of the second product
    plan.add({ ...dispatch(false), ...work, label, flops: !forward && s === steps ? 0 : flops - share });
    if (share > 0) plan.add({ ...dispatch(true), ...work, label: `${label}, candidate`, flops: share });
  }
}

/** Threads that the fused schedule needs in a workgroup: each holds 8 columns of all. */
const fusedThreads = (width: number): number => roundUp(Math.ceil(inVec4(width) / 2), 4); // whole quads
const threadLimit = ({ limits }: GPUDevice): number =>
  Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);

/** Whether a device can run the fused schedule at a hidden size. */
export const fusedFits = (device: GPUDevice, width: number): boolean => fusedThreads(width) <= threadLimit(device);

function fusedTiles(plan: Plan, batch: number, width: number, shape: TileShape) {
  const { device } = plan.gpu;
  if (!fusedFits(device, width)) {
    throw new Error(
      `recurrence: schedule "fused" with hidden ${width} needs ${fusedThreads(width)} threads in a workgroup, this device allows ${threadLimit(device)}; use schedule "unrolled".`,
    );
  }
  return {
    columnThreads: fusedThreads(width),
    rowThreads: 1,
    workgroups: [1, Math.ceil(batch / tileRows(shape))] as const,
  };
}

/** A uniform for each value of the shader's `step`. */
function stepNumbers(plan: Plan, values: readonly number[]): (s: number) => Tensor {
  const specs: Record<string, TensorSpec> = Object.fromEntries(
    values.map((s) => [`step${s}`, { shape: [1], type: "u32" }]),
  );
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const { tensors } = plan.own(createTensors(plan.gpu, "steps", specs, usage));
  for (const s of values) writeTensor(plan.gpu, tensors[`step${s}`]!, [s]);
  return (s) => tensors[`step${s}`]!;
}

function sizeOf(operation: string, sweep: Sweep): { steps: number; batch: number; width: number } {
  const { cell, recurrentWeight, lengths, gate, hidden, cellState, candidate, recurrentBias } = sweep;
  const [width = 0] = recurrentWeight.shape;
  const [steps = 0, batch = 0] = gate.shape;
  const directions = hidden.parts ?? 1;
  expectShape(operation, recurrentWeight, "[H, G·H]", [width, cell.gates * width]);
  expectShape(operation, gate, "[T, B, G·H]", [steps, batch, cell.gates * width]);
  expectShape(operation, hidden, "[T + D, B, D·H]", [steps + directions, batch, directions * width]);
  expectShape(operation, lengths, "[B]", [batch]);
  if (cellState) expectShape(operation, cellState, "[T + 1, B, H]", [steps + 1, batch, width]);
  if (candidate) expectShape(operation, candidate, "[T, B, H]", [steps, batch, width]);
  if (recurrentBias) expectShape(operation, recurrentBias, "[H]", [width]);
  return { steps, batch, width };
}
