// One engine on one problem: measures it somewhere, and makes a row of a report of what came of that.

import type { CellName } from "../../src/index";
import type { EngineName, Work } from "./engines/names";
import { type Measurement, percentile } from "./measure";
import type { Perform } from "./perform";
import { flopsOf } from "./problem";
import { lossCount, type Row } from "./report";
import { shapeOf } from "./selection";

export interface RowRequest {
  name: EngineName;
  cell: CellName;
  shape: string;
  work: Work;
  /** Of a wait for the GPU. */
  waitMs: number;
}

/** Measures, and says in the row why it could not; a row that is measured is still to be judged. */
export async function measureRow(
  request: RowRequest,
  perform: Perform,
  { limit, signal }: { limit: number; signal?: AbortSignal | undefined },
): Promise<{ row: Row; version: string | undefined }> {
  let found: Measurement | undefined;
  const progress = (soFar: unknown) => {
    found = soFar as Measurement;
  };
  let status = "";
  try {
    found = await perform("row", request, { limit, signal, progress });
  } catch (error) {
    signal?.throwIfAborted();
    status = (error as Error).message;
  }
  return { row: rowOf(request, found, status), version: found?.version };
}

function rowOf({ name, cell, shape, work }: RowRequest, found: Measurement | undefined, status: string): Row {
  const { engine, backend, schedule = null } = name;
  const { steps, batch } = shapeOf(shape);
  const samples = found?.samples ?? [];
  const at = (share: number) => (samples.length === 0 ? null : percentile(samples, share));
  const medianMs = at(0.5);
  return {
    ...{ engine, backend, schedule, work, cell, shape },
    firstMs: found?.firstMs ?? null,
    medianMs,
    p5Ms: at(0.05),
    p95Ms: at(0.95),
    tokensPerSecond: medianMs && (1000 * steps * batch) / medianMs,
    gflops: medianMs && flopsOf(cell, shapeOf(shape), work) / medianMs / 1e6,
    shareOfPeak: null,
    bytes: found?.bytes ?? null,
    dispatches: found?.dispatches ?? null,
    losses: found?.losses.slice(0, lossCount(work)) ?? [],
    status,
  };
}
