// The data of the terminal's tasks, and what each is measured against.

import { readFile, stat } from "node:fs/promises";
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
  type ParameterValues,
  randomWindows,
  type StreamPosition,
  shuffledBatches,
  split,
  type UniformOptions,
  unigramEntropy,
} from "../../src/index";
import { addingBatches, guessingTheMean } from "../data/adding";
import { classification } from "../data/classification";
import { type LabelledFile, readLabelledFile } from "../data/labelled-file";
import { mobyDick } from "../data/moby-dick";
import { namesByList } from "../data/names";
import { namesAsText } from "../data/names-text";
import { brief, quotedPath } from "../data/refusal";
import { expectReadable, textOf } from "../data/text-file";
import { answers, type TrainedOn, trainedOnSums, trainedOnText, vocabularyOf } from "../data/trained-on";
import { isSame, labelOf, type OwnData, type OwnDataLabel } from "../workshop/own-data";
import type { About, Saved } from "./checkpoint-file";
import type { Learner } from "./learner";
import { expectRoom, OptionError, type TrainOptions } from "./options";

export interface TaskData {
  /** What is trained on, in a line. */
  title: string;
  network: UniformOptions;
  trainedOn: TrainedOn;
  /** Of the file that task classify reads. */
  own?: OwnDataLabel;
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

async function taskOf(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const { task } = options;
  if (saved) expectAnswer(options, saved.trainedOn);
  if (task === "names") return classifyTask(await namesByList(), options, saved, from);
  if (task === "classify") return fileTask(options, saved, from);
  return task === "adding" ? addingTask(options, saved, from) : textTask(options, saved, from);
}

/** @throws where a file's network does another thing than the task's. */
function expectAnswer({ task, load, resume }: TrainOptions, { answer }: TrainedOn): void {
  const classifies = task === "names" || task === "classify";
  const expected = classifies ? "class" : task === "adding" ? "sum" : "character";
  if (answer === expected) return;
  const option = load === undefined ? `--resume is ${quotedPath(resume)}` : `--load is ${quotedPath(load)}`;
  throw new OptionError(
    `${option}, whose network ${answers[answer]}, expected one that ${answers[expected]}, as --task ${task} does`,
  );
}

/** Encodes data as the network of a file was trained. @throws where they do not go together. */
function asSaved<T>({ resume }: TrainOptions, saved: Saved | undefined, encode: (trained?: TrainedOn) => T): T {
  if (!saved) return encode();
  try {
    return encode(saved.trainedOn);
  } catch (error) {
    const option = resume === undefined ? "load" : "resume";
    throw new OptionError(`--${option} does not go with the data: ${(error as Error).message}`);
  }
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
async function corpusOf(task: TrainOptions["task"]): Promise<[title: string, text: string]> {
  if (task === "moby-dick") return ["Moby-Dick", await mobyDick()];
  return ["Names", await namesAsText()];
}

async function textTask(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const { batch, length: steps, seed } = options;
  const [title, text] = await corpusOf(options.task);
  const vocabulary = asSaved(options, saved, (trained) => vocabularyOf(title, text, trained));
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
    trainedOn: trainedOnText(vocabulary),
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
    trainedOn: trainedOnSums,
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

async function fileTask(options: TrainOptions, saved: Saved | undefined, from: Position): Promise<Task> {
  const own = await read(options.data!);
  if (options.resume !== undefined) await expectSame(own, options, saved!);
  const task = classifyTask(await readLabelledFile(own.name, own.text), options, saved, from);
  return { ...task, own: await labelOf(own) };
}

async function read(path: string): Promise<OwnData> {
  const name = basename(path);
  const unreadable = (error: Error) => {
    throw new OptionError(`--data is ${quotedPath(path)}, which cannot be read (${error.message})`);
  };
  const { size } = await stat(path).catch(unreadable);
  expectReadable(name, size);
  return { name, text: textOf(name, await readFile(path).catch(unreadable)) };
}

/** @throws where a training is to go on with another file than it began with. */
async function expectSame(own: OwnData, { data }: TrainOptions, { checkpoint }: Saved): Promise<void> {
  const { own: expected } = (checkpoint.about ?? {}) as Partial<About>;
  if (!expected || (await isSame(own, expected))) return;
  throw new OptionError(
    `--resume does not go with ${quotedPath(data)}, which is not as it was trained on (${brief(String(expected.name))}, ` +
      `${expected.length} characters): put that file there, or begin with --load`,
  );
}

function classifyTask(file: LabelledFile, options: TrainOptions, saved: Saved | undefined, from: Position): Task {
  const { batch, seed } = options;
  const length = Math.min(options.length, file.longest);
  expectRoom({ ...options, length });
  const data = asSaved(options, saved, (trained) => classification(file, { steps: length, trained }));
  const { training, heldOut, inputs, classes, steps, description, trainedOn, baseline } = data;
  const evaluation = { steps, batch: evaluationRows(steps) };
  const read = training.reduce((sum, { tokens, features }) => sum + (tokens?.length ?? features!.length / inputs), 0);
  return {
    title: `${file.name}: ${description}`,
    network: saved?.network ?? {
      ...recurrenceOf(options),
      inputs,
      outputs: classes.length,
      input: file.kind,
      readout: "last-step",
    },
    trainedOn,
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
