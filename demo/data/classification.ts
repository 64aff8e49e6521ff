// What training needs of a file of labelled sequences: what is trained on and what is held out, as a network reads it.

import { type LabelledSequence, splitItems, Vocabulary } from "../../src/index";
import { maximum } from "../extremes";
import type { LabelledFile, LabelledSeries, LabelledSeriesFile, LabelledTexts } from "./labelled-file";

const heldOutFraction = 0.1;
/** The same items are held out whatever a training's seed, so that a loaded network was never trained on them. */
export const splitSeed = 1;

/** How features are standardised: (value − mean) / deviation, for each feature of a step. */
export interface Scale {
  mean: number[];
  deviation: number[];
}

export interface Classification {
  /** What is trained on. */
  training: LabelledSequence[];
  /** A tenth of the items. */
  heldOut: LabelledSequence[];
  /** Share of the held-out items in their largest class. */
  baseline: number;
  /** The network's: symbols, or features of a step. */
  inputs: number;
  /** Longer items are cut to so many. */
  steps: number;
  /** How many items were cut. */
  cut: number;
  /** Of the vocabulary, in the order of the tokens; none where there are features. */
  symbols: readonly string[];
  /** Of what is trained on; null where there are tokens. */
  scale: Scale | null;
}

interface Options {
  /** Where to cut; those of the longest item unless given. */
  steps?: number;
  /** Of an earlier vocabulary; without them, the most frequent ones of all items, 64 at most. */
  symbols?: readonly string[];
}

/**
 * Holds a tenth of the items back and turns all into what a network reads: tokens of a
 * vocabulary, or features that are standardised.
 */
export function classification(file: LabelledFile, options: Options = {}): Classification {
  const { steps = file.longest } = options;
  const parts = file.kind === "tokens" ? ofTexts(file, steps, options) : ofSeries(file, steps);
  const counts = file.classes.map((_, index) => parts.heldOut.filter(({ label }) => label === index).length);
  return { ...parts, steps, baseline: maximum(counts) / parts.heldOut.length };
}

/** What was made of a file, in a line: how much there is, and all that was done to it. */
export function described({ items, classes }: LabelledFile, { heldOut, cut, steps, scale }: Classification): string {
  const few = (all: readonly string[]) => (all.length > 8 ? [...all.slice(0, 7), "…"] : all).join(", ");
  const numbers = (all: readonly number[]) => few(all.map((one) => one.toPrecision(3)));
  const parts = [`${items.length} in ${classes.length} classes (${few(classes)})`, `${heldOut.length} held out`];
  if (cut > 0) parts.push(`${cut} cut to ${steps} steps`);
  if (scale) parts.push(`standardised by mean ${numbers(scale.mean)} and deviation ${numbers(scale.deviation)}`);
  return parts.join(", ");
}

type Parts = Omit<Classification, "steps" | "baseline">;

function ofTexts({ items }: LabelledTexts, steps: number, { symbols }: Options): Parts {
  const vocabulary = symbols
    ? new Vocabulary(symbols)
    : Vocabulary.fromText(items.map(({ text }) => text).join(""), { limit: 64 });
  const whole = items.map(({ label, text }) => ({ label, tokens: vocabulary.encode(text) }));
  const sequences = whole.map(({ label, tokens }) => ({ label, tokens: tokens.subarray(0, steps) }));
  return {
    ...splitItems(sequences, heldOutFraction, splitSeed),
    inputs: vocabulary.size,
    cut: whole.filter(({ tokens }) => tokens.length > steps).length,
    symbols: vocabulary.symbols,
    scale: null,
  };
}

function ofSeries({ items, inputs }: LabelledSeriesFile, steps: number): Parts {
  const length = steps * inputs;
  const sequences = items.map(({ label, features }) => ({ label, features: features.subarray(0, length) }));
  const { training, heldOut } = splitItems(sequences, heldOutFraction, splitSeed);
  const scale = scaleOf(training, inputs);
  const ready = ({ label, features }: LabelledSeries) => ({ label, features: standardised(features, scale) });
  return {
    training: training.map(ready),
    heldOut: heldOut.map(ready),
    inputs,
    cut: items.filter(({ features }) => features.length > length).length,
    symbols: [],
    scale,
  };
}

/** Features as the network reads them, [steps, inputs]. */
export function standardised(features: ArrayLike<number>, { mean, deviation }: Scale): Float32Array {
  return Float32Array.from(features, (value, i) => (value - mean[i % mean.length]!) / deviation[i % mean.length]!);
}

function scaleOf(items: readonly LabelledSeries[], inputs: number): Scale {
  const count = items.reduce((sum, { features }) => sum + features.length, 0) / inputs;
  const meanOf = (term: (value: number, input: number) => number) => {
    const sums = new Array<number>(inputs).fill(0);
    for (const { features } of items) {
      for (const [i, value] of features.entries()) sums[i % inputs]! += term(value, i % inputs);
    }
    return sums.map((sum) => sum / count);
  };
  const mean = meanOf((value) => value);
  const deviation = meanOf((value, input) => (value - mean[input]!) ** 2).map(Math.sqrt);
  // A feature that never changes stays as it is: what is left of it is rounding.
  return { mean, deviation: deviation.map((one, i) => (one > 1e-12 * Math.abs(mean[i]!) ? one : 1)) };
}
