// Stamps of the device's clock at the beginning and the end of compute passes, and how fine that clock is.

import type { Gpu } from "./device";
import { Plan } from "./plan";
import { realise } from "./realise";
import type { KernelSource } from "./shader";

/** Room for pairs of stamps, one at the beginning and one at the end of a pass. */
export class Stamps {
  readonly #gpu: Gpu;
  readonly #querySet: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** @param pairs 2048 at most. */
  constructor(gpu: Gpu, pairs: number) {
    const bytes = 16 * pairs;
    this.#gpu = gpu;
    this.#querySet = gpu.device.createQuerySet({ type: "timestamp", count: 2 * pairs });
    this.#resolved = gpu.createBuffer("timestamps", bytes, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
    this.#staging = gpu.createBuffer("timestamps", bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** Begins a pass between the stamps of a pair. */
  begin(encoder: GPUCommandEncoder, pair: number): GPUComputePassEncoder {
    return encoder.beginComputePass({
      timestampWrites: {
        querySet: this.#querySet,
        beginningOfPassWriteIndex: 2 * pair,
        endOfPassWriteIndex: 2 * pair + 1,
      },
    });
  }

  /**
   * Submits what `encoder` holds.
   * @returns the stamps of the first `pairs` pairs, in nanoseconds, and how many milliseconds all took by the host's clock.
   */
  async read(encoder: GPUCommandEncoder, pairs: number): Promise<{ stamps: BigUint64Array; elapsed: number }> {
    encoder.resolveQuerySet(this.#querySet, 0, 2 * pairs, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16 * pairs);
    const begin = performance.now();
    const { result: mapped, errors } = this.#gpu.scoped(() => {
      this.#gpu.device.queue.submit([encoder.finish()]);
      const mapped = this.#staging.mapAsync(GPUMapMode.READ);
      mapped.catch(() => {}); // it is awaited below, unless an error says why it failed
      return mapped;
    });
    await this.#gpu.expectNone("timePlan", errors);
    await this.#gpu.answered("timePlan", mapped);
    const elapsed = performance.now() - begin;
    const stamps = new BigUint64Array(this.#staging.getMappedRange()).slice(0, 2 * pairs);
    this.#staging.unmap();
    return { stamps, elapsed };
  }

  destroy(): void {
    this.#querySet.destroy();
    this.#gpu.destroyBuffer(this.#resolved);
    this.#gpu.destroyBuffer(this.#staging);
  }
}

/** Next to nothing, so that stamps lie as close as they can. */
const tick: KernelSource = {
  shader: "tick",
  source: `var<storage, read_write> count: array<u32>;
@compute @workgroup_size(1) fn tick() { count[0] += 1u; }`,
  constants: {},
  flags: {},
};
const ticks = 64;
/** A clock that stands still for so long has steps that no dispatch should be repeated for. */
const patienceMilliseconds = 250;

/** How far two stamps differ at least where they differ, in milliseconds; undefined where none do. */
export async function clockStep(gpu: Gpu, stamps: Stamps): Promise<number | undefined> {
  const plan = new Plan("clock", gpu.traits);
  const count = plan.tensor("count", [1], { type: "u32" });
  plan.add({ label: "tick", kernel: tick, bindings: { count }, workgroups: [1], flops: 0 });
  const program = await realise(plan, gpu, { operation: "timePlan", what: "clock", owner: gpu.lifetime });
  try {
    const [once] = [...program.steps()];
    const seen = new Set<bigint>();
    const end = performance.now() + patienceMilliseconds;
    do {
      const encoder = gpu.device.createCommandEncoder({ label: "clock" });
      for (let pair = 0; pair < ticks; pair++) {
        const pass = stamps.begin(encoder, pair);
        if (once?.kind === "dispatch") program.encodeDispatch(pass, once);
        pass.end();
      }
      for (const stamp of (await stamps.read(encoder, ticks)).stamps) seen.add(stamp);
      seen.delete(0n); // what some devices answer for no stamp
    } while (seen.size < 2 && performance.now() < end);
    const sorted = [...seen].sort((a, b) => (a < b ? -1 : 1));
    const gaps = sorted.slice(1).map((stamp, i) => Number(stamp - sorted[i]!) / 1e6); // from ns
    return gaps.length > 0 ? gaps.reduce((least, gap) => Math.min(least, gap)) : undefined;
  } finally {
    program.destroy();
  }
}
