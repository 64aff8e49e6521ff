// Sequences of tokens that are to be said, of a source or without one: padded to batches, each step reading what the one before it
// was to say.

import type { Batch } from "../network/batch";
import { columnsOf, expectSequence, fillColumns } from "../network/columns";

/** A sequence of tokens that a network is to say, each behind those before it; of an encoder–decoder, of a source (teacher forcing). */
export interface TargetSequence {
  /** What the network's encoder reads, where it has one: tokens, or features [steps, inputs]; one step or more. */
  source?: Int32Array | Float32Array;
  /** Tokens to begin with, as of `generate`: a start symbol, or more. They are not learned to be said. */
  prompt: ArrayLike<number>;
  /** The tokens that are to be said behind them, one or more. */
  target: Int32Array;
}

export const isTarget = (item: unknown): item is TargetSequence =>
  typeof item === "object" && item !== null && "target" in item;

/** Steps that it takes: the prompt is read, and all that is to be said but the last. */
export const stepsOfTarget = ({ prompt, target }: TargetSequence): number => prompt?.length + target?.length - 1;

/** A batch of checked sequences; targets past a sequence's end, and those of rows without one, are −1. */
export function batchOfTargets(
  items: readonly TargetSequence[],
  { steps, sourceSteps, batch, inputs: width }: { steps: number; sourceSteps: number; batch: number; inputs: number },
): Batch {
  const read = items.map(({ prompt, target }) => [...Array.from(prompt), ...target.subarray(0, -1)]);
  const said = items.map(({ prompt, target }) => [...new Array<number>(prompt.length - 1).fill(-1), ...target]);
  const targets = new Int32Array(steps * batch).fill(-1);
  fillColumns(targets, said, { batch, width: 1 });
  const decoded = { ...columnsOf(read, true, { steps, batch, width: 1 }), targets };
  const sources = items.flatMap(({ source }) => source ?? []);
  if (sources.length === 0) return decoded;
  const size = { steps: sourceSteps, batch, width };
  const { inputs: source, lengths: sourceLengths } = columnsOf(sources, !isFloats(sources[0]), size);
  return { ...decoded, source, sourceLengths };
}

/** @throws unless this is one that fits, and has a source of the first one's kind, or none. */
export function expectTarget(
  operation: string,
  name: string,
  item: unknown,
  { steps, sourceSteps, inputs, first }: { steps: number; sourceSteps: number; inputs: number; first: TargetSequence },
): void {
  const { source, prompt, target } = (item ?? {}) as Partial<TargetSequence>;
  if (source ?? first.source) {
    const kind = { isTokens: !isFloats(first.source), width: inputs };
    expectSequence(operation, `${name}.source`, source, kind, ["sourceSteps", sourceSteps]);
  }
  const tokens = { isTokens: true, width: 1 };
  const most = ["steps", steps] as const;
  const begins = Int32Array.from(prompt ?? []);
  const whole = begins.every((token, i) => token === prompt![i]);
  expectSequence(operation, `${name}.prompt`, whole ? begins : prompt, tokens, most);
  expectSequence(operation, `${name}.target`, target, tokens, most);
  const taken = new Int32Array(stepsOfTarget(item as TargetSequence));
  expectSequence(operation, `${name}, its prompt and target,`, taken, tokens, most);
}

/** Whether these are features. */
const isFloats = (sequence: unknown): boolean => Object.prototype.toString.call(sequence) === "[object Float32Array]"; // holds for arrays of other frames too
