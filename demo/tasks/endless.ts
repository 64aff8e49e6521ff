// Tasks whose sequences are drawn at random, of which there is no end.

import { type Batch, type BatchStream, batchStream, type Random } from "../../src/index";

type Draw = (steps: number, batch: number, random: Random) => Batch;

interface Given {
  steps: number;
  batch: number;
  /** Of training; what is held out is drawn by another. */
  seed: number;
}

const heldOutBatches = 8;

/** @param stream what positions in it are called. @param draw a batch. */
export function endless(stream: string, draw: Draw) {
  const training = (given: Given & Record<string, number>, position?: unknown): BatchStream => {
    const { steps, batch } = given;
    return batchStream(
      {
        stream,
        given,
        source: (random) => ({
          next: () => draw(steps, batch, random),
          where: () => ({ random: random.state, place: [] }),
        }),
        isPlace: (place) => place.length === 0,
      },
      position,
    );
  };
  function* heldOut(given: Given): Generator<Batch, void> {
    const batches = training({ ...given, seed: (given.seed + 2 ** 31) % 2 ** 32 });
    for (let i = 0; i < heldOutBatches; i++) yield batches.next().value;
  }
  /** The first held-out sequence. */
  const example = (steps: number, seed: number): Batch => heldOut({ steps, batch: 1, seed }).next().value as Batch;
  return { training, heldOut, example };
}
