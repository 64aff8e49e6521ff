// What the test of the benchmark's engines runs inside the browser's page.

import { predictorOf } from "../../demo/benchmark/engines/load";
import type { EngineName } from "../../demo/benchmark/engines/names";
import { problemOf, type Shape } from "../../demo/benchmark/problem";
import { cellNames } from "../../src/index";
import type { Result, Work } from "./engine-worker";

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
export function inWorker(work: Work): Promise<Result> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Result>((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.result));
    worker.onerror = ({ message }) => reject(new Error(message || "the worker's modules do not load"));
    worker.postMessage(work);
  }).finally(() => worker.terminate());
}
