// The browser's half of `npm run bench`.

import type { Report } from "./report";
import { runInPage } from "./run-in-page";
import type { Selection } from "./selection";

declare global {
  interface Window {
    /** The terminal's: shows what is being done. */
    benchmarkDoes?: (what: string) => void;
  }
}

/** Runs on this page's adapter. */
export function benchInPage(selection: Selection): Promise<Report> {
  return runInPage(selection, { doing: (what) => window.benchmarkDoes?.(what), found() {} });
}
