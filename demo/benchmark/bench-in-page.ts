// The browser's half of `npm run bench`.

import type { Report } from "./report";
import { runBenchmark } from "./run";
import type { Selection } from "./selection";

declare global {
  interface Window {
    /** The terminal's: shows what is being done. */
    benchmarkDoes?: (what: string) => void;
  }
}

/** Runs on this page's adapter. */
export function benchInPage(selection: Selection): Promise<Report> {
  return runBenchmark(selection, { doing: (what) => window.benchmarkDoes?.(what), found() {} });
}
