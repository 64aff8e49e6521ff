// The adding problem (Hochreiter and Schmidhuber 1997): of a sequence of numbers, the sum of the two that are marked.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { mersenne } from "pure-rand/generator/mersenne";
import type { Batch, BatchStream, StreamPosition } from "../../src/index";

/** The mean squared error of always guessing the mean, 1: the variance of a sum of two numbers from 0 to 1. */
export const guessingTheMean = 1 / 6;

/**
 * Batches without end: `inputs` [steps, batch, 2] are numbers from 0 to 1 beside marks, one in each half of the
 * sequence; `targets` [batch, 1]. Batch n is drawn from seed and n alone.
 */
export function addingBatches(
  given: { steps: number; batch: number; seed: number },
  position?: StreamPosition,
): BatchStream {
  const { steps, batch, seed } = given;
  let next = position?.place[0] ?? 0;
  return {
    get position() {
      return { stream: "adding", given, random: [], place: [next] };
    },
    next: () => ({ done: false as const, value: addingBatch(steps, batch, seed, next++) }),
    [Symbol.iterator]() {
      return this;
    },
  };
}

function addingBatch(steps: number, batch: number, seed: number, number: number): Batch {
  const generator = mersenne((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0);
  const draw = () => uniformFloat64(generator);
  const inputs = Float32Array.from({ length: steps * batch * 2 }, (_, i) => (i % 2 === 0 ? draw() : 0));
  const targets = new Float32Array(batch);
  const half = Math.max(1, Math.floor(steps / 2));
  for (let b = 0; b < batch; b++) {
    for (const step of [Math.floor(draw() * half), Math.min(steps - 1, half + Math.floor(draw() * (steps - half)))]) {
      const at = (step * batch + b) * 2;
      inputs[at + 1] = 1;
      targets[b]! += inputs[at]!;
    }
  }
  return { inputs, targets };
}
