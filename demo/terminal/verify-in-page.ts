// The browser's half of `npm run verify -- --on chromium`.

import { type Gpu, openGpu, type Schedule } from "../../src/index";
import { type Verdict, verifyRecording } from "./recording";

let gpu: Promise<Gpu> | undefined;

/** Verifies one recording, given in base64, on this page's GPU. */
export async function verifyInPage(base64: string, schedule: Schedule): Promise<Verdict> {
  gpu ??= openGpu();
  const opened = await gpu;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return verifyRecording(bytes, { gpu: opened, schedule });
}
