// What `fit` learns from and is measured by: sequences with a label or values, tokens of one text, a list of batches, or a stream.

import { carriedWindows, carriedWindowsOnce, cut } from "../data/carried-windows";
import {
  batchesOnce,
  type LabelledSequence,
  shuffledBatches,
  splitItems,
  type ValuedSequence,
} from "../data/labelled-sequences";
import { isTarget, stepsOfTarget, type TargetSequence } from "../data/target-sequences";
import { consecutiveWindows, randomWindows, split } from "../data/token-stream";
import { areInTime, splitInTime } from "../data/windows";
import { shown, TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import type { NetworkConfig } from "../network/config";
import { expectSize } from "../network/expect";
import { architectureOf } from "../parts/architecture";
import { type Batches, iteratorOf } from "./batches";

type Sequences = readonly (LabelledSequence | ValuedSequence | TargetSequence)[];

/**
 * Sequences that have a label or values, such as `windows` of a series; targets, of a source where the network has an
 * encoder;
 * or batches: all of them once an epoch. The tokens of one text, Int32Array, each to be predicted from those before it: windows of
 * `steps` that begin anywhere, as many in an epoch as there is room for side by side; with `carryState` read in order (truncated BPTT). Or a stream of batches, which has no epochs.
 */
export type FitData = Sequences | Int32Array | readonly Batch[] | Batches;

/**
 * Likewise; a share of what is learned from, which is then held out, from above 0 to below 1; or what answers batches anew each time.
 * A share of sequences or batches is drawn at random. Of tokens it is their end, and of windows of a series the last in time, for
 * windows beside each other overlap: those whose futures reach into what is held out are left out of both.
 */
export type ValidationData = number | FitData | (() => Batches);

/** Data as a training takes them. */
export interface PreparedData {
  readonly training: Batches;
  /** How many updates go through all of it once; undefined of a stream. */
  readonly updatesPerEpoch: number | undefined;
  /** All that is to be measured, anew. */
  readonly validation: (() => Batches) | undefined;
  /** What the data say of the batches' size: of sequences the longest's, and 32 of them; what a trainer needs to take them. */
  readonly size: DataSize;
}

interface DataSize {
  readonly steps?: number | undefined;
  readonly sourceSteps?: number | undefined;
  readonly batch?: number | undefined;
  readonly carryState?: boolean | undefined;
  readonly weights?: boolean | undefined;
}

const isSequences = (data: unknown): data is Sequences =>
  Array.isArray(data) &&
  data.some((item) => isTarget(item) || (typeof item === "object" && item && ("label" in item || "values" in item)));

const isTokens = (data: unknown): data is Int32Array => Object.prototype.toString.call(data) === "[object Int32Array]";

/** @param given sizes of a batch, where they are said. @param seed of the order of data, and of the share that is held out. */
export function prepareData(
  config: NetworkConfig,
  data: FitData,
  validation: ValidationData | undefined,
  given: DataSize,
  seed: number,
): PreparedData {
  const [kept, held] = typeof validation === "number" ? shared(data, validation, seed) : [data, validation];
  const sequences = [kept, held].filter(isSequences).flat();
  const targets = sequences.filter(isTarget);
  const { encoder, input } = architectureOf(config);
  const sources = targets.some(({ source }) => source);
  if (targets.length > 0 && sources !== (encoder !== undefined)) {
    const [got, has] = sources ? ["a source", "no encoder"] : ["no source", "an encoder"];
    throw new TempogradError("batch", `fit: data have ${got}, and the network has ${has}, expected both or neither.`);
  }
  const { tokens, width } = encoder && sources ? encoder.input : input;
  const inputs = tokens === undefined ? width : 1;
  const said = defined(given);
  const size = {
    ...(sequences.length > 0 && { steps: longest(sequences, inputs) }),
    ...(sources && { sourceSteps: mostOf(targets, ({ source }) => (source?.length ?? 0) / inputs) }),
    ...((sequences.length > 0 || isTokens(kept)) && { batch: 32 }),
    ...said,
    ...(sequences.some((item) => item && "values" in item) && { weights: true }), // of a last batch that is not full
  };
  if (isTokens(kept) || isTokens(held)) expectSize("fit", "steps", size.steps);
  const { steps = 1, sourceSteps = 1, batch = 1, carryState = false } = size;
  const laidOut = { steps, sourceSteps, batch, inputs, carryState };
  return {
    ...training(kept, { ...laidOut, seed }),
    validation: held === undefined ? undefined : again(held, laidOut),
    size,
  };
}

const longest = (sequences: Sequences, inputs: number): number =>
  mostOf(sequences, (item) =>
    isTarget(item) ? stepsOfTarget(item) : (item?.tokens ?? item?.features ?? []).length / inputs,
  );

/** The largest, rounded up, and at least 1, also where some have none. */
const mostOf = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((most, item) => Math.max(most, Math.ceil(of(item)) || 1), 1);

const defined = ({ steps, sourceSteps, batch, carryState }: DataSize): DataSize =>
  Object.fromEntries(
    Object.entries({ steps, sourceSteps, batch, carryState }).filter(([, value]) => value !== undefined),
  );

interface LaidOut {
  readonly steps: number;
  readonly sourceSteps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly carryState: boolean;
}

function training(
  data: FitData,
  { carryState, ...options }: LaidOut & { seed: number },
): Pick<PreparedData, "training" | "updatesPerEpoch"> {
  const { steps, batch } = options;
  if (isSequences(data)) {
    return { training: shuffledBatches(data, options), updatesPerEpoch: Math.ceil(data.length / batch) };
  }
  if (isTokens(data)) {
    return {
      training: carryState ? carriedWindows(cut(data, batch), options) : randomWindows(data, options),
      updatesPerEpoch: Math.ceil((data.length - 1) / (steps * batch)),
    };
  }
  if (!Array.isArray(data)) {
    const source = iteratorOf("fit", data as Batches);
    const same = "next" in source ? { [Symbol.asyncIterator]: () => source as AsyncIterator<Batch> } : source;
    return { training: same, updatesPerEpoch: undefined };
  }
  if (data.length === 0) throw new TempogradError("batch", "fit: data is empty, expected sequences or batches.");
  const epochs = (function* () {
    while (true) yield* data as readonly Batch[];
  })();
  return { training: epochs, updatesPerEpoch: data.length };
}

/** What answers all of some data each time. @throws where it is a stream, which could be gone through once. */
function again(data: Exclude<ValidationData, number>, { carryState, ...size }: LaidOut): () => Batches {
  if (typeof data === "function") return data;
  if (isSequences(data)) return () => batchesOnce(data, size);
  if (isTokens(data)) {
    return () => (carryState ? carriedWindowsOnce(cut(data, size.batch), size) : consecutiveWindows(data, size));
  }
  if (typeof data === "object" && data !== null && "next" in data) {
    const cure = "pass a function that answers a new one each time, such as () => consecutiveWindows(tokens, size)";
    throw new TempogradError(
      "option",
      `fit: validation is a stream, expected what can be gone through again; ${cure}.`,
    );
  }
  return () => data as Batches;
}

/** What is learned from, and the share that is held out. */
function shared(data: FitData, share: number, seed: number): [FitData, FitData] {
  if (isTokens(data)) return partsOf(split(data, share));
  if (!Array.isArray(data)) {
    const cure = "hold batches out yourself, and pass them as validation";
    throw new TempogradError(
      "option",
      `fit: validation is the share ${shown(share)} of a stream, expected batches; ${cure}.`,
    );
  }
  if (areInTime(data)) return partsOf(splitInTime(data, share));
  return partsOf(splitItems<Sequences[number] | Batch>(data, share, seed));
}

const partsOf = ({ training, heldOut }: { training: unknown; heldOut: unknown }): [FitData, FitData] => [
  training as FitData,
  heldOut as FitData,
];
