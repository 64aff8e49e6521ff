// Measures an engine on a problem: the first step apart, then samples of several steps each.

import type { Engine } from "./engines/engine";
import { lossOfLogits } from "./loss-of-logits";
import type { Problem } from "./problem";
import { longEnough } from "./unit-cost";

/** What was measured of a row so far; nothing of it is judged. */
export interface Measurement {
  version: string;
  firstMs?: number;
  losses: number[];
  /** Of one training step or prediction, in milliseconds. */
  samples: number[];
  bytes?: number | undefined;
  dispatches?: number | undefined;
}

const mostStepsOfSample = 1024;
/** In training, steps follow each other without a wait; of long ones, one tells as much. */
const leastStepsOfSample = (stepMs: number) => (stepMs < 500 ? 3 : 1);
const leastSamples = 5;
const mostSamples = 15;
/** After it no sample begins, but for the least. */
const budgetMilliseconds = 3000;

export interface MeasureOptions {
  /** What a wait for the GPU costs here, or several of the timer's steps, so that samples are long beside it. */
  waitMs: number;
  /** Called after each step or sample, so that what a limit cuts off is not lost. */
  progress?: ((soFar: Measurement) => void) | undefined;
  /** Ends it before the next step or sample. */
  signal?: AbortSignal | undefined;
}

/** @throws what the engine throws, or the signal's reason. */
export async function measure(
  engine: Engine<number[] | Float32Array>,
  problem: Problem,
  { waitMs, progress = () => {}, signal }: MeasureOptions,
): Promise<Measurement> {
  const found: Measurement = { version: engine.version, losses: [], samples: [] };
  const begin = performance.now();
  const session = await engine.open(problem);
  try {
    let stepMs = 0;
    for (let step = 0; step < 3; step++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const answer = await session.run(1);
      const end = performance.now();
      found.losses = found.losses.concat(answer instanceof Float32Array ? lossOfLogits(answer, problem) : answer);
      stepMs = end - start;
      found.firstMs ??= end - begin;
      progress(found);
    }
    found.dispatches = session.dispatches;
    found.bytes = session.bytes?.();
    const sampleMs = longEnough(waitMs);
    const until = performance.now() + budgetMilliseconds;
    while (found.samples.length < mostSamples) {
      if (found.samples.length >= leastSamples && performance.now() > until) break;
      const wanted = Math.max(leastStepsOfSample(stepMs), Math.ceil(sampleMs / stepMs));
      const count = Math.min(mostStepsOfSample, wanted); // all where the timer stood still
      signal?.throwIfAborted();
      const start = performance.now();
      await session.run(count);
      const elapsed = performance.now() - start;
      stepMs = elapsed / count;
      // A sample that turned out too short tells only how long the next must be.
      if (elapsed < sampleMs / 2 && (count < mostStepsOfSample || elapsed <= 0)) continue;
      found.samples.push(stepMs);
      progress(found);
    }
  } finally {
    await session.close();
  }
  return found;
}

/** The value that a share of the sorted values does not exceed, between two of them by proportion. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low = Number.NaN, high = low] = [sorted[below], sorted[below + 1]];
  return low + (place - below) * (high - low);
}
