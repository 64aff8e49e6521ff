// Times the dispatches of a plan, each by itself, with the device's own clock.

import type { Plan } from "./plan";

/**
 * Runs a compiled plan `runs` times and times each dispatch of its own: the best of its runs, in milliseconds, in the
 * order of `plan.describe().lines` (behind those of parts, which are not run). What it computes is computed: the plan of
 * a trainer updates the parameters at each run.
 * @returns undefined where the device has no "timestamp-query".
 */
export async function timePlan(plan: Plan, runs: number): Promise<number[] | undefined> {
  const { gpu } = plan;
  const { device } = gpu;
  if (!device.features.has("timestamp-query")) return undefined;
  const count = plan.length;
  const most = 2048; // dispatches that a query set has room for
  const best = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * Math.min(count, most) });
  const bytes = 16 * Math.min(count, most);
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = gpu.createBuffer("timestamps", bytes, usage);
  const staging = gpu.createBuffer("timestamps", bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  try {
    for (let run = 0; run < runs; run++) {
      for (let first = 0; first < count; first += most) {
        const here = Math.min(most, count - first);
        const encoder = device.createCommandEncoder({ label: "timing" });
        for (let i = 0; i < here; i++) {
          const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
          const pass = encoder.beginComputePass({ timestampWrites });
          plan.encodeDispatch(pass, first + i);
          pass.end();
        }
        encoder.resolveQuerySet(querySet, 0, 2 * here, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
        device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        const times = new BigInt64Array(staging.getMappedRange());
        for (let i = 0; i < here; i++) {
          best[first + i] = Math.min(best[first + i]!, Number(times[2 * i + 1]! - times[2 * i]!) / 1e6); // from ns
        }
        staging.unmap();
      }
    }
    return best;
  } finally {
    querySet.destroy();
    gpu.destroyBuffer(resolved);
    gpu.destroyBuffer(staging);
  }
}
