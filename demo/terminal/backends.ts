// The places where a recording can be computed: the reference, the GPU in Node or in a browser, an ONNX runtime.

import type { Page } from "puppeteer";
import { callInPage, withPage } from "./in-browser";
import { inRuntime } from "./in-runtime";
import { type LimitKind, openWithin } from "./limits";
import { openNodeGpu } from "./node-gpu";
import { type Verdict, verifyRecording } from "./recording";
import { runtimes } from "./runtimes";
import { type Sweeps, sweepingOn } from "./sweeps";

export const places = ["node", "chromium", "firefox", ...runtimes, "reference", "onnx"] as const;
export type Place = (typeof places)[number];

/** Verifies a recording, by other sweeps than the place was opened for where such are given. */
export type Verify = (bytes: Uint8Array, sweeps?: Sweeps) => Promise<Verdict>;

/** Opens a place, works there, and closes it. */
export async function verifyingOn<T>(
  place: Place,
  sweeps: Sweeps,
  work: (verify: Verify) => Promise<T>,
  limits: LimitKind = "adapter",
): Promise<T> {
  if (place === "chromium" || place === "firefox") {
    const inPage = (page: Page) =>
      work((bytes, other = sweeps) => {
        const base64 = Buffer.from(bytes).toString("base64");
        return callInPage<Verdict>(page, "/demo/terminal/verify-in-page.ts", "verifyInPage", base64, limits, other);
      });
    return withPage(inPage, undefined, undefined, place);
  }
  if (place === "deno" || place === "bun") {
    return inRuntime(place, "demo/terminal/verify-in-runtime.ts", { limits }, (ask) =>
      work((bytes, other = sweeps) => ask({ base64: Buffer.from(bytes).toString("base64"), sweeps: other })),
    );
  }
  if (place === "reference" || place === "onnx") return work((bytes) => verifyRecording(bytes, place));
  const node = await openNodeGpu();
  const gpu = await openWithin(limits, { gpu: node.gpu });
  try {
    return await work(async (bytes, other = sweeps) => verifyRecording(bytes, await sweepingOn(gpu, other)));
  } finally {
    gpu.destroy();
    gpu.device.destroy();
    node.close();
  }
}
