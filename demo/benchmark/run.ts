// A run of the benchmark, in a page or in Node: limits, then a row an engine and problem, then kernels.

import type { CellName } from "../../src/index";
import type { Work } from "./engines/names";
import { judge } from "./judge";
import { type Input, type Perform, type Place, TaskError } from "./perform";
import { type AdapterLimits, type KernelTable, nameOf, type Report, type Row } from "./report";
import { measureRow } from "./row";
import type { Selection } from "./selection";

/** What a run tells as it goes. */
export interface Listener {
  /** What is being done. */
  doing(what: string): void;
  /** Something was added to the report. */
  found(report: Report): void;
}

/** Seconds that anything but a row may take. */
const restLimit = 60;

/**
 * Measures what is selected, and fills a report as it goes.
 * @throws where there is no WebGPU there, where the tab is hidden, or by `signal`'s reason. A row that fails says so
 * itself.
 */
export async function runBenchmark(
  selection: Selection,
  place: Place,
  listener: Listener,
  signal?: AbortSignal,
): Promise<Report> {
  const report = await beginReport(place, listener, signal);
  await addRows(report, selection, place.perform, listener, { signal });
  await endReport(report, place.perform, listener, signal);
  return report;
}

/** The environment, and the adapter's limits. */
export async function beginReport(
  { perform, commit }: Place,
  listener: Listener,
  signal?: AbortSignal,
): Promise<Report> {
  const rest = { limit: restLimit, signal };
  listener.doing("Looking at the adapter");
  const environment = { ...(await perform("environment", undefined as never, rest)), commit, tabVisible: true };
  const report: Report = { environment, limits: null, rows: [], kernels: [] };
  listener.found(report);
  listener.doing("Measuring the adapter’s limits");
  report.limits = await perform("limits", undefined as never, rest);
  listener.found(report);
  return report;
}

/** The adapter's peak again, which all shares are of. */
export async function endReport(
  report: Report,
  perform: Perform,
  listener: Listener,
  signal?: AbortSignal,
): Promise<void> {
  const { limits, rows } = report;
  if (!limits) return;
  listener.doing("Measuring the adapter’s peak again");
  limits.mulAddGflopsAtEnd = await perform("peak", undefined as never, { limit: restLimit, signal });
  limits.mulAddGflops = Math.max(limits.mulAddGflopsAtBegin, limits.mulAddGflopsAtEnd);
  for (const row of rows) row.shareOfPeak = shareOf(row, limits);
  listener.found(report);
}

/**
 * Measures what is selected, and adds it to a report that has begun.
 * @param secondsFor what is next, a row or its kernels; as the selection says unless given.
 */
export async function addRows(
  report: Report,
  { work, cells, shapes, engines, limit, kernels }: Selection,
  perform: Perform,
  listener: Listener,
  { signal, secondsFor = () => limit }: { signal?: AbortSignal | undefined; secondsFor?: () => number } = {},
): Promise<void> {
  const { environment, limits } = report;
  const options = () => ({ limit: secondsFor(), signal });
  const waitMs = Math.max(limits?.readbackUs ?? 0, 5 * environment.timerUs) / 1000; // samples are long beside both
  for (const cell of cells) {
    for (const shape of shapes) {
      listener.doing(`Computing the losses of ${cell} ${shape} by the float64 reference`);
      const expected = await expectedOf(cell, shape, work, perform, signal);
      for (const name of engines) {
        signal?.throwIfAborted();
        listener.doing(`Running ${nameOf(name)} on ${cell} ${shape}`);
        const { row, version } = await measureRow({ name, cell, shape, work, waitMs }, perform, options());
        if (version) environment.versions[name.engine] = version;
        if (row.status === "") row.status = judge(row, expected, report.rows);
        row.shareOfPeak = shareOf(row, limits);
        report.rows.push(row);
        listener.found(report);
        if (row.status === "hidden tab") throw new TaskError("hidden tab");
      }
      for (const { schedule } of kernels ? engines.filter((one) => one.engine === "tempograd") : []) {
        listener.doing(`Timing each kernel of ${cell} ${shape} ${schedule}`);
        report.kernels.push(await kernelsOf({ cell, shape, schedule: schedule! }, perform, options()));
        listener.found(report);
      }
    }
  }
}

const shareOf = ({ gflops, backend }: Row, limits: AdapterLimits | null) =>
  gflops === null || backend !== "webgpu" || !limits ? null : gflops / limits.mulAddGflops;

/** None where the reference takes too long. */
async function expectedOf(
  cell: CellName,
  shape: string,
  work: Work,
  perform: Perform,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  try {
    return await perform("expected", { cell, shape, work }, { limit: restLimit, signal });
  } catch (error) {
    if (error instanceof TaskError && error.message.startsWith("timed out")) return [];
    throw error;
  }
}

async function kernelsOf(
  problem: Input<"kernels">,
  perform: Perform,
  options: { limit: number; signal: AbortSignal | undefined },
): Promise<KernelTable> {
  try {
    const kernels = await perform("kernels", problem, options);
    return { ...problem, kernels, status: kernels ? "ok" : "this adapter has no timestamps" };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...problem, kernels: null, status: (error as Error).message };
  }
}
