// What every operation does before it adds a dispatch: check shapes, and choose workgroups.

import rowsShader from "../../shaders/rows.wgsl?raw";
import type { Plan } from "../gpu/plan";
import type { KernelSource } from "../gpu/shader";
import { elements, matrixOf, type PlannedTensor } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { lineThreads, rowThreads } from "./thresholds";

/** @throws where a tensor's shape is not the expected one; `what` names the dimensions, as in "[T, B, H]". */
export function expectShape(operation: string, tensor: PlannedTensor, what: string, expected: readonly number[]): void {
  const { name, shape } = tensor;
  if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i])) {
    throw new Error(
      `${operation}: "${name}" has shape [${shape.join(", ")}], expected ${what} = [${expected.join(", ")}].`,
    );
  }
}

/** The matrix a tensor stands for: all dimensions but the last are rows. */
export function rowsAndWidth({ shape }: PlannedTensor): [rows: number, width: number] {
  return [elements(shape.slice(0, -1)), shape.at(-1) ?? 1];
}

/** A width of one part, in vec4f. */
export const inVec4 = (width: number): number => Math.ceil(width / 4);

/** A tensor's width as stored, in vec4f. */
export const storedVec4 = (tensor: PlannedTensor): number => matrixOf(tensor).storedWidth / 4;

/**
 * A thread for each of `count` things: the workgroup, and how many in x and y; `across` threads lie in x, so that the
 * shader's index is id.x + across · id.y. More than a grid's width in x go on in y.
 * @param more workgroups beside those
 */
export function line({ limits }: DeviceTraits, count: number, more = 0) {
  const threads = lineThreads;
  const groups = Math.ceil(count / threads) + more;
  const x = Math.min(groups, limits.maxComputeWorkgroupsPerDimension);
  return { threads, across: x * threads, workgroups: [x, Math.ceil(groups / x)] as const };
}

/** A workgroup for each of `rows` long rows: its threads, and how many workgroups lie in x; the rest go on in y. */
export function workgroupRows({ limits, software }: DeviceTraits, rows: number) {
  const across = Math.min(rows, limits.maxComputeWorkgroupsPerDimension);
  const threads = software ? rowThreads.processor : rowThreads.gpu;
  return { threads, across, workgroups: [across, Math.ceil(rows / across)] as const };
}

/** Where what is not finite is noted. */
export interface Noting {
  /** u32 [1]: set to the training step where something is not finite, if it was 0; else it stays. */
  readonly notFinite: PlannedTensor;
  /** u32 [2], a uniform: the training step, from 1 */
  readonly step: PlannedTensor;
}

/**
 * Where a gradient that sums over many rows is written: slab z of `tensor` takes a part of the sum, and `slabStride`
 * bytes lie between slabs. `slabSum` adds them up. A plain tensor is one slab.
 */
export interface Slabs {
  readonly tensor: PlannedTensor;
  readonly count: number;
  readonly strideBytes: number;
  /** Add to what is there. */
  readonly accumulate?: boolean;
  /** Note what is stored and not finite. */
  readonly noting?: Noting;
}

export const oneSlab = (tensor: PlannedTensor): Slabs => ({ tensor, count: 1, strideBytes: 0 });

/** The binding that covers all slabs. */
export function slabsBinding({ tensor, count, strideBytes }: Slabs): PlannedTensor {
  return { ...tensor, size: tensor.size + (count - 1) * strideBytes };
}

/**
 * The binding that covers all slabs of a gradient and of another, which lies behind it in the same buffer, and where
 * that one begins in it, in vec4f: two bindings of one buffer may not overlap where a shader writes.
 */
export function slabsBindingWith(first: Slabs, behind: Slabs): { binding: PlannedTensor; start: number } {
  const start = behind.tensor.offset - first.tensor.offset;
  if (behind.tensor.buffer !== first.tensor.buffer || start < first.tensor.size || behind.count !== first.count) {
    throw new Error(
      `slabs: "${behind.tensor.name}" does not lie behind "${first.tensor.name}", expected one buffer and ${first.count} slabs.`,
    );
  }
  return { binding: { ...slabsBinding(first), size: start + slabsBinding(behind).size }, start: start / 16 };
}

/** What every optimizer works on: tensors of one shape. */
export interface UpdateTensors {
  gradient: PlannedTensor;
  parameter: PlannedTensor;
}

/** What an optimizer takes beside them. */
export interface SparseUpdate {
  /** Where the gradient is of some rows alone, i32 [R]: which row of the parameter each of its R is of, each once; −1 of none. */
  rows?: PlannedTensor | undefined;
}

/**
 * Adds a dispatch with a thread for each vec4f of the gradient, which stands behind rows.wgsl.
 * @param rows as `SparseUpdate` has them
 * @throws where shapes differ.
 */
export function addUpdate(
  plan: Plan,
  kernel: Omit<KernelSource, "constants">,
  bindings: UpdateTensors & Record<string, PlannedTensor>,
  rows: PlannedTensor | undefined,
): void {
  const { parameter, gradient, update: _, ...state } = bindings;
  for (const tensor of Object.values(rows ? state : { gradient, ...state }))
    expectShape(kernel.shader, tensor, "the parameter's shape", parameter.shape);
  const [count, width] = rowsAndWidth(gradient);
  if (rows) {
    expectShape(kernel.shader, gradient, "[R, the parameter's width]", [count, rowsAndWidth(parameter)[1]]);
    expectShape(kernel.shader, rows, "[R]", [count]);
  }
  const size = count * inVec4(width);
  const { workgroups, ...constants } = line(plan.traits, size);
  plan.add({
    label: `update, ${kernel.shader}${rows ? ", of some rows" : ""}`,
    kernel: {
      shader: kernel.shader,
      source: `${rowsShader}\n${kernel.source}`,
      constants: { size, width: inVec4(width), ...constants },
      flags: { ...kernel.flags, sparse: rows !== undefined },
    },
    bindings: { ...bindings, ...(rows && { rows }) },
    workgroups,
    flops: 2 * count * width,
  });
}
