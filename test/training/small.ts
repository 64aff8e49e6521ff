// A network, the size of its batches and batches that it learns, small enough for tests of training to take many steps.

import type { Batch, UniformOptions } from "../../src/index";
import { integers } from "../numbers";

export const options: UniformOptions = {
  cell: "elman",
  inputs: 6,
  hidden: 8,
  outputs: 6,
  input: "tokens",
  readout: "every-step",
};
export const shape = { steps: 5, batch: 3 };

/** A batch for each seed: tokens that count up, from different beginnings. */
export function batchOf(seed: number): Batch {
  const begins = integers(shape.batch, seed, 0, 5);
  const count = (offset: number) =>
    Int32Array.from({ length: 15 }, (_, i) => (begins[i % 3]! + Math.floor(i / 3) + offset) % 6);
  return { inputs: count(0), targets: count(1) };
}
