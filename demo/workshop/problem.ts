// What a training learns: its data in batches, what the network must read and answer, and what knowing less would reach.

import {
  type Batch,
  type BatchShape,
  type BatchStream,
  batchesOnce,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  type LabelledSequence,
  paddedBatch,
  randomWindows,
  shuffledBatches,
  split,
  type UniformOptions,
  unigramEntropy,
  type Vocabulary,
} from "../../src/index";
import { addingBatches, guessingTheMean } from "../data/adding";
import { classification } from "../data/classification";
import { type LabelledFile, readLabelledFile } from "../data/labelled-file";
import { mobyDick } from "../data/moby-dick";
import { namesByList } from "../data/names";
import { namesAsText } from "../data/names-text";
import { type TrainedOn, trainedOnSums, trainedOnText, vocabularyOf } from "../data/trained-on";
import type { Settings } from "./fields";
import type { OwnData } from "./own-data";

/** One held-out sequence, to be looked at through time. */
export interface Example {
  /** Of one row. */
  batch: Batch;
  /** What each step reads, as a visitor would write it, and what it is to predict. */
  labels: string[];
  predicted?: string[];
}

export interface Problem {
  /** How much there is to learn from, in words. */
  description: string;
  network: Pick<UniformOptions, "inputs" | "outputs" | "input" | "readout" | "loss" | "classWeights">;
  /** What files of its network say. */
  trainedOn: TrainedOn;
  /** Where characters are read. */
  vocabulary?: Vocabulary;
  /** Where it writes: what it reads before, unless the visitor says otherwise. */
  prompt?: string;
  /** Batches without end, from a position of the same stream on. */
  training(position?: unknown): BatchStream;
  heldOut(): Iterable<Batch>;
  evaluation: BatchShape;
  /** What a step reads, on average. */
  tokensPerStep: number;
  /** What can be reached without reading in order: a loss, or a share of right answers. */
  baseline: { meaning: string; loss?: number; accuracy?: number };
  example: Example;
}

/**
 * @param trained what the network that goes on with it was trained on, where there is one.
 * @throws where the visitor's own data is missing or cannot be learned from, with the cure.
 */
export async function problemOf(settings: Settings, own: OwnData | undefined, trained?: TrainedOn): Promise<Problem> {
  switch (settings.data) {
    case "moby-dick":
      return textProblem("Moby-Dick", await mobyDick(), settings, trained);
    case "names":
      return textProblem("The names", await namesAsText(), settings, trained, "\n");
    case "own-text":
      if (!own) throw new Error("No text is given: paste one, or drop a file.");
      return textProblem(own.name, own.text, settings, trained);
    case "adding":
      return addingProblem(settings);
    case "name-lists":
      return classProblem(await namesByList(), settings, trained);
    case "sequences":
      if (!own) throw new Error("No file is given: drop or choose one.");
      return classProblem(await readLabelledFile(own.name, own.text), settings, trained);
  }
}

const promptLength = 32;
const mostExampleSteps = 48;
/** Characters that a text needs: a window of `steps` and its next character in nine tenths, two in the rest. */
const leastCharacters = (steps: number): number => Math.max(20, Math.ceil((steps + 1) / 0.9) + 1);

