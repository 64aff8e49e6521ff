// A run of the benchmark, in a page: limits, then a row an engine and problem, then kernels.

import type { CellName } from "../../src/index";
import type { EngineName } from "./engines/names";
import { inWorker, TaskError } from "./in-worker";
import { judge } from "./judge";
import { type Measurement, percentile } from "./measure";
import { flopsOf } from "./problem";
import { type AdapterLimits, type KernelTable, nameOf, type Report, type Row } from "./report";
import { type Selection, shapeOf } from "./selection";

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
 * @throws where there is no WebGPU here, where the tab is hidden, or by `signal`'s reason. A row that fails says so
 * itself.
 */
export async function runBenchmark(selection: Selection, listener: Listener, signal?: AbortSignal): Promise<Report> {
  if (document.visibilityState === "hidden") {
    throw new Error("Benchmark: the tab is hidden, and browsers slow hidden tabs down; bring it to the front and run.");
  }
  const rest = { limit: restLimit, signal };
  listener.doing("Looking at the adapter");
  const environment = { ...(await inWorker("environment", undefined as never, rest)), tabVisible: true };
  const report: Report = { environment, limits: null, rows: [], kernels: [] };
  listener.found(report);
  listener.doing("Measuring the adapter’s limits");
  report.limits = await inWorker("limits", undefined as never, rest);
  listener.found(report);
  const waitMs = Math.max(report.limits.readbackUs, 5 * environment.timerUs) / 1000; // samples are long beside both
  const { cells, shapes, engines, limit, kernels } = selection;
  const add = (row: Row) => {
    row.shareOfPeak = shareOf(row, report.limits);
    report.rows.push(row);
    listener.found(report);
    if (row.status === "hidden tab") throw new TaskError("hidden tab");
  };
  for (const cell of cells) {
    for (const shape of shapes) {
      listener.doing(`Computing the losses of ${cell} ${shape} by the float64 reference`);
      const expected = await expectedOf(cell, shape, signal);
      for (const engine of engines) {
        signal?.throwIfAborted();
        listener.doing(`Running ${nameOf(engine)} on ${cell} ${shape}`);
        const { row, version } = await measureRow(engine, cell, shape, waitMs, { limit, signal });
        if (version) environment.versions[engine.engine] = version;
        if (row.status === "") row.status = judge(row, expected, report.rows);
        add(row);
      }
      for (const { schedule } of kernels ? engines.filter((one) => one.engine === "tempograd") : []) {
        listener.doing(`Timing each kernel of ${cell} ${shape} ${schedule}`);
        report.kernels.push(await kernelsOf(cell, shape, schedule!, rest));
        listener.found(report);
      }
    }
  }
  listener.doing("Measuring the adapter’s peak again");
  const atEnd = await inWorker("peak", undefined as never, rest);
  report.limits.mulAddGflopsAtEnd = atEnd;
  report.limits.mulAddGflops = Math.max(report.limits.mulAddGflopsAtBegin, atEnd);
  for (const row of report.rows) row.shareOfPeak = shareOf(row, report.limits);
  listener.found(report);
  return report;
}

const shareOf = ({ gflops, backend }: Row, limits: AdapterLimits | null) =>
  gflops === null || backend !== "webgpu" || !limits ? null : gflops / limits.mulAddGflops;

/** None where the reference takes too long. */
async function expectedOf(cell: CellName, shape: string, signal: AbortSignal | undefined): Promise<number[]> {
  try {
    return await inWorker("expected", { cell, shape }, { limit: restLimit, signal });
  } catch (error) {
    if (error instanceof TaskError && error.message.startsWith("timed out")) return [];
    throw error;
  }
}

/** Measures, and says in the row why it could not; a row that is measured is still to be judged. */
export async function measureRow(
  name: EngineName,
  cell: CellName,
  shape: string,
  waitMs: number,
  { limit, signal }: { limit: number; signal: AbortSignal | undefined },
): Promise<{ row: Row; version: string | undefined }> {
  let found: Measurement | undefined;
  const progress = (soFar: unknown) => {
    found = soFar as Measurement;
  };
  let status = "";
  try {
    found = await inWorker("row", { name, cell, shape, waitMs }, { limit, signal, progress });
  } catch (error) {
    signal?.throwIfAborted();
    status = (error as Error).message;
  }
  return { row: rowOf(name, cell, shape, found, status), version: found?.version };
}

function rowOf(
  { engine, backend, schedule }: EngineName,
  cell: CellName,
  shape: string,
  found: Measurement | undefined,
  status: string,
): Row {
  const { steps, batch } = shapeOf(shape);
  const samples = found?.samples ?? [];
  const at = (share: number) => (samples.length === 0 ? null : percentile(samples, share));
  const medianMs = at(0.5);
  return {
    engine,
    backend,
    schedule: schedule ?? null,
    cell,
    shape,
    firstMs: found?.firstMs ?? null,
    medianMs,
    p5Ms: at(0.05),
    p95Ms: at(0.95),
    tokensPerSecond: medianMs && (1000 * steps * batch) / medianMs,
    gflops: medianMs && flopsOf(cell, shapeOf(shape)) / medianMs / 1e6,
    shareOfPeak: null,
    bytes: found?.bytes ?? null,
    dispatches: found?.dispatches ?? null,
    losses: found?.losses.slice(0, 3) ?? [],
    status,
  };
}

async function kernelsOf(
  cell: CellName,
  shape: string,
  schedule: string,
  rest: { limit: number; signal: AbortSignal | undefined },
): Promise<KernelTable> {
  try {
    const kernels = await inWorker("kernels", { cell, shape, schedule }, rest);
    return { cell, shape, schedule, kernels, status: kernels ? "ok" : "this adapter has no timestamps" };
  } catch (error) {
    rest.signal?.throwIfAborted();
    return { cell, shape, schedule, kernels: null, status: (error as Error).message };
  }
}
