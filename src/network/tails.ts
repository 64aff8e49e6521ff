// The rows of a batch whose targets are in the tails of an adaptive readout, in chunks, as the way back through a tail takes them.

import { layoutOf, roundUp, type TensorSpec } from "../gpu/tensor";
import { leastChunkRows, mostChunks } from "../ops/thresholds";
import type { Clusters } from "../parts/adaptive";

/** How many rows a chunk has at most, and how many chunks hold all rows of a batch, whatever its targets. */
export function chunksOf(rows: number): { size: number; count: number } {
  const size = roundUp(Math.min(rows, Math.max(Math.ceil(rows / mostChunks), leastChunkRows)), 4);
  return { size, count: Math.ceil(rows / size) };
}

/** A chunk: the numbers of its rows, −1 of none, and of each its class within the tail. */
export const chunkSpecs = (size: number) =>
  ({
    rows: { shape: [size], type: "i32" },
    targets: { shape: [size], type: "i32" },
  }) as const satisfies Record<string, TensorSpec>;

/** Of a batch, its chunks one behind the other, tail by tail. */
export function tailsSpec({ tails }: Clusters, rows: number): TensorSpec {
  const { size, count } = chunksOf(rows);
  return { shape: [(tails.length * count * layoutOf(chunkSpecs(size)).bytes) / 4], type: "i32" };
}
