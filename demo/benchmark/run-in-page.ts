// A run of the benchmark in a page: each task in a worker of its own.

import { inWorker } from "./in-worker";
import type { Report } from "./report";
import { type Listener, runBenchmark } from "./run";
import type { Selection } from "./selection";

/** From the configuration of Vite: the commit that is served, or "unknown". */
declare const __COMMIT__: string;

/** @throws as `runBenchmark`, and where the tab is hidden. */
export async function runInPage(selection: Selection, listener: Listener, signal?: AbortSignal): Promise<Report> {
  if (document.visibilityState === "hidden") {
    throw new Error("Benchmark: the tab is hidden, and browsers slow hidden tabs down; bring it to the front and run.");
  }
  return runBenchmark(selection, { perform: inWorker, commit: __COMMIT__ }, listener, signal);
}
