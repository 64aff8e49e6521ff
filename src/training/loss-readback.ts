// The way of the losses from their ring on the GPU to the host: a buffer for each submit that may be in flight.

import type { Plan } from "../gpu/plan";
import { createTensors, elements, type Tensor, type TensorGroup } from "../gpu/tensor";

/** The losses of one submit, on their way. */
export interface PendingLosses {
  readonly count: number;
  readonly buffer: TensorGroup<"losses" | "recorded">;
  readonly mapped: Promise<undefined>;
}

export class LossReadback {
  readonly #device: GPUDevice;
  readonly #ring: { readonly losses: Tensor; readonly recorded: Tensor };
  readonly #most: number;
  readonly #idle: PendingLosses["buffer"][];

  /**
   * @param plan owns the buffers.
   * @param ring as `lossRecord` fills it.
   * @param most submits in flight.
   */
  constructor(plan: Plan, ring: { readonly losses: Tensor; readonly recorded: Tensor }, most: number) {
    this.#device = plan.gpu.device;
    this.#ring = ring;
    this.#most = most;
    const specs = { losses: { shape: ring.losses.shape }, recorded: { shape: [1], type: "u32" } } as const;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.#idle = Array.from({ length: most }, () => plan.own(createTensors(plan.gpu, "losses", specs, usage)));
  }

  /** Whether no losses are on their way. */
  get idle(): boolean {
    return this.#idle.length === this.#most;
  }

  /** Submits what `encoder` holds, `count` training steps, and sends their losses on their way. */
  submit(encoder: GPUCommandEncoder, count: number): PendingLosses {
    const buffer = this.#idle.pop()!;
    for (const name of ["losses", "recorded"] as const) {
      const { offset, size } = buffer.tensors[name];
      encoder.copyBufferToBuffer(this.#ring[name].buffer, this.#ring[name].offset, buffer.buffer, offset, size);
    }
    this.#device.queue.submit([encoder.finish()]);
    const mapped = buffer.buffer.mapAsync(GPUMapMode.READ);
    mapped.catch(() => {}); // it is awaited later, or not at all
    return { count, buffer, mapped };
  }

  /** @throws what the mapping throws where the buffers were destroyed or the device was lost. */
  async read({ count, buffer: group, mapped }: PendingLosses): Promise<number[]> {
    await mapped;
    const { buffer, tensors } = group;
    const capacity = elements(tensors.losses.shape);
    const bytes = buffer.getMappedRange();
    const ring = new Float32Array(bytes, tensors.losses.offset, capacity);
    const first = new Uint32Array(bytes, tensors.recorded.offset, 1)[0]! - count;
    const values = Array.from({ length: count }, (_, i) => ring[(first + i) % capacity]!);
    buffer.unmap();
    this.#idle.push(group);
    return values;
  }

  /** What to tell of a `read` that threw. */
  async explain(failure: unknown): Promise<Error> {
    // The map fails a little before the loss of a device is told.
    const soon = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
    const lost = await Promise.race([this.#device.lost, soon]);
    const { message, name } = failure as Error;
    const cause = lost ? `the device was lost (${lost.message || lost.reason})` : `no losses (${message || name})`;
    return new Error(`Trainer: ${cause}; open the GPU again and go on from what was saved.`);
  }
}