function textProblem(
  name: string,
  text: string,
  settings: Settings,
  trained: TrainedOn | undefined,
  opening?: string,
): Problem {
  const { steps, batch, seed, carryState } = settings;
  const vocabulary = vocabularyOf(name, text, trained);
  const tokens = vocabulary.encode(text);
  const { size } = vocabulary;
  if (tokens.length < leastCharacters(steps)) {
    throw new Error(
      `The text has ${tokens.length} characters; ${leastCharacters(steps)} or more are needed for ${steps} time steps. Give more text, or take fewer time steps.`,
    );
  }
  const { training, heldOut } = split(tokens);
  if (carryState && training.length <= batch) {
    throw new Error(
      `The text has ${training.length} characters to learn from, too few for ${batch} rows that each read a part of it. Give more text, or take a smaller batch.`,
    );
  }
  const evaluation = { steps, batch: Math.min(batch, Math.ceil((heldOut.length - 1) / steps)), carryState };
  const example = heldOut.slice(0, Math.min(steps, mostExampleSteps, heldOut.length - 1) + 1);
  const spelled = Array.from(example, (token) => vocabulary.symbols[token]!);
  const whole = (value: number) => value.toLocaleString("en");
  const entropy = unigramEntropy(tokens, size);
  return {
    description: `${whole(training.length)} characters to learn from, ${whole(heldOut.length)} held out, ${size} symbols`,
    network: { inputs: size, outputs: size, input: "tokens", readout: "every-step", loss: "cross-entropy" },
    trainedOn: trainedOnText(vocabulary),
    vocabulary,
    prompt: opening ?? vocabulary.decode(heldOut.subarray(0, promptLength)),
    training: (position) => {
      const options = { steps, batch, seed, position };
      return carryState ? carriedWindows(cut(training, batch), options) : randomWindows(training, options);
    },
    heldOut: () =>
      carryState
        ? carriedWindowsOnce(cut(heldOut, evaluation.batch), evaluation)
        : consecutiveWindows(heldOut, evaluation),
    evaluation,
    tokensPerStep: steps * batch,
    baseline: { meaning: "knowing only how often each character occurs", loss: entropy },
    example: {
      batch: { inputs: example.slice(0, -1), targets: example.slice(1) },
      labels: spelled.slice(0, -1),
      predicted: spelled.slice(1),
    },
  };
}

function classProblem(file: LabelledFile, settings: Settings, trained: TrainedOn | undefined): Problem {
  const { batch, seed, balanced } = settings;
  const found = classification(file, { steps: Math.min(settings.steps, file.longest), trained });
  const { training, heldOut, inputs, steps, trainedOn, description } = found;
  const { symbols } = trainedOn;
  const size = { steps, batch, inputs };
  const classes = found.classes.length;
  const share = (label: number) => training.filter((item) => item.label === label).length / training.length;
  const weights = found.classes.map((_, label) => 1 / (classes * Math.max(share(label), 1 / training.length)));
  const first = heldOut[0]!;
  const length = lengthOf(first, inputs);
  return {
    description,
    trainedOn,
    network: {
      ...{ inputs, outputs: classes, input: file.kind, readout: "last-step", loss: "cross-entropy" },
      ...(balanced && { classWeights: weights }),
    },
    training: (position) => shuffledBatches(training, { ...size, seed, position }),
    heldOut: () => batchesOnce(heldOut, size),
    evaluation: { steps, batch },
    tokensPerStep: (batch * training.reduce((sum, item) => sum + lengthOf(item, inputs), 0)) / training.length,
    baseline: { meaning: "always guessing the largest class", accuracy: found.baseline },
    example: {
      batch: paddedBatch([first], { steps: length, batch: 1, inputs }),
      labels: first.tokens
        ? Array.from(first.tokens, (token) => symbols[token]!)
        : Array.from({ length }, (_, t) => first.features[t * inputs]!.toFixed(1)),
    },
  };
}

const lengthOf = ({ tokens, features }: LabelledSequence, inputs: number): number =>
  tokens ? tokens.length : features.length / inputs;

/** Batches that are held out of the adding problem, which has no end of them: of another seed. */
const addingHeldOut = 4;

function addingProblem({ steps, batch, seed }: Settings): Problem {
  const evaluation = { steps, batch };
  const heldOutSeed = (seed + 2 ** 31) % 2 ** 32;
  const example = addingBatches({ steps, batch: 1, seed: heldOutSeed }).next().value;
  const numbers = example.inputs as Float32Array; // [steps, 1, 2]: a number and its mark
  return {
    description: `no end of sequences of ${steps} numbers, two of them marked, to be added`,
    trainedOn: trainedOnSums,
    network: { inputs: 2, outputs: 1, input: "features", readout: "last-step", loss: "mean-squared-error" },
    training: (position) => addingBatches({ steps, batch, seed }, position as never),
    *heldOut() {
      const batches = addingBatches({ ...evaluation, seed: heldOutSeed });
      for (let i = 0; i < addingHeldOut; i++) yield batches.next().value;
    },
    evaluation,
    tokensPerStep: steps * batch,
    baseline: { meaning: "always guessing the mean", loss: guessingTheMean },
    example: {
      batch: example,
      labels: Array.from(
        { length: steps },
        (_, t) => `${numbers[2 * t]!.toFixed(1).slice(1)}${numbers[2 * t + 1] ? "*" : ""}`,
      ),
    },
  };
}
