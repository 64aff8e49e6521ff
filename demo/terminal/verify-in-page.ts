// The browser's half of `npm run verify -- --on chromium|firefox`.

import type { Gpu, GpuOptions, Schedule } from "../../src/index";
import { type LimitKind, openWithin } from "./limits";
import { type Verdict, verifyRecording } from "./recording";

let gpu: Promise<Gpu> | undefined;

/**
 * Verifies one recording, given in base64, on this page's GPU.
 * @param limits and options of the GPU, the same each time.
 */
export async function verifyInPage(
  base64: string,
  limits: LimitKind,
  options: GpuOptions,
  schedule: Schedule,
): Promise<Verdict> {
  gpu ??= openWithin(limits, options);
  const opened = await gpu;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return verifyRecording(bytes, { gpu: opened, schedule });
}
