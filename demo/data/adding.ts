// The adding problem (Hochreiter and Schmidhuber 1997): of a sequence of numbers, the sum of the two that are marked.

import { type Batch, type BatchStream, batchStream, type Random, type StreamPosition } from "../../src/index";

/** The mean squared error of always guessing the mean, 1: the variance of a sum of two numbers from 0 to 1. */
export const guessingTheMean = 1 / 6;

/**
 * Batches without end: `inputs` [steps, batch, 2] are numbers from 0 to 1 beside marks, one in each half of the
 * sequence; `targets` [batch, 1].
 */
export function addingBatches(
  given: { steps: number; batch: number; seed: number },
  position?: StreamPosition,
): BatchStream {
  const { steps, batch } = given;
  return batchStream(
    {
      stream: "adding",
      given,
      source: (random) => ({
        next: () => addingBatch(steps, batch, random),
        where: () => ({ random: random.state, place: [] }),
      }),
      isPlace: (place) => place.length === 0,
    },
    position,
  );
}

function addingBatch(steps: number, batch: number, random: Random): Batch {
  const inputs = Float32Array.from({ length: steps * batch * 2 }, (_, i) => (i % 2 === 0 ? random.uniform() : 0));
  const targets = new Float32Array(batch);
  const half = Math.floor(steps / 2);
  for (let b = 0; b < batch; b++) {
    for (const step of [random.integer(0, Math.max(0, half - 1)), random.integer(half, steps - 1)]) {
      const at = (step * batch + b) * 2;
      inputs[at + 1] = 1;
      targets[b]! += inputs[at]!;
    }
  }
  return { inputs, targets };
}
