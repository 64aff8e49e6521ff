// What the test of the benchmark's engines runs inside the browser's page.

import { predictorOf } from "../../demo/benchmark/engines/load";
import type { EngineName } from "../../demo/benchmark/engines/names";
import { problemOf, type Shape } from "../../demo/benchmark/problem";
import { cellNames } from "../../src/index";
import type { Outcome, Result, Work } from "./engine-worker";

/** The logits of the second prediction of each cell, in the order of `cellNames`. @throws what the engine throws. */
export async function predict(name: EngineName, shape: Shape): Promise<number[][]> {
  const predictor = await predictorOf(name);
  const all: number[][] = [];
  for (const cell of cellNames) {
    const session = await predictor.open(problemOf(cell, shape));
    all.push([...(await session.run(2))]);
    await session.close();
  }
  return all;
}

/** Runs one engine in a worker of its own. @throws what the engine throws. */
export async function inWorker(work: Work): Promise<Result> {
  const [outcome] = await allInWorker([work]);
  if ("error" in outcome!) throw new Error(outcome.error);
  return outcome!.result;
}

/** Does one piece of work after the other in a worker of their own. */
export async function allInWorker(works: readonly Work[]): Promise<Outcome[]> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" });
  const outcomes: Outcome[] = [];
  for (const work of works) {
    const outcome = await new Promise<Outcome>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve({ error: message || "the worker's modules do not load" });
      worker.postMessage(work);
    });
    outcomes.push(outcome);
  }
  worker.terminate();
  return outcomes;
}
