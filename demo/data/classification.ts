// What training needs of a file of labelled sequences: what is trained on and what is held out, as a network reads it.

import { type LabelledSequence, splitItems } from "../../src/index";
import { maximum } from "../extremes";
import {
  expectClasses,
  type LabelledFile,
  type LabelledSeries,
  type LabelledSeriesFile,
  type LabelledTexts,
} from "./labelled-file";
import { quoted, refusal } from "./refusal";
import { heldOutFraction, splitSeed } from "./split";
import { asTrained, type Scale, type TrainedOn, vocabularyOf } from "./trained-on";

export interface Classification {
  /** What is trained on. */
  training: LabelledSequence[];
  /** A tenth of the items. */
  heldOut: LabelledSequence[];
  /** Share of the held-out items in their largest class. */
  baseline: number;
  /** The network's: symbols, or features of a step. */
  inputs: number;
  /** The network's. */
  classes: readonly string[];
  /** Longer items are cut to so many. */
  steps: number;
  /** What was made of the file, in a line: how much there is, and all that was done to it. */
  description: string;
  trainedOn: TrainedOn;
}

interface Options {
  /** Where to cut; those of the longest item unless given. */
  steps?: number;
  /** Of the network that is to go on with it, which reads it as it was trained on. */
  trained?: TrainedOn | undefined;
}

/**
 * Holds a tenth of the items back and turns all into what a network reads: tokens of a vocabulary, which has the 64 most
 * frequent symbols of all items at most, or features that are standardised.
 * @throws where it has too few classes to learn, or is not such as the network was trained on.
 */
export function classification(given: LabelledFile, { steps = given.longest, trained }: Options = {}): Classification {
  if (!trained) expectClasses(given.name, given.classes, 2);
  const file = trained ? asTrained(given, trained) : given;
  const parts = file.kind === "tokens" ? ofTexts(file, steps, trained) : ofSeries(file, steps, trained);
  const { classes } = file;
  const counts = classes.map((_, index) => parts.heldOut.filter(({ label }) => label === index).length);
  const baseline = maximum(counts) / parts.heldOut.length;
  return { ...parts, classes, steps, baseline, description: described(file, parts, steps, trained !== undefined) };
}

function described(
  { items, classes, leftOut, said: found }: LabelledFile,
  parts: Parts,
  steps: number,
  again: boolean,
): string {
  const { heldOut, cut, trainedOn } = parts;
  const few = (all: readonly string[]) => (all.length > 8 ? [...all.slice(0, 7), "…"] : all).join(", ");
  const numbers = (all: readonly number[]) => few(all.map((one) => one.toPrecision(3)));
  const said = [
    ...[`${items.length} in ${classes.length} classes (${few(classes)})`, `${heldOut.length} held out`],
    ...leftOut.map((name) => `the column ${name ? quoted(name) : "without a name"} left out, which numbers the rows`),
    ...found,
  ];
  if (cut > 0) said.push(`${cut} cut to ${steps} steps`);
  const { scale } = trainedOn;
  const by = again ? "as in training, by" : "by";
  if (scale) said.push(`standardised ${by} mean ${numbers(scale.mean)} and deviation ${numbers(scale.deviation)}`);
  return said.join(", ");
}

/** And how many items were cut. */
type Parts = Pick<Classification, "training" | "heldOut" | "inputs" | "trainedOn"> & { cut: number };

function ofTexts({ name, items, classes }: LabelledTexts, steps: number, trained: TrainedOn | undefined): Parts {
  const vocabulary = vocabularyOf(name, items.map(({ text }) => text).join(""), trained);
  const whole = items.map(({ label, text }) => ({ label, tokens: vocabulary.encode(text) }));
  const sequences = whole.map(({ label, tokens }) => ({ label, tokens: tokens.subarray(0, steps) }));
  return {
    ...splitItems(sequences, heldOutFraction, splitSeed),
    inputs: vocabulary.size,
    cut: whole.filter(({ tokens }) => tokens.length > steps).length,
    trainedOn: { answer: "class", symbols: vocabulary.symbols, classes, columns: [], scale: null },
  };
}

function ofSeries(file: LabelledSeriesFile, steps: number, trained: TrainedOn | undefined): Parts {
  const { name, items, inputs, classes } = file;
  const length = steps * inputs;
  const sequences = items.map(({ label, features }) => ({ label, features: features.subarray(0, length) }));
  const { training, heldOut } = splitItems(sequences, heldOutFraction, splitSeed);
  const scale = trained?.scale ?? scaleOf(training, inputs);
  const ready = ({ label, features }: LabelledSeries) => ({ label, features: standardised(features, scale) });
  const parts = { training: training.map(ready), heldOut: heldOut.map(ready) };
  const all = [scale.mean, scale.deviation, ...[...parts.training, ...parts.heldOut].map(({ features }) => features)];
  if (!all.every((values) => values.every(Number.isFinite))) {
    const cure = "write the values in another unit";
    throw refusal(name, "has values too large to be standardised", "values that float32 holds", cure);
  }
  return {
    ...parts,
    inputs,
    cut: items.filter(({ features }) => features.length > length).length,
    trainedOn: { answer: "class", symbols: [], classes, columns: trained?.columns ?? file.columns, scale },
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
