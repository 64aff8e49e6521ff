// The places where a recording can be computed: the reference, the GPU in Node or in a browser, an ONNX runtime.

import type { Page } from "puppeteer";
import type { Schedule } from "../../src/index";
import { callInPage, withPage } from "./in-browser";
import { inRuntime } from "./in-runtime";
import { type LimitKind, openWithin } from "./limits";
import { openNodeGpu } from "./node-gpu";
import { type Verdict, verifyRecording } from "./recording";
import { runtimes } from "./runtimes";

export const places = ["node", "chromium", "firefox", ...runtimes, "reference", "onnx"] as const;
export type Place = (typeof places)[number];

/** How the recurrences are dispatched: a schedule, or fused with weights that stand still. */
export type Sweeps = Schedule | "persistent";

/** Of a device and of a pass, what has sweeps be such. */
export const sweepsAs = (sweeps: Sweeps) =>
  sweeps === "persistent"
    ? ({ gpu: { tuning: { recurrence: "fused persistent" } }, schedule: "fused" } as const)
    : ({ gpu: {}, schedule: sweeps } as const);

/** Verifies a recording, in another schedule than the place was opened for where one is given. */
export type Verify = (bytes: Uint8Array, schedule?: Schedule) => Promise<Verdict>;

/** Opens a place, works there, and closes it. */
export async function verifyingOn<T>(
  place: Place,
  sweeps: Sweeps,
  work: (verify: Verify) => Promise<T>,
  limits: LimitKind = "adapter",
): Promise<T> {
  const { gpu: options, schedule } = sweepsAs(sweeps);
  if (place === "chromium" || place === "firefox") {
    const inPage = (page: Page) =>
      work((bytes, other = schedule) => {
        const base64 = Buffer.from(bytes).toString("base64");
        return callInPage<Verdict>(
          page,
          "/demo/terminal/verify-in-page.ts",
          "verifyInPage",
          base64,
          limits,
          options,
          other,
        );
      });
    return withPage(inPage, undefined, undefined, place);
  }
  if (place === "deno" || place === "bun") {
    return inRuntime(place, "demo/terminal/verify-in-runtime.ts", { limits, options }, (ask) =>
      work((bytes, other = schedule) => ask({ base64: Buffer.from(bytes).toString("base64"), schedule: other })),
    );
  }
  if (place === "reference" || place === "onnx") return work((bytes) => verifyRecording(bytes, place));
  const node = await openNodeGpu();
  const gpu = await openWithin(limits, { gpu: node.gpu, ...options });
  try {
    return await work((bytes, other = schedule) => verifyRecording(bytes, { gpu, schedule: other }));
  } finally {
    gpu.destroy();
    gpu.device.destroy();
    node.close();
  }
}
