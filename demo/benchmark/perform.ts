// How a task of the benchmark is done somewhere: in a worker of a page, or in Node.

import type { TaskName, Tasks } from "./tasks";

export type Input<Name extends TaskName> = Parameters<Tasks[Name]>[0];
export type Output<Name extends TaskName> = Awaited<ReturnType<Tasks[Name]>>;

/** Why a task came to no end, in a few words. */
export class TaskError extends Error {}

export interface PerformOptions {
  /** Seconds. */
  limit: number;
  /** Ends the task; its reason is what is then said. */
  signal?: AbortSignal | undefined;
  /** Gets what the task has so far, each time that it says so. */
  progress?: (soFar: unknown) => void;
}

/** @throws TaskError where the task fails, takes too long or is stopped. */
export type Perform = <Name extends TaskName>(
  name: Name,
  input: Input<Name>,
  options: PerformOptions,
) => Promise<Output<Name>>;

/** Where a run takes place. */
export interface Place {
  perform: Perform;
  /** What is checked out there, or "unknown". */
  commit: string;
}
