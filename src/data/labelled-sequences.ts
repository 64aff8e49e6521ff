// Classification of sequences: pads labelled sequences of different lengths to batches, one target per sequence.

import type { Batch } from "../network/batch";
import { expectSize } from "../network/config";
import { Epochs, shuffled } from "./epochs";
import { heldOutCount } from "./options";
import { Random } from "./random";
import { type BatchStream, batchStream } from "./stream";

/** A sequence and the class it belongs to. */
export interface LabelledSequence {
  /** One token or more. */
  tokens: Int32Array;
  /** The class index: 0, 1, 2, … */
  label: number;
}

/** The size of the batches: at most `batch` sequences of at most `steps` tokens. */
export interface PaddedSize {
  steps: number;
  batch: number;
}

/**
 * One batch of up to `batch` items: `inputs` [steps, batch], each column an item's tokens and then zeros, `lengths`
 * [batch], `targets` [batch]. Rows without an item have length 1 and target −1, so they do not count.
 * Throws if there are no items or more than `batch`, if an item has no tokens or more than `steps`, or if a label is
 * not a class index.
 */
export function paddedBatch(items: readonly LabelledSequence[], { steps, batch }: PaddedSize): Batch {
  checkItems("paddedBatch", items, { steps, batch });
  if (items.length > batch) {
    throw new Error(
      `paddedBatch: got ${items.length} items, expected at most batch = ${batch}; use batchesOnce to cut them up.`,
    );
  }
  const inputs = new Int32Array(steps * batch); // [steps, batch]
  const lengths = new Int32Array(batch).fill(1); // [batch]
  const targets = new Int32Array(batch).fill(-1); // [batch]
  for (const [row, { tokens, label }] of items.entries()) {
    for (const [step, token] of tokens.entries()) inputs[step * batch + row] = token;
    lengths[row] = tokens.length;
    targets[row] = label;
  }
  return { inputs, targets, lengths };
}

/**
 * Batches without end, for training: every item once an epoch, in an order drawn anew for each epoch. The last batch of
 * an epoch may be partly filled. The same seed gives the same batches.
 * @param options with the `position` of an earlier stream, goes on from there.
 * @throws as `paddedBatch` does, before the first batch, or where the position is not one of such a stream.
 */
export function shuffledBatches(
  items: readonly LabelledSequence[],
  { steps, batch, seed, position }: PaddedSize & { seed: number; position?: unknown },
): BatchStream {
  checkItems("shuffledBatches", items, { steps, batch });
  return batchStream(
    {
      stream: "shuffledBatches",
      given: { items: items.length, steps, batch, seed },
      source(random, [taken] = [0]) {
        const epochs = new Epochs(items.length, random, taken);
        return {
          next() {
            const taken = epochs.take(batch).map((index) => items[index]!);
            return paddedBatch(taken, { steps, batch });
          },
          where: () => ({ random: epochs.state, place: [epochs.taken] }),
        };
      },
      isPlace: (place) => place.length === 1 && place[0]! <= items.length,
    },
    position,
  );
}

/** Every item once, in the given order, for evaluation. Throws as `paddedBatch` does, before the first batch. */
export function batchesOnce(items: readonly LabelledSequence[], size: PaddedSize): Generator<Batch, void> {
  checkItems("batchesOnce", items, size);
  return inOrder(items, size);
}

/**
 * Shuffles the items and keeps a fraction back for evaluation. The same seed gives the same split.
 * Throws if the fraction is not between 0 and 1, or leaves one part without an item.
 */
export function splitItems<Item>(
  items: readonly Item[],
  heldOutFraction: number,
  seed: number,
): { training: Item[]; heldOut: Item[] } {
  const at = items.length - heldOutCount("splitItems", "items", items.length, heldOutFraction);
  const order = shuffled(items.length, Random.ofSeed("splitItems", seed)).map((index) => items[index]!);
  return { training: order.slice(0, at), heldOut: order.slice(at) };
}

function* inOrder(items: readonly LabelledSequence[], size: PaddedSize): Generator<Batch, void> {
  for (let start = 0; start < items.length; start += size.batch) {
    yield paddedBatch(items.slice(start, start + size.batch), size);
  }
}

function checkItems(operation: string, items: readonly LabelledSequence[], { steps, batch }: PaddedSize): void {
  expectSize(operation, "steps", steps);
  expectSize(operation, "batch", batch);
  if (items.length === 0) throw new Error(`${operation}: got 0 items, expected 1 or more; give some to learn from.`);
  for (const [index, { tokens, label }] of items.entries()) {
    if (tokens.length < 1 || tokens.length > steps) {
      throw new Error(
        `${operation}: items[${index}].tokens has length ${tokens.length}, expected 1 to steps = ${steps}; ` +
          (tokens.length === 0 ? "leave the item out." : `cut the item, or set steps to ${tokens.length} or more.`),
      );
    }
    if (!Number.isInteger(label) || label < 0) {
      throw new Error(
        `${operation}: items[${index}].label is ${label}, expected a class index 0, 1, 2, …; number the classes from 0.`,
      );
    }
  }
}
