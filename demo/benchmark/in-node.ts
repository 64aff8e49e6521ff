// Has this process do the benchmark's tasks: those of a page on a GPU that Node reaches, and those of other programs.

import { availableParallelism } from "node:os";
import { openNodeGpu } from "../terminal/node-gpu";
import { pyTorch } from "./engines/pytorch";
import { measure } from "./measure";
import { type Input, type Output, type Perform, TaskError } from "./perform";
import { problemOf } from "./problem";
import { shapeOf } from "./selection";
import { type TaskName, tasks } from "./tasks";

/** That a timer takes. */
const mostMilliseconds = 2 ** 31 - 1;

const nodeTasks = { ...tasks, row: rowInNode };

/** Ends a row between two steps where it takes too long or is stopped, and anything else when it is done. */
export const inNode: Perform = async <Name extends TaskName>(
  name: Name,
  input: Input<Name>,
  { limit, signal, progress = () => {} }: Parameters<Perform>[2],
) => {
  const late = AbortSignal.timeout(Math.min(Math.ceil(1000 * limit), mostMilliseconds));
  const ended = signal ? AbortSignal.any([late, signal]) : late;
  try {
    return (await nodeTasks[name](input as never, progress, ended)) as Output<Name>;
  } catch (error) {
    if (late.aborted) throw new TaskError(`timed out after ${limit} s`);
    if (signal?.aborted) throw new TaskError(String(signal.reason));
    throw error instanceof TaskError ? error : new TaskError(`crashed: ${(error as Error).message}`);
  }
};

async function rowInNode(
  request: Input<"row">,
  progress: (soFar: unknown) => void,
  signal: AbortSignal,
): Promise<Output<"row">> {
  const { name, cell, shape, waitMs } = request;
  if (name.engine !== "PyTorch") return tasks.row(request, progress, signal);
  const engine = await pyTorch(name.backend as "cpu" | "cuda", { signal });
  try {
    return await measure(engine, problemOf(cell, shapeOf(shape)), { waitMs, progress, signal });
  } finally {
    engine.end();
  }
}

/**
 * Gives this process what a page has, so that tasks find a GPU, until it is closed.
 * @param prefer as `openNodeGpu`
 * @throws as `openNodeGpu`
 */
export async function openGpuForTasks(prefer?: "gpu" | "software"): Promise<{ close(): void }> {
  const node = await openNodeGpu(prefer);
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const value = {
    gpu: node.gpu,
    userAgent: `Node/${process.versions.node} (${process.platform} ${process.arch})`,
    hardwareConcurrency: availableParallelism(),
  };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value });
  return {
    close() {
      if (before) Object.defineProperty(globalThis, "navigator", before);
      else Reflect.deleteProperty(globalThis, "navigator");
      node.close();
    },
  };
}
