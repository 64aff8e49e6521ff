// The way of the losses from their ring on the GPU to the host, and of what says which steps were skipped: a buffer for each
// submit that may be in flight.

import type { Gpu } from "../gpu/device";
import type { Plan } from "../gpu/plan";
import { elements, type PlannedGroup, type Tensor, type TensorGroup, type TensorSpec } from "../gpu/tensor";

/** What is read of each training step. */
interface StepTensors {
  /** f32 [capacity] and u32 [1], as `lossRecord` fills them. */
  readonly losses: Tensor;
  readonly recorded: Tensor;
  /** u32 [1]: the first step that changed nothing, 0 before. */
  readonly notFinite: Tensor;
  /** u32 [1], in mixed precision: the last step, where it overflowed for the loss's scale, else 0. */
  readonly overflowed: Tensor | undefined;
}

type Buffer = TensorGroup<"losses" | "recorded" | "notes" | "overflows">;

/** Adds the buffers of `submits` submits in flight to a plan. */
export function planLossReadback(
  plan: Plan,
  { shape }: TensorSpec,
  submits: number,
): PlannedGroup<keyof Buffer["tensors"]>[] {
  const specs = {
    losses: { shape },
    recorded: { shape: [1], type: "u32" },
    notes: { shape, type: "u32" },
    overflows: { shape, type: "u32" },
  } as const;
  return Array.from({ length: submits }, () => plan.group("losses", specs, "readback"));
}

/** What is read of the steps of a submit. */
export interface StepResults {
  readonly losses: readonly number[];
  /** What was noted of what is not finite, as `encodeNote` placed it. */
  readonly notes: readonly number[];
  /** Of each step, its number where it overflowed, else 0. */
  readonly overflows: readonly number[];
}

/** The losses of one submit, on their way. */
export interface PendingLosses {
  readonly count: number;
  readonly buffer: Buffer;
  readonly mapped: Promise<undefined>;
}

export class LossReadback {
  readonly #device: GPUDevice;
  readonly #tensors: StepTensors;
  readonly #most: number;
  readonly #idle: Buffer[];

  /** @param buffers one for each submit in flight. */
  constructor(gpu: Gpu, tensors: StepTensors, buffers: readonly Buffer[]) {
    this.#device = gpu.device;
    this.#tensors = tensors;
    this.#most = buffers.length;
    this.#idle = [...buffers];
  }

  /** Whether no losses are on their way. */
  get idle(): boolean {
    return this.#idle.length === this.#most;
  }

  /** A buffer for the next submit. */
  take(): Buffer {
    return this.#idle.pop()!;
  }

  /** Encodes that what was noted so far is kept as a note of this number. */
  encodeNote(encoder: GPUCommandEncoder, { buffer, tensors }: Buffer, number: number): void {
    const { notFinite } = this.#tensors;
    encoder.copyBufferToBuffer(notFinite.buffer, notFinite.offset, buffer, tensors.notes.offset + 4 * number, 4);
  }

  /** Encodes whether the step in place `slot` overflowed. */
  encodeOverflow(encoder: GPUCommandEncoder, { buffer, tensors }: Buffer, slot: number): void {
    const { overflowed: from } = this.#tensors;
    if (from) encoder.copyBufferToBuffer(from.buffer, from.offset, buffer, tensors.overflows.offset + 4 * slot, 4);
  }

  /** Submits what `encoder` holds, `count` training steps, and sends their losses on their way. */
  submit(encoder: GPUCommandEncoder, buffer: Buffer, count: number): PendingLosses {
    for (const name of ["losses", "recorded"] as const) {
      const from = this.#tensors[name];
      const { offset, size } = buffer.tensors[name];
      encoder.copyBufferToBuffer(from.buffer, from.offset, buffer.buffer, offset, size);
    }
    this.#device.queue.submit([encoder.finish()]);
    const mapped = buffer.buffer.mapAsync(GPUMapMode.READ);
    mapped.catch(() => {}); // it is awaited later, or not at all
    return { count, buffer, mapped };
  }

  /** Takes a buffer back whose losses are not read, as its submit failed. */
  async giveBack({ buffer, mapped }: PendingLosses): Promise<void> {
    await mapped.then(() => buffer.buffer.unmap()).catch(() => {}); // not mapped, where it was never written
    this.#idle.push(buffer);
  }

  /** @throws what the mapping throws where the buffers were destroyed or the device was lost. */
  async read({ count, buffer: group, mapped }: PendingLosses): Promise<StepResults> {
    await mapped;
    const { buffer, tensors } = group;
    const capacity = elements(tensors.losses.shape);
    const bytes = buffer.getMappedRange();
    const ring = new Float32Array(bytes, tensors.losses.offset, capacity);
    const [notes, overflows] = [tensors.notes, tensors.overflows].map(({ offset }) => [
      ...new Uint32Array(bytes, offset, count),
    ]) as [number[], number[]];
    const first = new Uint32Array(bytes, tensors.recorded.offset, 1)[0]! - count;
    const losses = Array.from({ length: count }, (_, i) => ring[(first + i) % capacity]!);
    buffer.unmap();
    this.#idle.push(group);
    return { losses, notes, overflows };
  }
}
