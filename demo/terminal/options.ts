// The options of `npm run train`: read, checked, and explained.

import { parseArgs } from "node:util";
import { type CellName, cellNames, type Schedule, type UniformOptions } from "../../src/index";
import { quoted } from "../data/refusal";
import type { Device } from "./learner";

export const optimizers = ["sgd", "momentum", "rmsprop", "adam", "adamw"] as const;
export type OptimizerName = (typeof optimizers)[number];
export const tasks = ["moby-dick", "names", "classify", "generate-names", "adding", "i-like-nlp"] as const;
export const learningRateSchedules = ["constant", "step", "cosine", "warmup"] as const;
export type LearningRateScheduleName = (typeof learningRateSchedules)[number];
export type Task = (typeof tasks)[number];
export const isTask = (value: unknown): value is Task => tasks.some((task) => task === value);

export interface TrainOptions {
  task: Task;
  /** The file of task classify. */
  data: string | undefined;
  hidden: number;
  batch: number;
  length: number;
  steps: number;
  learningRate: number;
  cell: CellName;
  layers: number;
  bidirectional: boolean;
  optimizer: OptimizerName;
  clipNorm: number | undefined;
  dropout: number;
  scheduleLr: LearningRateScheduleName;
  /** Truncated BPTT: whether the state is carried from window to window. */
  carried: boolean;
  seed: number;
  schedule: Schedule | undefined;
  device: Device | undefined;
  save: string | undefined;
  load: string | undefined;
  resume: string | undefined;
  json: boolean;
}

/** Options that the worked example has no use for. */
const notOfTheExample = [
  "batch",
  "length",
  "save",
  "load",
  "json",
  "cell",
  "layers",
  "bidirectional",
  "optimizer",
  "clip-norm",
  "dropout",
  "schedule-lr",
  "window",
  "resume",
] as const;

/** Options that go with --resume: the file says all others. */
const ofResuming: readonly string[] = ["resume", "steps", "save", "device", "json"];

type Sizes = Pick<TrainOptions, "hidden" | "batch" | "length" | "steps" | "learningRate">;

const defaults: Record<Task, Sizes> = {
  "moby-dick": { hidden: 128, batch: 32, length: 32, steps: 1500, learningRate: 0.005 },
  names: { hidden: 64, batch: 64, length: 16, steps: 1500, learningRate: 0.005 },
  classify: { hidden: 64, batch: 64, length: 256, steps: 1500, learningRate: 0.005 },
  "generate-names": { hidden: 64, batch: 32, length: 32, steps: 1500, learningRate: 0.005 },
  adding: { hidden: 32, batch: 32, length: 100, steps: 2000, learningRate: 0.01 },
  "i-like-nlp": { hidden: 4, batch: 1, length: 3, steps: 1, learningRate: 0.001 },
};

/** The most of each that is taken: more would be refused by every device there is, or end the process before one is asked. */
const most = { hidden: 2 ** 15, batch: 2 ** 20, length: 2 ** 20, layers: 1000, steps: 2 ** 32 - 1 };
/** A buffer of WebGPU has 4 GiB at most: so many numbers. */
const mostNumbers = 2 ** 30;
/** In float64, and one after the other. */
const mostNumbersOfReference = 2 ** 26;
/** What is read and written at a step beside h, in the largest task. */
const symbols = 64;
/** The worked example prints each of its numbers. */
const mostHiddenOfExample = 256;

/** What plain gradient descent wants, and the others do not. */
const usualRates: Partial<Record<OptimizerName, number>> = { sgd: 0.5, momentum: 0.05 };

/** How much more than an Elman cell the others take in the tasks of text. */
const rateFactors: Partial<Record<CellName, number>> = { gru: 2, lstm: 4 };

