// Takes training steps with one engine of the benchmark, in a worker, as the benchmark does.

import { engineOf } from "../../demo/benchmark/engines/load";
import type { EngineName } from "../../demo/benchmark/engines/names";
import { problemOf, type Shape } from "../../demo/benchmark/problem";
import type { CellName } from "../../src/index";

/** What a worker is told, and what it answers. */
export interface Work {
  name: EngineName;
  cell: CellName;
  shape: Shape;
  learningRate: number;
  /** Training steps of each run. */
  runs: number[];
}

export interface Result {
  version: string;
  /** Of all steps, in nats a target. */
  losses: number[];
  /** Of each run, in milliseconds; the first with what opens the problem. */
  milliseconds: number[];
  dispatches: number | undefined;
  bytes: number | undefined;
}

export type Outcome = { result: Result } | { error: string };

async function work({ name, cell, shape, learningRate, runs }: Work): Promise<Result> {
  const engine = await engineOf(name);
  const losses: number[] = [];
  const milliseconds: number[] = [];
  let start = performance.now();
  const session = await engine.open({ ...problemOf(cell, shape), learningRate });
  for (const count of runs) {
    losses.push(...(await session.run(count)));
    milliseconds.push(performance.now() - start);
    start = performance.now();
  }
  const { dispatches } = session;
  const bytes = session.bytes?.();
  await session.close();
  return { version: engine.version, losses, milliseconds, dispatches, bytes };
}

self.onmessage = async ({ data }: MessageEvent<Work>) => {
  const outcome: Outcome = await work(data).then(
    (result) => ({ result }),
    (error) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  postMessage(outcome);
};
