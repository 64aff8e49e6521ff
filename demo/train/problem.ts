// What a training learns: its data in batches, what the network must read and answer, and what knowing less would reach.

import {
  type Batch,
  type BatchShape,
  type BatchStream,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  type NetworkOptions,
  randomWindows,
  split,
  splitItems,
  unigramEntropy,
  Vocabulary,
} from "../../src/index";
import { addingBatches, guessingTheMean } from "../data/adding";
import { mobyDick } from "../data/moby-dick";
import { names } from "../data/names";
import type { Settings } from "./settings";

/** What the visitor brought: a text, or a file of sequences. */
export interface OwnData {
  /** The file's name, or "your text". */
  name: string;
  text: string;
}

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
  network: Pick<NetworkOptions, "inputs" | "outputs" | "input" | "readout" | "loss" | "classWeights">;
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

/** @throws where the visitor's own data is missing or cannot be learned from, with the cure. */
export async function problemOf(settings: Settings, own: OwnData | undefined): Promise<Problem> {
  switch (settings.data) {
    case "moby-dick":
      return textProblem(await mobyDick(), settings);
    case "names":
      return textProblem(await namesAsText(), settings, "\n");
    case "own-text":
      if (!own) throw new Error("No text is given: paste one, or drop a file.");
      return textProblem(own.text, settings);
    case "adding":
      return addingProblem(settings);
    default:
      throw new Error(`Data "${settings.data}" is not known.`);
  }
}

const mostSymbols = 64;
const promptLength = 32;
const mostExampleSteps = 48;
/** The same names are held out whatever the seed. */
const splitSeed = 1;

/** In an order that a seed shuffled, a line each. */
async function namesAsText(): Promise<string> {
  const { training, heldOut } = splitItems((await names()).items, 0.1, splitSeed);
  return `\n${[...training, ...heldOut].map(({ name }) => `${name}\n`).join("")}`;
}

/** Characters that a text needs: a window of `steps` and its next character in nine tenths, two in the rest. */
export const leastCharacters = (steps: number): number => Math.max(20, Math.ceil((steps + 1) / 0.9) + 1);

function textProblem(text: string, settings: Settings, opening?: string): Problem {
  const { steps, batch, seed, carryState } = settings;
  const vocabulary = Vocabulary.fromText(text, { limit: mostSymbols });
  const tokens = vocabulary.encode(text);
  const { size } = vocabulary;
  if (tokens.length < leastCharacters(steps)) {
    throw new Error(
      `The text has ${tokens.length} characters; ${leastCharacters(steps)} or more are needed for ${steps} time steps. Give more text, or take fewer time steps.`,
    );
  }
  const { training, heldOut } = split(tokens);
  const evaluation = { steps, batch: Math.min(batch, Math.ceil((heldOut.length - 1) / steps)), carryState };
  const example = heldOut.slice(0, Math.min(steps, mostExampleSteps, heldOut.length - 1) + 1);
  const spelled = Array.from(example, (token) => vocabulary.symbols[token]!);
  const whole = (value: number) => value.toLocaleString("en");
  const entropy = unigramEntropy(tokens, size);
  return {
    description: `${whole(training.length)} characters to learn from, ${whole(heldOut.length)} held out, ${size} symbols`,
    network: { inputs: size, outputs: size, input: "tokens", readout: "every-step", loss: "cross-entropy" },
    vocabulary,
    prompt: opening ?? vocabulary.decode(heldOut.subarray(0, promptLength)),
    training: (position) => {
      const options = { steps, batch, seed, ...(position !== undefined && { position }) };
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

/** Batches that are held out of the adding problem, which has no end of them: of another seed. */
const addingHeldOut = 4;

function addingProblem({ steps, batch, seed }: Settings): Problem {
  const evaluation = { steps, batch };
  const heldOutSeed = (seed + 2 ** 31) % 2 ** 32;
  const example = addingBatches({ steps, batch: 1, seed: heldOutSeed }).next().value;
  const numbers = example.inputs as Float32Array; // [steps, 1, 2]: a number and its mark
  return {
    description: `no end of sequences of ${steps} numbers, two of them marked, to be added`,
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
