// The browser's half of `npm run verify -- --on chromium|firefox`.

import { type Gpu, type GpuOptions, openGpu, type Schedule } from "../../src/index";
import { type Verdict, verifyRecording } from "./recording";

let gpu: Promise<Gpu> | undefined;

/**
 * Verifies one recording, given in base64, on this page's GPU.
 * @param options of the GPU, the same each time.
 */
export async function verifyInPage(base64: string, options: GpuOptions, schedule: Schedule): Promise<Verdict> {
  gpu ??= openGpu(options);
  const opened = await gpu;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return verifyRecording(bytes, { gpu: opened, schedule });
}