export const help = `npm run train -- [options]

Trains a recurrent network by backpropagation through time, on a GPU where there is one.

  --task moby-dick       characters of Moby-Dick: predict the next one (default); the last tenth is held out
  --task names           first names: tell which of two lists a name stands in; a tenth is held out. Names that
                         stand in both lists are left out: they have no single class
  --task classify        sequences of a file of one's own: tell their class; a tenth is held out
  --data FILE            for that: CSV with rows of a class and a text, or a class and numbers, one a step; or JSON,
                         [{"label": …, "text": "…"} or {"label": …, "values": [numbers, or a list of them a step]}, …]
                         In UTF-8, or UTF-16 with its mark; columns that number the rows are left out
  --task generate-names  letters of first names: write new ones
  --task adding          the adding problem: of a sequence of numbers, the sum of the two that are marked
  --task i-like-nlp      the worked example: every number of a training step, GPU beside reference

                         ${columns(tasks)}
  --hidden N             ${row("hidden")}units of h
  --batch N              ${row("batch")}sequences in a step
  --length N             ${row("length")}time steps of a sequence (names, classify: at most)
  --steps N              ${row("steps")}training steps
  --learning-rate A      ${row("learningRate")}α of θ ← θ − α·dθ

  --cell C               elman | gru | lstm (default elman)
  --layers N             layers, each reading the one below (default 1)
  --bidirectional        names, classify: read from the last step to the first as well
  --optimizer O          sgd | momentum (0.9) | rmsprop | adam | adamw (default adam). Without --learning-rate, sgd
                         takes ${usualRates.sgd}, momentum ${usualRates.momentum}, the others the task's; gru takes twice and lstm
                         four times that, except for adding
  --clip-norm N          scale gradients whose common norm exceeds N (default 1; 0: never)
  --dropout P            share of h dropped between layers (default 0; two layers or more)
  --schedule-lr S        constant | step (a tenth after each third) | cosine (to 0) | warmup (linear, over a tenth)
  --window N             texts: truncated BPTT. Rows read the text on, N steps at a time, each window beginning with
                         the state that the last one ended with, and each name of generate-names with none, held-out
                         ones alike; without it, windows of --length begin anywhere, from zero

  --seed N               of the initial parameters and the batches (default 1)
  --schedule S           fused | unrolled | wavefront (of two layers or more): how the recurrences are dispatched
                         (default: fused where the device can)
  --device D             gpu | software | reference (default: a GPU, else a software adapter)
  --save FILE            write a checkpoint when done, or stopped with Ctrl-C (safetensors, PyTorch's names)
  --load FILE            begin with the parameters of a file that --save wrote, or the training page: its network
                         reads the data by the symbols, classes and scale that it was trained with
  --resume FILE          go on with all of a file that --save wrote, up to its --steps or those given here, which
                         --schedule-lr then follows
  --json                 one object a line: step, loss, tokensPerSecond; last: done, heldOutLoss, unigramEntropy,
                         accuracy, baseline, seconds, stepsPerSecond, dispatchesPerStep, adapter
  --help`;

function row(name: keyof Sizes): string {
  return columns(tasks.map((task) => defaults[task][name]));
}

/** Something of each task, below one another. */
function columns(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => String(cell).padEnd(tasks[i]!.length + 3)).join("");
}

/**
 * The arguments that say all of a training: what `readOptions` makes these options of, whatever its defaults are then.
 */
export function argumentsOf(options: TrainOptions): string[] {
  const { bidirectional, carried, schedule } = options;
  const values = {
    task: options.task,
    ...(options.data !== undefined && { data: options.data }),
    hidden: options.hidden,
    batch: options.batch,
    [carried ? "window" : "length"]: options.length,
    steps: options.steps,
    "learning-rate": options.learningRate,
    cell: options.cell,
    layers: options.layers,
    optimizer: options.optimizer,
    "clip-norm": options.clipNorm ?? 0,
    dropout: options.dropout,
    "schedule-lr": options.scheduleLr,
    seed: options.seed,
    ...(schedule && { schedule }),
  };
  const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
  return bidirectional ? [...args, "--bidirectional"] : args;
}

/** An option that cannot be used: a line for the user, exit code 2. */
export class OptionError extends Error {}

/** Whether an error is of an option; Node's own parser throws errors with these codes. */
export function isOptionError(error: unknown): error is Error {
  if (error instanceof OptionError) return true;
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}

/**
 * Reads arguments; answers null where help is asked for.
 * @param loaded the network that --load names, which then says what it is.
 * @throws where an option is unknown, lacks its value or is out of range, or does not go with the task.
 */
