// Which schedule a network's recurrences run in.

import type { Gpu } from "../gpu/device";
import { fusedFits, type Schedule } from "../ops/recurrence";
import type { NetworkConfig } from "./config";

/** `wanted`, or "fused" where the device can. @throws where `wanted` is no schedule. */
export function scheduleOf(gpu: Gpu, { hidden }: NetworkConfig, wanted?: Schedule): Schedule {
  if (wanted !== undefined && wanted !== "fused" && wanted !== "unrolled") {
    throw new Error(`Pass: schedule is "${wanted}", expected "fused" or "unrolled".`);
  }
  return wanted ?? (fusedFits(gpu.device, hidden) ? "fused" : "unrolled");
}
