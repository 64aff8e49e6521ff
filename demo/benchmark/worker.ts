// The benchmark's worker: does one task and reports it. Each task has a worker of its own, so that what crashes or hangs
// costs that task alone, and its first step finds nothing compiled.

import type { CellName } from "../../src/index";
import { measureAdapterLimits, measurePeak } from "./adapter-limits";
import { engineOf } from "./engines/load";
import type { EngineName } from "./engines/names";
import { findEnvironment } from "./environment";
import { expectedLosses } from "./expected-losses";
import { timeKernels } from "./kernel-times";
import { measure } from "./measure";
import { problemOf } from "./problem";
import { shapeOf } from "./selection";

interface ProblemName {
  cell: CellName;
  shape: string;
}

interface RowName extends ProblemName {
  name: EngineName;
  waitMs: number;
}

/** What a worker can be asked for; it may report what it has before the end. */
const tasks = {
  environment: () => findEnvironment(),
  limits: () => measureAdapterLimits(),
  peak: () => measurePeak(),
  expected: ({ cell, shape }: ProblemName) => expectedLosses(problemOf(cell, shapeOf(shape))),
  async row({ name, cell, shape, waitMs }: RowName, progress: (soFar: unknown) => void) {
    const problem = problemOf(cell, shapeOf(shape));
    return measure(await engineOf(name), problem, waitMs, progress);
  },
  kernels: ({ cell, shape, schedule }: ProblemName & { schedule: string }) =>
    timeKernels(problemOf(cell, shapeOf(shape)), schedule),
};

export type Tasks = typeof tasks;
export type TaskName = keyof Tasks;

/** What a worker says. */
export type Said = { soFar: unknown } | { done: unknown } | { failed: string };

const say = (said: Said) => postMessage(said);
const fail = (error: unknown) => say({ failed: error instanceof Error ? error.message : String(error) });

// What an engine complains of is its row's matter: no error of the page.
console.error = console.warn;
for (const name of ["error", "unhandledrejection"] as const) {
  addEventListener(name, (event) => {
    event.preventDefault();
    fail(event instanceof PromiseRejectionEvent ? event.reason : (event as ErrorEvent).message);
  });
}

addEventListener("message", async ({ data: [name, input] }: MessageEvent<[TaskName, never]>) => {
  try {
    say({ done: await tasks[name](input, (soFar) => say({ soFar })) });
  } catch (error) {
    fail(error);
  }
});
