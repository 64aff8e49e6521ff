// Sequences of different lengths that have a class or values each: padded to batches, one row of targets per sequence.

import { expectOptions, shown, TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import { columnsOf, expectSequence, expectTyped } from "../network/columns";
import { Epochs, shuffled } from "./epochs";
import { expectBatchSize, expectList, heldOutCount } from "./options";
import { Random } from "./random";
import { type BatchStream, batchStream } from "./stream";
import { batchOfTargets, expectTarget, isTarget, type TargetSequence } from "./target-sequences";

/** A sequence of one step or more, and the class it belongs to: tokens, or features Float32Array [steps, inputs]. */
export type LabelledSequence = {
  /** The class index: 0, 1, 2, … */
  label: number;
} & ({ tokens: Int32Array; features?: never } | { features: Float32Array; tokens?: never });

/** A sequence of one step or more, and the values that it is to answer, for losses of values. */
export type ValuedSequence = {
  /** One for each output, as many for all sequences. */
  values: Float32Array;
} & ({ tokens: Int32Array; features?: never } | { features: Float32Array; tokens?: never });

type Item = LabelledSequence | ValuedSequence | TargetSequence;

/** The size of the batches: at most `batch` sequences of at most `steps` steps. */
export interface PaddedSize {
  steps: number;
  batch: number;
  /** How many features a step has; 1 unless given. Tokens do not need it. Of targets, a step of their source. */
  inputs?: number;
  /** Of targets: a source has at most so many steps; 1 unless given. */
  sourceSteps?: number;
}

/**
 * One batch of up to `batch` items, all of tokens or all of features: `inputs` [steps, batch] or [steps, batch, inputs],
 * in each column an item and then zeros, `lengths` [batch], `targets` [batch]. Rows without an item have length 1 and
 * target −1, so they do not count. Of items that have values, `targets` are [batch, outputs], and `weights` [batch] are 0 for
 * rows without an item: such batches need `weights: true` where a trainer, a pass or an evaluation is made.
 * Throws if there are no items or more than `batch`, if an item is not of the first one's kind, has no steps, more than
 * `steps` or one without all its features, if a label is not a class index, or not as many values as the first one has.
 */
export function paddedBatch(items: readonly Item[], size: PaddedSize): Batch {
  const { kind, width, outputs } = checkItems("paddedBatch", items, size);
  const { steps, batch } = size;
  if (items.length > batch) {
    throw new TempogradError(
      "batch",
      `paddedBatch: got ${items.length} items, expected at most batch = ${batch}; use batchesOnce to cut them up.`,
    );
  }
  if (kind === "target")
    return batchOfTargets(items as readonly TargetSequence[], { sourceSteps: 1, inputs: 1, ...size });
  const sequences = items.map((item) => (item as LabelledSequence)[kind]!);
  const { inputs, lengths } = columnsOf(sequences, kind === "tokens", { steps, batch, width });
  const targets = outputs === 0 ? new Int32Array(batch).fill(-1) : new Float32Array(batch * outputs); // [batch, outputs]
  for (const [row, item] of items.entries()) {
    if ("values" in item) targets.set(item.values, row * outputs);
    else targets[row] = (item as LabelledSequence).label;
  }
  const weights = new Float32Array(batch).fill(1, 0, items.length); // [batch]
  return { inputs, targets, lengths, ...(outputs > 0 && { weights }) };
}

/**
 * Batches without end, for training: every item once an epoch, in an order drawn anew for each epoch. The last batch of
 * an epoch may be partly filled. The same seed gives the same batches.
 * @param options with the `position` of an earlier stream, goes on from there.
 * @throws as `paddedBatch` does, before the first batch, or where the position is not one of such a stream.
 * @example
 * ```ts
 * import { shuffledBatches, splitItems } from "tempograd";
 *
 * const items = ["to be", "or not", "to be", "that is"].map((line, label) => ({ tokens: vocabulary.encode(line), label }));
 * const { training, heldOut } = splitItems(items, 0.25, 1);
 * const stream = shuffledBatches(training, { steps: 7, batch: 2, seed: 1 });
 * console.log(stream.next().value?.lengths, heldOut.length);
 * ```
 */
export function shuffledBatches(
  items: readonly Item[],
  options: PaddedSize & { seed: number; position?: unknown },
): BatchStream {
  const { kind, width } = checkItems("shuffledBatches", items, options);
  const { seed, position, ...size } = options;
  const { steps, batch } = size;
  return batchStream(
    {
      stream: "shuffledBatches",
      given: {
        ...{ items: items.length, steps, batch, seed },
        ...(kind === "target" && { sourceSteps: size.sourceSteps ?? 1 }),
        ...(kind !== "tokens" && { inputs: width }),
      },
      source(random, [taken] = [0]) {
        const epochs = new Epochs(items.length, random, taken);
        return {
          next() {
            const taken = epochs.take(batch).map((index) => items[index]!);
            return paddedBatch(taken, size);
          },
          where: () => ({ random: epochs.state, place: [epochs.taken] }),
        };
      },
      isPlace: (place) => place.length === 1 && place[0]! <= items.length,
    },
    position,
  );
}

/**
 * Every item once, in the given order, for evaluation. Throws as `paddedBatch` does, before the first batch.
 * @example
 * ```ts
 * import { batchesOnce } from "tempograd";
 *
 * const items = [0.1, 0.2, 0.3].map((x) => ({ features: Float32Array.of(x, x), values: Float32Array.of(2 * x) }));
 * for (const { inputs, weights } of batchesOnce(items, { steps: 2, batch: 2 })) console.log(inputs, weights);
 * ```
 */
export function batchesOnce(items: readonly Item[], size: PaddedSize): Generator<Batch, void> {
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
  expectList("splitItems", "items", items);
  const at = items.length - heldOutCount("splitItems", "items", items.length, heldOutFraction);
  const order = shuffled(items.length, Random.ofSeed("splitItems", seed)).map((index) => items[index]!);
  return { training: order.slice(0, at), heldOut: order.slice(at) };
}

function* inOrder(items: readonly Item[], size: PaddedSize): Generator<Batch, void> {
  for (let start = 0; start < items.length; start += size.batch) {
    yield paddedBatch(items.slice(start, start + size.batch), size);
  }
}

/** Targets are Int32Array. */
const mostLabel = 2 ** 31 - 1;

/** @returns the kind of all items, how many values a step has, and how many an item is to answer; 0 where it has a label. */
function checkItems(
  operation: string,
  items: readonly Item[],
  size: PaddedSize,
): { kind: "tokens" | "features" | "target"; width: number; outputs: number } {
  expectOptions(operation, size);
  const { steps, batch, inputs = 1, sourceSteps = 1 } = size;
  expectBatchSize(operation, steps, batch, inputs);
  expectList(operation, "items", items);
  if (items.length === 0)
    throw new TempogradError("batch", `${operation}: got 0 items, expected 1 or more; give some to learn from.`);
  const [first] = items;
  if (isTarget(first)) {
    expectBatchSize(operation, sourceSteps, batch, inputs);
    const rules = { steps, sourceSteps, inputs, first };
    for (const [index, item] of items.entries()) expectTarget(operation, `items[${index}]`, item, rules);
    return { kind: "target", width: inputs, outputs: 0 };
  }
  const kind = first?.tokens ? "tokens" : "features";
  const width = kind === "tokens" ? 1 : inputs;
  const outputs = first && typeof first === "object" && "values" in first ? (first.values?.length ?? 0) : 0;
  for (const [index, sequence] of items.entries()) {
    const values = (sequence as LabelledSequence | null)?.[kind];
    expectAlike(operation, `items[${index}]`, kind, values);
    expectSequence(operation, `items[${index}].${kind}`, values, { isTokens: kind === "tokens", width }, [
      "steps",
      steps,
    ]);
    if (outputs > 0) {
      expectAlike(operation, `items[${index}]`, "values", (sequence as ValuedSequence).values);
      checkValues(operation, `items[${index}].values`, (sequence as ValuedSequence).values, outputs);
      continue;
    }
    const { label } = sequence as LabelledSequence;
    if (!Number.isInteger(label) || label < 0 || label > mostLabel) {
      throw new TempogradError(
        "batch",
        `${operation}: items[${index}].label is ${shown(label)}, expected a class index 0, 1, 2, …; number the classes from 0.`,
      );
    }
  }
  return { kind, width, outputs };
}

function expectAlike(operation: string, item: string, kind: string, value: unknown): void {
  if (value !== undefined) return;
  const expected = `${kind}, as items[0] has; give all items the same kind`;
  throw new TempogradError("batch", `${operation}: ${item}.${kind} is undefined, expected ${expected}.`);
}

function checkValues(operation: string, name: string, values: Float32Array, outputs: number): void {
  expectTyped(operation, name, values, "Float32Array");
  if (values.length === outputs) return;
  throw new TempogradError(
    "batch",
    `${operation}: ${name} has length ${values.length}, expected ${outputs}, as items[0].values has; one an output.`,
  );
}
