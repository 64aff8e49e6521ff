// The browser's half of `npm run verify -- --on chromium|firefox`.

import type { Gpu } from "../../src/index";
import { type LimitKind, openWithin } from "./limits";
import { type Verdict, verifyRecording } from "./recording";
import { type Sweeps, sweepingOn } from "./sweeps";

let gpu: Promise<Gpu> | undefined;

/**
 * Verifies one recording, given in base64, on this page's GPU.
 * @param limits of the GPU, the same each time.
 */
export async function verifyInPage(base64: string, limits: LimitKind, sweeps: Sweeps): Promise<Verdict> {
  gpu ??= openWithin(limits);
  const opened = await gpu;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return verifyRecording(bytes, await sweepingOn(opened, sweeps));
}
