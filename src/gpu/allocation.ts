// The buffers of a device that a plan's buffers and numbers have become.

import type { Constant } from "./bound";
import { constantStride, numbersLabel, placeConstants } from "./describe";
import type { Gpu } from "./device";
import { type AnyBuffer, PlannedBuffer, usageOf } from "./tensor";

export class Allocation {
  readonly #gpu: Gpu;
  readonly #outer: Allocation | undefined;
  readonly #buffers = new Map<PlannedBuffer, GPUBuffer>();
  readonly #constants = new Map<Constant, { buffer: GPUBuffer; offset: number }>();
  readonly #numbers: GPUBuffer[] = [];

  /** @param outer whose buffers serve where it has them. */
  constructor(gpu: Gpu, outer?: Allocation) {
    this.#gpu = gpu;
    this.#outer = outer;
  }

  /** Makes what is not there yet. @throws where a buffer is larger than the device allows. */
  make(buffers: readonly PlannedBuffer[], constants: readonly Constant[]): void {
    for (const planned of buffers) {
      if (this.#made(planned)) continue;
      const buffer = this.#gpu.createBuffer(planned.label, planned.size, usageOf(planned.use));
      this.#buffers.set(planned, buffer);
      for (const { offset, data } of planned.contents) this.#gpu.write(buffer, offset, data);
    }
    const fresh = constants.filter((constant) => !this.#constants.has(constant));
    if (fresh.length > 0) this.#makeNumbers(fresh);
  }

  #makeNumbers(constants: readonly Constant[]): void {
    const { offsets, bytes } = placeConstants(constants);
    const { UNIFORM, COPY_DST } = GPUBufferUsage;
    const buffer = this.#gpu.createBuffer(numbersLabel, bytes, UNIFORM | COPY_DST);
    this.#numbers.push(buffer);
    this.#gpu.write(buffer, 0, () => {
      const data = new ArrayBuffer(buffer.size);
      for (const [i, constant] of constants.entries()) {
        for (let run = 0; run < constant.count; run++) {
          constant.write(new DataView(data, offsets[i]! + run * constantStride(constant), constant.bytes), run);
        }
      }
      return data;
    });
    for (const [i, constant] of constants.entries()) this.#constants.set(constant, { buffer, offset: offsets[i]! });
  }

  #made(planned: PlannedBuffer): GPUBuffer | undefined {
    const own = this.#buffers.get(planned);
    return own || !this.#outer ? own : this.#outer.#made(planned);
  }

  /** @throws where a plan's buffer is of another plan. */
  bufferOf(buffer: AnyBuffer): GPUBuffer {
    if (!(buffer instanceof PlannedBuffer)) return buffer;
    const made = this.#made(buffer);
    if (!made)
      throw new Error(`Program: "${buffer.label}" is of another plan, expected one of its own or of a device.`);
    return made;
  }

  /** Where a constant's first value lies. */
  placeOf(constant: Constant): { buffer: GPUBuffer; offset: number } {
    return this.#constants.get(constant)!;
  }

  /** Frees all buffers but these. */
  retain(buffers: readonly PlannedBuffer[]): void {
    const kept = new Set(buffers);
    for (const [planned, buffer] of this.#buffers) {
      if (kept.has(planned)) continue;
      this.#gpu.destroyBuffer(buffer);
      this.#buffers.delete(planned);
    }
  }

  destroy(): void {
    for (const buffer of [...this.#buffers.values(), ...this.#numbers]) this.#gpu.destroyBuffer(buffer);
    this.#buffers.clear();
    this.#numbers.length = 0;
  }
}
