// What every operation does before it adds a dispatch: check shapes, and choose workgroups.

import type { Gpu } from "../gpu/device";
import type { KernelSource } from "../gpu/kernel";
import type { Plan } from "../gpu/plan";
import { elements, type Tensor } from "../gpu/tensor";

/** @throws where a tensor's shape is not the expected one; `what` names the dimensions, as in "[T, B, H]". */
export function expectShape(operation: string, tensor: Tensor, what: string, expected: readonly number[]): void {
  const { name, shape } = tensor;
  if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i])) {
    throw new Error(
      `${operation}: "${name}" has shape [${shape.join(", ")}], expected ${what} = [${expected.join(", ")}].`,
    );
  }
}

/** The matrix a tensor stands for: all dimensions but the last are rows. */
export function rowsAndWidth({ shape }: Tensor): [rows: number, width: number] {
  return [elements(shape.slice(0, -1)), shape.at(-1) ?? 1];
}

/** Width in vec4f, as stored. */
export const inVec4 = (width: number): number => Math.ceil(width / 4);

/** Threads of a one-dimensional workgroup. Software adapters run a workgroup on one core: small ones share out better. */
export const lineOfThreads = (gpu: Gpu): number => (gpu.software ? 16 : 64);

/** A workgroup of threads that each compute 8 rows × 8 columns, and how many cover a matrix. */
export function tiles(gpu: Gpu, rows: number, width: number) {
  const across = Math.ceil(inVec4(width) / 2);
  const down = Math.ceil(rows / 8);
  const columnThreads = Math.min(across, gpu.software ? 4 : 8);
  const rowThreads = Math.min(down, gpu.software ? 1 : 8);
  return {
    columnThreads,
    rowThreads,
    workgroups: [Math.ceil(across / columnThreads), Math.ceil(down / rowThreads)] as const,
  };
}

/** A workgroup of threads that each compute one vec4f, and how many cover a matrix. */
export function cells(gpu: Gpu, rows: number, width: number) {
  const across = inVec4(width);
  const columnThreads = Math.min(across, 8);
  const rowThreads = Math.min(rows, lineOfThreads(gpu) / 8);
  return {
    columnThreads,
    rowThreads,
    workgroups: [Math.ceil(across / columnThreads), Math.ceil(rows / rowThreads)] as const,
  };
}

/**
 * Where a gradient that sums over many rows is written: slab z of `tensor` takes a part of the sum, and `slabStride`
 * bytes lie between slabs. `slabSum` adds them up. A plain tensor is one slab.
 */
export interface Slabs {
  readonly tensor: Tensor;
  readonly count: number;
  readonly strideBytes: number;
}

export const oneSlab = (tensor: Tensor): Slabs => ({ tensor, count: 1, strideBytes: 0 });

/** The binding that covers all slabs. */
export function slabsBinding({ tensor, count, strideBytes }: Slabs): Tensor {
  return { ...tensor, size: tensor.size + (count - 1) * strideBytes };
}

/** What every optimizer works on: tensors of one shape. */
export interface UpdateTensors {
  gradient: Tensor;
  parameter: Tensor;
}

/** Adds a dispatch with a thread for each vec4f of the parameters. @throws where shapes differ. */
export function addUpdate(
  plan: Plan,
  kernel: Omit<KernelSource, "constants">,
  bindings: UpdateTensors & Record<string, Tensor>,
): void {
  const { parameter, update: _, ...alike } = bindings;
  for (const tensor of Object.values(alike))
    expectShape(kernel.shader, tensor, "the parameter's shape", parameter.shape);
  const [rows, width] = rowsAndWidth(parameter);
  const size = rows * inVec4(width);
  const threads = lineOfThreads(plan.gpu);
  plan.add({
    label: `update, ${kernel.shader}`,
    kernel: { ...kernel, constants: { size, threads } },
    bindings,
    workgroups: [Math.ceil(size / threads)],
    flops: 2 * rows * width,
  });
}
