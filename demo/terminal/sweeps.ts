// How the recurrences of a recording are dispatched: by schedule, or with weights that stand still.

import { type Gpu, openGpu, type Schedule } from "../../src/index";

/** A schedule, or fused with weights that stand still. */
export type Sweeps = Schedule | "persistent";

/** What computes so on the device of a GPU: all that do compile what they share once. */
export async function sweepingOn(gpu: Gpu, sweeps: Sweeps): Promise<{ gpu: Gpu; schedule: Schedule }> {
  if (sweeps !== "persistent") return { gpu, schedule: sweeps };
  const tuning = { recurrence: "fused persistent" };
  return { gpu: await openGpu({ device: gpu.device, tuning }), schedule: "fused" };
}
