// The data of the terminal's tasks, and what each is measured against.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  type Batch,
  type BatchShape,
  type BatchStream,
  batchesOnce,
  type Checkpoint,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  type NetworkOptions,
  type ParameterValues,
  randomWindows,
  type StreamPosition,
  shuffledBatches,
  split,
  unigramEntropy,
  Vocabulary,
} from "../../src/index";
import { addingBatches, guessingTheMean } from "../data/adding";
import { classification, described } from "../data/classification";
import { type LabelledFile, readLabelledFile } from "../data/labelled-file";
import { mobyDick } from "../data/moby-dick";
import { names } from "../data/names";
import { namesAsText } from "../data/names-text";
import type { Saved } from "./checkpoint-file";
import type { Learner } from "./learner";
import { OptionError, type TrainOptions } from "./options";

export interface TaskData {
  /** What is trained on, in a line. */
  title: string;
  network: NetworkOptions;
  symbols: readonly string[];
  /** From the file that --load names. */
  parameters: ParameterValues | undefined;
  /** All of the file that --resume names. */
  checkpoint: Checkpoint | undefined;
  /** Batches without end. */
  training: BatchStream;
  /** What is held out, in batches of `evaluation`. */
  heldOut: () => Iterable<Batch>;
  evaluation: BatchShape;
  tokensPerStep: number;
  /** Nats a character that knowing only how often each occurs would reach; null where classes are predicted. */
  unigramEntropy: number | null;
  /** Share of held-out items in their largest class; adding: the error of guessing the mean; null for characters. */
  baseline: number | null;
  /** A sample of what was learned, where there is one to show. */
  sample(learner: Learner, seed: number): Promise<string | null>;
}

/** Loads a task's data. @param saved what --load or --resume names. */
export async function loadTask(options: TrainOptions, saved?: Saved): Promise<TaskData> {
  const checkpoint = options.resume === undefined ? undefined : saved?.checkpoint;
  const position = checkpoint?.data as StreamPosition | undefined;
  const task = await taskOf(options, saved, position === undefined ? {} : { position });
  return { ...task, checkpoint };
}

type Position = { position?: StreamPosition };
type Task = Omit<TaskData, "checkpoint">;

