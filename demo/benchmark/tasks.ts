// What a run of the benchmark is made of: tasks that stand for themselves, each with an adapter of its own.

import type { CellName } from "../../src/index";
import { measureAdapterLimits, measurePeak } from "./adapter-limits";
import { engineOf, predictorOf } from "./engines/load";
import type { Work } from "./engines/names";
import { findEnvironment } from "./environment";
import { expectedLosses } from "./expected-losses";
import { timeKernels } from "./kernel-times";
import { measure } from "./measure";
import { problemOf } from "./problem";
import type { RowRequest } from "./row";
import { shapeOf } from "./selection";

interface ProblemName {
  cell: CellName;
  shape: string;
}

type Progress = (soFar: unknown) => void;

/** A task may report what it has before the end, and a row ends between two steps where it is stopped. */
export const tasks = {
  environment: () => findEnvironment(),
  limits: () => measureAdapterLimits(),
  peak: () => measurePeak(),
  expected: ({ cell, shape, work }: ProblemName & { work: Work }) =>
    expectedLosses(problemOf(cell, shapeOf(shape)), work),
  async row({ name, cell, shape, work, waitMs }: RowRequest, progress: Progress, signal?: AbortSignal) {
    const engine = await (work === "predict" ? predictorOf(name) : engineOf(name));
    return measure(engine, problemOf(cell, shapeOf(shape)), { waitMs, progress, signal });
  },
  kernels: ({ cell, shape, schedule }: ProblemName & { schedule: string }) =>
    timeKernels(problemOf(cell, shapeOf(shape)), schedule),
};

export type Tasks = typeof tasks;
export type TaskName = keyof Tasks;
