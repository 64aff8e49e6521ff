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

/** The section that a run of a batch without such rows leaves out. */
export const chunkSection = (tail: number, chunk: number): string => `tail ${tail}, chunk ${chunk}`;

/** Of a batch, its chunks one behind the other, tail by tail. */
export function tailsSpec({ tails }: Clusters, rows: number): TensorSpec {
  const { size, count } = chunksOf(rows);
  return { shape: [(tails.length * count * layoutOf(chunkSpecs(size)).bytes) / 4], type: "i32" };
}

/**
 * Sorts the rows of a batch into chunks by the tails that their targets are in.
 * @param isLive whether a row counts
 * @param into as `tailsSpec`, out
 * @returns what the head is to answer for each row: its target, or the cluster that has it; and the sections of empty chunks
 */
export function sortByTail(
  { frequent, tails }: Clusters,
  targets: ArrayLike<number>,
  isLive: (row: number) => boolean,
  into: Int32Array,
): { ofHead: Int32Array; empty: string[] } {
  const { size, count } = chunksOf(targets.length);
  const empty: string[] = [];
  const specs = chunkSpecs(size);
  const { offsets, bytes } = layoutOf(specs);
  const ofHead = Int32Array.from(targets);
  for (const [number, tail] of tails.entries()) {
    const rows: number[] = [];
    for (let row = 0; row < targets.length; row++) {
      const within = targets[row]! - tail.first;
      if (within < 0 || within >= tail.count) continue;
      ofHead[row] = frequent + number;
      if (isLive(row)) rows.push(row);
    }
    for (let chunk = 0; chunk < count; chunk++) {
      const start = ((number * count + chunk) * bytes) / 4;
      const part = (name: keyof typeof specs) => start + offsets[name]! / 4;
      const own = rows.slice(chunk * size, (chunk + 1) * size);
      into.fill(-1, part("rows"), part("rows") + size);
      into.set(own, part("rows"));
      into.set(
        own.map((row) => targets[row]! - tail.first),
        part("targets"),
      );
      if (own.length === 0) empty.push(chunkSection(number, chunk));
    }
  }
  return { ofHead, empty };
}