function taskOf(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> | Task {
  if (options.task === "names") return namesTask(options, saved, from);
  if (options.task === "classify") return fileTask(options, saved, from);
  return options.task === "adding" ? addingTask(options, saved, from) : textTask(options, saved, from);
}

/** What of a network does not depend on the task. Orthogonal matrices and a forget gate that is open carry far. */
const recurrenceOf = ({ cell, layers, dropout, bidirectional, hidden, seed }: TrainOptions) =>
  ({
    ...{ cell, layers, dropout, bidirectional, hidden, seed },
    initializer: "glorot",
    recurrentInitializer: "orthogonal",
    ...(cell === "lstm" && { forgetBias: 1 }),
  }) as const;

/** Rows of a held-out batch. Each costs a round trip: few and large ones, as long as their steps leave room. */
const evaluationRows = (steps: number) => Math.min(128, Math.max(1, Math.floor(32768 / steps)));

/** The novel, or the names in an order that a seed shuffled, a line each. */
async function textOf(task: TrainOptions["task"]): Promise<[title: string, text: string]> {
  if (task === "moby-dick") return ["Moby-Dick", await mobyDick()];
  return ["Names", await namesAsText()];
}

async function textTask(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const { batch, length: steps, seed } = options;
  const [title, text] = await textOf(options.task);
  const vocabulary = saved ? new Vocabulary(saved.symbols) : Vocabulary.fromText(text, { limit: 64 });
  const tokens = vocabulary.encode(text);
  const { training, heldOut } = split(tokens);
  const { size } = vocabulary;
  const evaluation = { steps, batch: evaluationRows(steps), carryState: options.carried };
  const prompt = vocabulary.encode("\n");
  const documents = (all: Int32Array, rows: number) =>
    options.task === "generate-names" ? lines(all, prompt[0]!) : cut(all, rows);
  return {
    title: `${title}: ${tokens.length} characters, ${size} symbols, the last ${heldOut.length} held out`,
    network: saved?.network ?? {
      ...recurrenceOf(options),
      inputs: size,
      outputs: size,
      input: "tokens",
      readout: "every-step",
    },
    symbols: vocabulary.symbols,
    parameters: saved?.parameters,
    training: options.carried
      ? carriedWindows(documents(training, batch), { steps, batch, seed, ...from })
      : randomWindows(training, { steps, batch, seed, ...from }),
    evaluation,
    heldOut: () =>
      options.carried
        ? carriedWindowsOnce(documents(heldOut, evaluation.batch), evaluation)
        : consecutiveWindows(heldOut, evaluation),
    tokensPerStep: options.carried ? batch * targetsOfWindow(documents(training, batch), steps) : steps * batch,
    unigramEntropy: unigramEntropy(tokens, size),
    baseline: null,
    async sample(learner, sampleSeed) {
      if (!learner.generate) return null;
      return vocabulary.decode(await learner.generate(prompt, 160, sampleSeed));
    },
  };
}

/** How many targets a window of `steps` tokens has on average, where documents are read window by window. */
function targetsOfWindow(documents: readonly Int32Array[], steps: number): number {
  const windows = documents.reduce((sum, { length }) => sum + Math.ceil((length - 1) / steps), 0);
  return documents.reduce((sum, { length }) => sum + length - 1, 0) / windows;
}

/** Each line as a document of its own, that begins with the end of the line before it. */
function lines(tokens: Int32Array, newline: number): Int32Array[] {
  const documents: Int32Array[] = [];
  let start = tokens.indexOf(newline);
  for (let end = tokens.indexOf(newline, start + 1); end >= 0; end = tokens.indexOf(newline, start + 1)) {
    documents.push(tokens.subarray(start, end + 1));
    start = end;
  }
  return documents;
}

/** Batches of the adding problem, of another seed than is trained on. */
const heldOutBatches = 8;

function addingTask(options: TrainOptions, saved: Saved | undefined, { position }: Position): Task {
  const { batch, length: steps, seed } = options;
  const evaluation = { steps, batch: evaluationRows(steps) };
  return {
    title: `The adding problem over ${steps} steps`,
    network: saved?.network ?? {
      ...recurrenceOf(options),
      inputs: 2,
      outputs: 1,
      input: "features",
      readout: "last-step",
      loss: "mean-squared-error",
    },
    symbols: [],
    parameters: saved?.parameters,
    training: addingBatches({ steps, batch, seed }, position),
    evaluation,
    *heldOut(): Generator<Batch> {
      const batches = addingBatches({ ...evaluation, seed: (options.seed + 2 ** 31) % 2 ** 32 });
      for (let i = 0; i < heldOutBatches; i++) yield batches.next().value;
    },
    tokensPerStep: steps * batch,
    unigramEntropy: null,
    baseline: guessingTheMean,
    sample: async () => null,
  };
}

async function namesTask(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const file = await names();
  const items = file.items.map(({ text, label }) => ({ text: text.toLowerCase(), label }));
  return classifyTask("Names that stand in one list only", { ...file, items }, options, saved, from);
}

async function fileTask(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const path = options.data!;
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new OptionError(`--data is "${path}", which cannot be read (${error.message})`);
  });
  const file = await readLabelledFile(basename(path), text);
  const length = Math.min(options.length, file.longest);
  return classifyTask(basename(path), file, { ...options, length }, saved, from);
}

function classifyTask(
  name: string,
  file: LabelledFile,
  options: TrainOptions,
  saved: Saved | undefined,
  from: Position,
): Task {
  const { batch, length: steps, seed } = options;
  if (saved) expectAsTrained(file, saved.network);
  const data = classification(file, { steps, ...(saved && { symbols: saved.symbols }) });
  const { training, heldOut, inputs, symbols, baseline } = data;
  const evaluation = { steps, batch: evaluationRows(steps) };
  const read = training.reduce((sum, { tokens, features }) => sum + (tokens?.length ?? features!.length / inputs), 0);
  return {
    title: `${name}: ${described(file, data)}`,
    network: saved?.network ?? {
      ...recurrenceOf(options),
      inputs,
      outputs: file.classes.length,
      input: file.kind,
      readout: "last-step",
    },
    symbols,
    parameters: saved?.parameters,
    training: shuffledBatches(training, { steps, batch, inputs, seed, ...from }),
    evaluation,
    heldOut: () => batchesOnce(heldOut, { ...evaluation, inputs }),
    tokensPerStep: read / Math.ceil(training.length / batch),
    unigramEntropy: null,
    baseline,
    sample: async () => null,
  };
}

/** @throws where a saved network was trained for other classes or another kind of sequences. */
function expectAsTrained(file: LabelledFile, { input, inputs, outputs }: NetworkOptions): void {
  const series = (values: number) => `series of ${values} values a step`;
  const got = `${file.kind === "tokens" ? "texts" : series(file.inputs)} in ${file.classes.length} classes`;
  const expected = `${input === "tokens" ? "texts" : series(inputs)} in ${outputs} classes`;
  if (got !== expected) throw new OptionError(`--data has ${got}, expected ${expected}, as the network was trained on`);
}
