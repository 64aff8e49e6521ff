// Pairs of sequences, of which a network with an encoder makes one of the other: padded to batches, each step of the decoder
// reading what the one before it was to say.

import { TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import { columnsOf, fillColumns } from "../network/columns";
import { shown } from "../network/expect";
import { expectSequence } from "./options";

/** A sequence, and the one that a network with an encoder is to make of it (teacher forcing, Sutskever, Vinyals and Le 2014). */
export interface SequencePair {
  /** What the encoder reads: tokens, or features [steps, inputs]; one step or more. */
  source: Int32Array | Float32Array;
  /** Tokens that the decoder begins with, as of `generate`: a start symbol, or more. They are not learned to be said. */
  prompt: ArrayLike<number>;
  /** The tokens that it is to say behind them, one or more. */
  target: Int32Array;
}

export const isPair = (item: unknown): item is SequencePair =>
  typeof item === "object" && item !== null && "target" in item;

/** Steps of the decoder: it reads the prompt, and all that it is to say but the last. */
export const stepsOfPair = ({ prompt, target }: SequencePair): number => prompt?.length + target?.length - 1;

/** A batch of checked pairs; targets past a sequence's end, and those of rows without one, are −1. */
export function batchOfPairs(
  pairs: readonly SequencePair[],
  { steps, sourceSteps, batch, inputs: width }: { steps: number; sourceSteps: number; batch: number; inputs: number },
): Batch {
  const read = pairs.map(({ prompt, target }) => [...Array.from(prompt), ...target.subarray(0, -1)]);
  const said = pairs.map(({ prompt, target }) => [...new Array<number>(prompt.length - 1).fill(-1), ...target]);
  const isTokens = !isFloats(pairs[0]!.source);
  const sources = columnsOf(
    pairs.map(({ source }) => source),
    isTokens,
    { steps: sourceSteps, batch, width },
  );
  const targets = new Int32Array(steps * batch).fill(-1);
  fillColumns(targets, said, { batch, width: 1 });
  const { inputs, lengths } = columnsOf(read, true, { steps, batch, width: 1 });
  return { source: sources.inputs, sourceLengths: sources.lengths, inputs, lengths, targets };
}

/** @throws unless this is a pair that fits, and its source of the same kind as the first one's. */
export function expectPair(
  operation: string,
  name: string,
  pair: unknown,
  { steps, sourceSteps, inputs, floats }: { steps: number; sourceSteps: number; inputs: number; floats: boolean },
): void {
  const { source, prompt, target } = (pair ?? {}) as Partial<SequencePair>;
  const most = { name: "sourceSteps", steps: sourceSteps, width: inputs };
  expectSequence(operation, `${name}.source`, source, floats ? "Float32Array" : "Int32Array", most);
  const begins = Array.from(prompt ?? []);
  if (begins.length === 0 || !begins.every((token) => Number.isInteger(token) && token >= 0)) {
    throw new TempogradError(
      "batch",
      `${operation}: ${name}.prompt is ${begins.length ? shown(begins) : "empty"}, expected one token or more; a start symbol.`,
    );
  }
  expectSequence(operation, `${name}.target`, target, "Int32Array", { name: "steps", steps, width: 1 });
  const taken = stepsOfPair(pair as SequencePair);
  if (taken <= steps) return;
  throw new TempogradError(
    "batch",
    `${operation}: ${name} takes ${taken} steps for its prompt and target, expected at most steps = ${steps}; cut it, or set steps to ${taken} or more.`,
  );
}

/** Whether these are features. */
export const isFloats = (sequence: unknown): boolean =>
  Object.prototype.toString.call(sequence) === "[object Float32Array]"; // holds for arrays of other frames too
