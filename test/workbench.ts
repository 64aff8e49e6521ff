// Runs operations on a real device inside error scopes, with canaries behind every buffer.

import { afterEach, beforeAll, expect } from "vitest";
import { openNodeGpu } from "../demo/terminal/node-gpu";
import type { Gpu } from "../src/gpu/device";
import { openGpu } from "../src/gpu/open";
import { Plan } from "../src/gpu/plan";
import type { Program } from "../src/gpu/program";
import { realise } from "../src/gpu/realise";
import { matrixOf, padded, type Tensor, type TensorSpec, unpadded, usageOf } from "../src/gpu/tensor";
import type { Slabs } from "../src/ops/operands";

const canaryBytes = 4096;
const canary = 0x7fc0beef; // a NaN that no computation makes

let shared: Promise<Gpu> | undefined;
const errors: string[] = [];

async function openShared(): Promise<Gpu> {
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu });
  gpu.device.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
  return gpu;
}

/**
 * One device for all test files of a process, with what it has compiled: no test leaves it other than it was. An error that
 * no scope caught fails a test.
 */
export function useGpu(): () => Gpu {
  let gpu: Gpu;
  beforeAll(async () => {
    shared ??= openShared();
    gpu = await shared;
  });
  afterEach(async () => {
    await gpu.device.queue.onSubmittedWorkDone(); // an error may come only with a later turn
    expect(errors.splice(0)).toEqual([]);
  });
  return () => gpu;
}

/** A software adapter gets other workgroups than a GPU; this one gets a GPU's. */
export const asOnGpu = (gpu: Gpu): Gpu =>
  Object.assign(gpu, { traits: { ...gpu.traits, software: false, quads: false } });

/** Does something while a device is taken for a GPU, which it is not afterwards. */
export async function takenForGpu(gpu: Gpu, work: () => Promise<void>): Promise<void> {
  const { traits } = gpu;
  asOnGpu(gpu);
  try {
    await work();
  } finally {
    Object.assign(gpu, { traits });
  }
}

/** What runs a plan. */
export const programOf = (gpu: Gpu, plan: Plan): Promise<Program> =>
  realise(plan, gpu, { operation: "test", what: "program", owner: gpu.lifetime });

/** Tensors with canaries, and a plan over them. */
export class Workbench {
  readonly gpu: Gpu;
  readonly plan: Plan;
  readonly #tensors: Tensor[] = [];
  readonly #scratch = new Set<Tensor>();
  readonly #buffers: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.plan = new Plan("test", gpu.traits);
  }

  /**
   * A tensor that holds `data`, or zeros. Its binding reaches into the canaries, so that a store past it shows.
   * @param kept whether its padding must still be zero in the end.
   */
  tensor(
    name: string,
    shape: readonly number[],
    data?: ArrayLike<number>,
    more: Omit<TensorSpec, "shape"> = {},
    kept = true,
  ): Tensor {
    const spec = { type: "f32", ...more, shape } as const;
    const { storedRows, storedWidth } = matrixOf(spec);
    const size = storedRows * storedWidth * 4;
    const buffer = this.gpu.createBuffer(name, size + canaryBytes, usageOf("uniform"));
    this.#buffers.push(buffer);
    const { queue } = this.gpu.device;
    if (data) queue.writeBuffer(buffer, 0, padded(spec, data) as Float32Array<ArrayBuffer>);
    queue.writeBuffer(buffer, size, new Uint32Array(canaryBytes / 4).fill(canary));
    const bound = Math.floor((size + canaryBytes) / 16) * 16;
    const tensor = { ...spec, name, buffer, offset: 0, size: bound };
    this.#tensors.push(tensor);
    if (!kept) this.#scratch.add(tensor);
    return tensor;
  }

  /**
   * `count` slabs of a gradient of this shape and of its bias, one behind the other, as `parts` [count, rows, width]: the
   * bias is in row `biasRow` of each.
   */
  slabs(name: string, shape: readonly number[], count: number) {
    const { storedRows, storedWidth, width } = matrixOf({ shape });
    const biasRow = storedRows + Math.ceil(256 / (4 * storedWidth)) * 4; // far enough for an offset of its own
    const rows = biasRow + 4;
    const parts = this.tensor(name, [count, rows, width]);
    const strideBytes = rows * storedWidth * 4;
    const tail = parts.size - count * strideBytes; // the canaries
    const tensor = { ...parts, shape, size: storedRows * storedWidth * 4 };
    const offset = biasRow * storedWidth * 4;
    const bias = { ...parts, shape: [width], offset, size: 4 * storedWidth * 4 + tail };
    const slabs: Slabs = { tensor, count, strideBytes };
    const biasSlabs: Slabs = { tensor: bias, count, strideBytes };
    return { parts, slabs, biasSlabs, biasRow };
  }

  /**
   * Runs the plan, and answers each named tensor's values.
   * @throws for a device error, a canary that was overwritten, or padding that is no longer zero.
   */
  async run<Name extends string>(wanted: Record<Name, Tensor>): Promise<Record<Name, Float32Array>> {
    let program: Program | undefined;
    try {
      program = await programOf(this.gpu, this.plan);
      await this.gpu.checked("test", () => program?.run());
      const values = new Map<Tensor, Float32Array>();
      for (const tensor of this.#tensors) values.set(tensor, await this.#read(tensor));
      const entries = Object.entries<Tensor>(wanted).map(([name, tensor]) => [name, values.get(tensor)!]);
      return Object.fromEntries(entries) as Record<Name, Float32Array>;
    } finally {
      program?.destroy();
      this.destroy();
    }
  }

  destroy(): void {
    for (const buffer of this.#buffers.splice(0)) this.gpu.destroyBuffer(buffer);
  }

  async #read(tensor: Tensor): Promise<Float32Array> {
    const { device } = this.gpu;
    const { buffer, name } = tensor;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = device.createBuffer({ size: buffer.size, usage });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    const { storedRows, storedWidth } = matrixOf(tensor);
    const stored = storedRows * storedWidth;
    const words = new Uint32Array(bytes);
    for (let i = stored; i < stored + canaryBytes / 4; i++) {
      if (words[i] !== canary) throw new Error(`"${name}": canary ${i - stored} past its end was overwritten`);
    }
    const values = unpadded(tensor, bytes, 0) as Float32Array;
    const clean = new Uint32Array(padded(tensor, values).buffer);
    for (let i = 0; i < stored && !this.#scratch.has(tensor); i++) {
      const isZero = (words[i]! & 0x7fffffff) === 0; // of either sign
      if (clean[i] === 0 && !isZero) throw new Error(`"${name}": padding at ${i} is not zero`);
    }
    return values;
  }
}

/** The sum of what `Workbench.slabs` holds, for a gradient of this shape, from `firstRow` of each slab on. */
export function sumOfSlabs(parts: Float32Array, shape: readonly number[], count: number, firstRow = 0): Float64Array {
  const { rows, width } = matrixOf({ shape });
  const sum = new Float64Array(rows * width);
  for (let z = 0; z < count; z++) {
    const start = z * (parts.length / count) + firstRow * width;
    for (let i = 0; i < sum.length; i++) sum[i]! += parts[start + i]!;
  }
  return sum;
}

/** What a training step's number is read from: step 7. */
export const stepOf = (bench: Workbench): Tensor => bench.tensor("step", [2], [7, 0], { type: "u32" });