export function readOptions(args: string[], loaded?: UniformOptions): TrainOptions | null {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      task: text,
      data: text,
      hidden: text,
      batch: text,
      length: text,
      steps: text,
      "learning-rate": text,
      cell: text,
      layers: text,
      bidirectional: { type: "boolean" },
      optimizer: text,
      "clip-norm": text,
      dropout: text,
      "schedule-lr": text,
      window: text,
      resume: text,
      seed: text,
      schedule: text,
      device: text,
      save: text,
      load: text,
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return null;
  const task = oneOf("task", values.task ?? "moby-dick", tasks);
  const sizes = defaults[task];
  const mostHidden = task === "i-like-nlp" ? mostHiddenOfExample : most.hidden;
  const size = (name: "batch" | "length" | "steps") => integer(name, values[name], sizes[name], 1, most[name]);
  const optimizer = oneOf("optimizer", values.optimizer ?? "adam", optimizers);
  const saved = typeof loaded?.cell === "string" ? loaded.cell : undefined; // files of ours have no other
  const cell = saved ?? oneOf("cell", values.cell ?? "elman", cellNames);
  const ofCell = sizes.learningRate * (task === "adding" ? 1 : (rateFactors[cell] ?? 1));
  const usual = task === "i-like-nlp" ? sizes.learningRate : (usualRates[optimizer] ?? ofCell);
  const dropout = loaded?.dropout ?? Number(values.dropout ?? 0);
  if (values.dropout === "" || !(dropout >= 0 && dropout < 1)) {
    throw new OptionError(`--dropout is ${quoted(values.dropout)}, expected a number from 0 to below 1`);
  }
  const options = {
    task,
    data: values.data,
    hidden: loaded?.hidden ?? integer("hidden", values.hidden, sizes.hidden, 1, mostHidden),
    batch: size("batch"),
    length: integer("window", values.window, size("length"), 1, most.length),
    steps: size("steps"),
    learningRate: positive("learning-rate", values["learning-rate"], usual),
    cell,
    layers: loaded?.layers ?? integer("layers", values.layers, 1, 1, most.layers),
    bidirectional: loaded?.bidirectional ?? values.bidirectional ?? false,
    optimizer,
    clipNorm: /^0+(\.0*)?$/.test(values["clip-norm"] ?? "") ? undefined : positive("clip-norm", values["clip-norm"], 1),
    dropout,
    scheduleLr: oneOf("schedule-lr", values["schedule-lr"] ?? "constant", learningRateSchedules),
    carried: values.window !== undefined,
    seed: integer("seed", values.seed, 1, 0, mostSeed),
    schedule:
      values.schedule === undefined
        ? undefined
        : oneOf("schedule", values.schedule, ["fused", "unrolled", "wavefront"]),
    device: values.device === undefined ? undefined : oneOf("device", values.device, ["gpu", "software", "reference"]),
    save: values.save,
    load: values.load,
    resume: values.resume,
    json: values.json ?? false,
  } as const;
  if (values.resume !== undefined) {
    const other = Object.keys(values).find((name) => !ofResuming.includes(name));
    if (other) throw new OptionError(`--${other} does not go with --resume: the file says it; leave it out`);
  }
  if (task === "classify" && values.data === undefined) {
    throw new OptionError("--data is missing, expected the file that --task classify reads");
  }
  if (task !== "classify" && values.data !== undefined) {
    throw new OptionError(`--data does not go with --task ${task}; add --task classify`);
  }
  if (values.window !== undefined && values.length !== undefined) {
    throw new OptionError("--length does not go with --window: the window is the length; leave one out");
  }
  if (dropout > 0 && options.layers === 1 && values.load === undefined) {
    throw new OptionError(`--dropout is ${dropout} with 1 layer: it acts between layers; add --layers 2`);
  }
  if (options.carried && task !== "moby-dick" && task !== "generate-names") {
    throw new OptionError(`--window does not go with --task ${task}: its sequences are whole; leave it out`);
  }
  if (options.device === "reference" && values.resume !== undefined) {
    throw new OptionError("--resume does not go with --device reference, which keeps no state; leave one out");
  }
  for (const name of ["hidden", "cell", "layers", "bidirectional", "dropout"] as const) {
    if (values.load === undefined || values[name] === undefined) continue;
    throw new OptionError(`--${name} does not go with --load: the file says what the network is; leave it out`);
  }
  if (values.bidirectional && (task === "moby-dick" || task === "generate-names")) {
    throw new OptionError(`--bidirectional does not go with --task ${task}: it would read what it is to predict`);
  }
  if (task === "i-like-nlp") {
    for (const name of notOfTheExample) {
      if (values[name] !== undefined)
        throw new OptionError(`--${name} does not go with --task i-like-nlp; leave it out`);
    }
  }
  if (task !== "names" && task !== "classify") expectRoom(options); // whose length is that of their sequences
  return options;
}

/** @throws where a training step has more than any device could hold, before there is data for it. */
export function expectRoom({ hidden, batch, length, device }: TrainOptions): void {
  const numbers = Math.max(batch * length, hidden) * Math.max(hidden, symbols);
  const most = device === "reference" ? mostNumbersOfReference : mostNumbers;
  if (numbers <= most) return;
  const count = (value: number) => value.toLocaleString("en");
  throw new OptionError(
    `--hidden ${hidden}, --batch ${batch} and ${length} time steps make ${count(numbers)} numbers of a layer, ` +
      `expected ${count(most)} at most; lower one of them`,
  );
}

/** The line that says what is wrong with an option, and quotes no more of it than tells which it is. @throws other errors. */
export function complaintOf(program: string, error: unknown): string {
  if (!isOptionError(error)) throw error;
  const message = error.message.replace(/\s*\n\s*/g, " ").replace(/'([^']{60})[^']+'/g, "'$1…'");
  return `${program}: ${message.replace(/\.$/, "")}; see npm run ${program} -- --help.`;
}

export function oneOf<Word extends string>(name: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (!found) throw new OptionError(`--${name} is ${quoted(value)}, expected ${words.join(", ")}`);
  return found;
}

export const mostSeed = 2 ** 32 - 1;

export function integer(
  name: string,
  value: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  const number = value === undefined ? fallback : Number(value);
  if (value?.trim() === "" || !Number.isInteger(number) || number < least || number > most) {
    throw new OptionError(`--${name} is ${quoted(value)}, expected an integer from ${least} to ${most}`);
  }
  return number;
}

/** @param least @param most by default those of float32, which the device computes with. */
export function positive(
  name: string,
  value: string | undefined,
  fallback: number,
  least = 1e-45,
  most = 3.4e38,
): number {
  const number = value === undefined ? fallback : Number(value);
  if (number >= least && number <= most) return number;
  const expected = number > 0 ? `a number from ${least} to ${most}` : "a number above 0";
  throw new OptionError(`--${name} is ${quoted(value)}, expected ${expected}`);
}
