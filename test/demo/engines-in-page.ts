// What the test of the benchmark's engines runs inside the browser's page.

import type { Result, Work } from "./engine-worker";

/** Runs one engine in a worker of its own. @throws what the engine throws. */
export function inWorker(work: Work): Promise<Result> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Result>((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.result));
    worker.onerror = ({ message }) => reject(new Error(message || "the worker's modules do not load"));
    worker.postMessage(work);
  }).finally(() => worker.terminate());
}
