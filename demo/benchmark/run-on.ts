// A run of the benchmark from the terminal: in a headless browser or in Node, with what other programs compute beside it.

import { commit } from "../commit";
import { type BrowserName, callInPage, withPage } from "../terminal/in-browser";
import { bundledPeers, isProgram } from "./engines/names";
import { inNode, openGpuForTasks } from "./in-node";
import { problemKey, type Report } from "./report";
import { addRows, runBenchmark } from "./run";
import type { Selection } from "./selection";

export type PlaceName = BrowserName | "node";

/** @throws as `runBenchmark`, and where there is no such place. */
export async function runOn(place: PlaceName, selection: Selection, doing: (what: string) => void): Promise<Report> {
  const programs = selection.engines.filter(isProgram);
  const engines = selection.engines.filter((name) => !isProgram(name));
  const run = place === "node" ? runHere : runInBrowser;
  const report = await run({ ...selection, engines }, doing, place);
  // When nothing else is at work, whatever computed before.
  if (programs.length > 0) await addRows(report, { ...selection, engines: programs }, inNode, { doing, found() {} });
  const order = [...new Set(report.rows.map(problemKey))];
  report.rows.sort((a, b) => order.indexOf(problemKey(a)) - order.indexOf(problemKey(b)));
  return report;
}

async function runHere(selection: Selection, doing: (what: string) => void): Promise<Report> {
  const gpu = await openGpuForTasks();
  try {
    return await runBenchmark(selection, { perform: inNode, commit: commit() }, { doing, found() {} });
  } finally {
    gpu.close();
  }
}

const runInBrowser = (selection: Selection, doing: (what: string) => void, on: PlaceName): Promise<Report> =>
  withPage(
    async (page) => {
      await page.exposeFunction("benchmarkDoes", doing);
      return callInPage<Report>(page, "/demo/benchmark/bench-in-page.ts", "benchInPage", selection);
    },
    "/demo/terminal/blank.html",
    selection.engines.some(({ engine }) => engine !== "tempograd") ? bundledPeers : [],
    on as BrowserName,
  );
