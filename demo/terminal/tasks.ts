// The data of the terminal's tasks, and what each is measured against.

import {
  type Batch,
  type BatchShape,
  batchesOnce,
  consecutiveWindows,
  type NetworkOptions,
  type ParameterValues,
  randomWindows,
  shuffledBatches,
  split,
  splitItems,
  unigramEntropy,
  Vocabulary,
} from "../../src/index";
import { load } from "./checkpoint-file";
import { mobyDick, names } from "./datasets";
import type { Learner } from "./learner";
import { OptionError, type TrainOptions } from "./options";

export interface TaskData {
  /** What is trained on, in a line. */
  title: string;
  network: NetworkOptions;
  symbols: readonly string[];
  /** From the file that --load names. */
  parameters: ParameterValues | undefined;
  /** Batches without end. */
  training: Iterable<Batch>;
  /** What is held out, in batches of `evaluation`. */
  heldOut: () => Iterable<Batch>;
  evaluation: BatchShape;
  tokensPerStep: number;
  /** Nats a character that knowing only how often each occurs would reach; null where classes are predicted. */
  unigramEntropy: number | null;
  /** Share of held-out items in their larger class; null where characters are predicted. */
  baseline: number | null;
  /** A sample of what was learned, where there is one to show. */
  sample(learner: Learner, seed: number): Promise<string | null>;
}

/** Loads a task's data. @throws where --load names a file that does not fit. */
export async function loadTask(options: TrainOptions): Promise<TaskData> {
  const saved = options.load === undefined ? undefined : await load(options.load, options.task);
  return options.task === "names" ? namesTask(options, saved) : textTask(options, saved);
}

/** The same names are held out whatever --seed says, so that a loaded network was never trained on them. */
const splitSeed = 1;
/** Each batch costs a round trip: few and large ones. */
const evaluationBatch = 128;

type Saved = Awaited<ReturnType<typeof load>> | undefined;

async function textTask(options: TrainOptions, saved: Saved): Promise<TaskData> {
  const { cell, layers, hidden, batch, length: steps, seed } = options;
  const text = await mobyDick();
  const vocabulary = saved ? new Vocabulary(saved.symbols) : Vocabulary.fromText(text, { limit: 64 });
  const tokens = vocabulary.encode(text);
  const { training, heldOut } = split(tokens);
  const { size } = vocabulary;
  const evaluation = { steps, batch: evaluationBatch };
  const prompt = vocabulary.encode("\n");
  return {
    title: `Moby-Dick: ${tokens.length} characters, ${size} symbols, the last ${heldOut.length} held out`,
    network: saved?.network ?? {
      cell,
      layers,
      inputs: size,
      hidden,
      outputs: size,
      input: "tokens",
      readout: "every-step",
      seed,
    },
    symbols: vocabulary.symbols,
    parameters: saved?.parameters,
    training: randomWindows(training, { steps, batch, seed }),
    evaluation,
    heldOut: () => consecutiveWindows(heldOut, evaluation),
    tokensPerStep: steps * batch,
    unigramEntropy: unigramEntropy(tokens, size),
    baseline: null,
    async sample(learner, sampleSeed) {
      if (!learner.generate) return null;
      return vocabulary.decode(await learner.generate(prompt, 160, sampleSeed));
    },
  };
}

async function namesTask(options: TrainOptions, saved: Saved): Promise<TaskData> {
  const { cell, layers, bidirectional, hidden, batch, length: steps, seed } = options;
  const { items, classes } = names();
  const spelled = items.map(({ name, label }) => ({ name: name.toLowerCase(), label }));
  const vocabulary = saved
    ? new Vocabulary(saved.symbols)
    : Vocabulary.fromText(spelled.map(({ name }) => name).join(""));
  const encoded = spelled.map(({ name, label }) => ({ tokens: vocabulary.encode(name), label }));
  const longest = Math.max(...encoded.map(({ tokens }) => tokens.length));
  if (longest > steps) throw new OptionError(`--length is ${steps}, expected ${longest} or more, the longest name`);
  const { training, heldOut } = splitItems(encoded, 0.1, splitSeed);
  const evaluation = { steps, batch: evaluationBatch };
  const ofFirst = heldOut.filter(({ label }) => label === 0).length;
  return {
    title: `Names: ${items.length} that stand in one list only (${classes.join(", ")}), ${heldOut.length} held out`,
    network: saved?.network ?? {
      cell,
      layers,
      bidirectional,
      inputs: vocabulary.size,
      hidden,
      outputs: classes.length,
      input: "tokens",
      readout: "last-step",
      seed,
    },
    symbols: vocabulary.symbols,
    parameters: saved?.parameters,
    training: shuffledBatches(training, { steps, batch, seed }),
    evaluation,
    heldOut: () => batchesOnce(heldOut, evaluation),
    tokensPerStep: (batch * encoded.reduce((sum, { tokens }) => sum + tokens.length, 0)) / encoded.length,
    unigramEntropy: null,
    baseline: Math.max(ofFirst, heldOut.length - ofFirst) / heldOut.length,
    sample: async () => null,
  };
}
