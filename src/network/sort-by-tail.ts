// Sorts the rows of a batch by the tails of an adaptive readout that their targets are in. Loaded where there is one.

import { layoutOf } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { AnyBatch, BatchShape } from "./batch";
import type { NetworkConfig } from "./config";
import { eachLiveRow } from "./plain-batch";
import { chunkSpecs, chunksOf } from "./tails";

/** The section that a run of a batch without such rows leaves out. */
export const chunkSection = (tail: number, chunk: number): string => `tail ${tail}, chunk ${chunk}`;

/**
 * Sorts the rows of a batch that count into chunks by the tails that their targets are in.
 * @param into as `tailsSpec`, out
 * @returns what the head is to answer for each row: its target, or the cluster that has it; and the sections of empty chunks
 */
export function sortByTail(
  config: NetworkConfig,
  shape: BatchShape,
  { targets = new Int32Array(), lengths, weights }: AnyBatch,
  into: Int32Array,
): { ofHead: Int32Array; empty: string[] } {
  const { frequent, tails } = architectureOf(config).readout.clusters!;
  const live = new Set<number>();
  eachLiveRow(config, shape, lengths, (row) => {
    if (weights?.[row] !== 0) live.add(row);
  });
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
      if (live.has(row)) rows.push(row);
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
