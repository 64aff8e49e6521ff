// What `fit` learns from and is measured by: labelled sequences, a list of batches, or a stream of them.

import { batchesOnce, type LabelledSequence, shuffledBatches, splitItems } from "../data/labelled-sequences";
import { TempogradError } from "../errors";
import type { Batch } from "../network/batch";
import type { NetworkConfig } from "../network/config";
import { shown } from "../network/expect";
import { architectureOf } from "../parts/architecture";
import { type Batches, iteratorOf } from "./batches";

/** Labelled sequences or batches, all of them once an epoch; or a stream of batches, which has no epochs. */
export type FitData = readonly LabelledSequence[] | readonly Batch[] | Batches;

/** Likewise; a share of what is learned from, which is then held out, from above 0 to below 1; or what answers batches anew each time. */
export type ValidationData = number | FitData | (() => Batches);

/** Data as a training takes them. */
export interface PreparedData {
  readonly training: Batches;
  /** How many updates go through all of it once; undefined of a stream. */
  readonly updatesPerEpoch: number | undefined;
  /** All that is to be measured, anew. */
  readonly validation: (() => Batches) | undefined;
  /** The longest sequence and how many sequences there are, of labelled ones. */
  readonly size: DataSize;
}

interface DataSize {
  readonly steps?: number | undefined;
  readonly batch?: number | undefined;
}

const isLabelled = (data: unknown): data is readonly LabelledSequence[] =>
  Array.isArray(data) && data.some((item) => typeof item === "object" && item !== null && "label" in item);

/**
 * @param given sizes of a batch, where they are said: of labelled sequences, unless they are, the longest and 32.
 * @param seed of the order of sequences, and of the share that is held out.
 */
export function prepareData(
  config: NetworkConfig,
  data: FitData,
  validation: ValidationData | undefined,
  given: DataSize,
  seed: number,
): PreparedData {
  const [kept, held] = typeof validation === "number" ? shared(data, validation, seed) : [data, validation];
  const labelled = [kept, held].filter(isLabelled).flat();
  const { tokens, width } = architectureOf(config).input;
  const inputs = tokens === undefined ? width : 1;
  const stepsOf = (item: LabelledSequence) => (item?.tokens ?? item?.features ?? []).length / inputs;
  const longest = labelled.reduce((most, item) => Math.max(most, Math.ceil(stepsOf(item))), 1);
  const size = labelled.length > 0 ? { steps: longest, batch: 32, ...defined(given) } : given;
  const { steps = 1, batch = 1 } = size;
  return {
    ...training(kept, { steps, batch, inputs, seed }),
    validation: held === undefined ? undefined : again(held, { steps, batch, inputs }),
    size,
  };
}

const defined = ({ steps, batch }: DataSize): DataSize => ({
  ...(steps !== undefined && { steps }),
  ...(batch !== undefined && { batch }),
});

interface Padded {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
}

function training(
  data: FitData,
  options: Padded & { seed: number },
): Pick<PreparedData, "training" | "updatesPerEpoch"> {
  if (isLabelled(data)) {
    return { training: shuffledBatches(data, options), updatesPerEpoch: Math.ceil(data.length / options.batch) };
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
function again(data: Exclude<ValidationData, number>, size: Padded): () => Batches {
  if (typeof data === "function") return data;
  if (isLabelled(data)) return () => batchesOnce(data, size);
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
  if (!Array.isArray(data)) {
    const cure = "hold batches out yourself, and pass them as validation";
    throw new TempogradError(
      "option",
      `fit: validation is the share ${shown(share)} of a stream, expected batches; ${cure}.`,
    );
  }
  const { training, heldOut } = splitItems<LabelledSequence | Batch>(data, share, seed);
  return [training as FitData, heldOut as FitData];
}
