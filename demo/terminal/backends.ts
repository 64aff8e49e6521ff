// The places where a recording can be computed: the reference, the GPU in Node, the GPU in Chromium.

import { openGpu, type Schedule } from "../../src/index";
import { callInPage, withPage } from "./in-browser";
import { openNodeGpu } from "./node-gpu";
import { type Verdict, verifyRecording } from "./recording";

export const places = ["node", "chromium", "reference"] as const;
export type Place = (typeof places)[number];

export type Verify = (bytes: Uint8Array) => Promise<Verdict>;

/** Opens a place, works there, and closes it. */
export async function verifyingOn<T>(
  place: Place,
  schedule: Schedule,
  work: (verify: Verify) => Promise<T>,
): Promise<T> {
  if (place === "chromium") {
    return withPage((page) =>
      work((bytes) => {
        const base64 = Buffer.from(bytes).toString("base64");
        return callInPage<Verdict>(page, "/demo/terminal/verify-in-page.ts", "verifyInPage", base64, schedule);
      }),
    );
  }
  if (place === "reference") return work((bytes) => verifyRecording(bytes, "reference"));
  const node = await openNodeGpu();
  const gpu = await openGpu({ gpu: node.gpu });
  try {
    return await work((bytes) => verifyRecording(bytes, { gpu, schedule }));
  } finally {
    gpu.destroy();
    node.close();
  }
}
