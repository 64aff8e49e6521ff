// The table of all that can be set about a training. The page's form and address are made of it, and the command line.

import { cells, cellsApart } from "./cells";
import type { Field, Group, ValueOf } from "./field";
import { earlierNames, tasks, tasksThat } from "./tasks";

const ofTexts = ["task", ...tasksThat("character")] as const;
const ofSeries = ["task", ...tasksThat("forecast")] as const;
const ofDates = ["task", ...tasksThat("date")] as const;

const groups = {
  data: {
    task: {
      kind: "choice",
      label: "Learn from",
      initial: "moby-dick",
      choices: tasks,
      aliases: earlierNames,
    },
    seed: {
      kind: "integer",
      label: "Seed",
      initial: 1,
      least: 0,
      most: 2 ** 32 - 1,
      hint: "The same seed and settings give the same run.",
    },
    label: {
      kind: "text",
      label: "Column of classes",
      initial: "",
      longest: 200,
      hint: "Its name or its place, from 1; empty: the one called label, class or target, or whose values come again.",
      only: ["task", "classify"],
    },
    read: {
      kind: "text",
      label: "Columns to read",
      initial: "",
      longest: 1000,
      hint: "Names or places, with commas; empty: the column of texts, or all of numbers.",
      only: ["task", "classify"],
    },
    time: {
      kind: "text",
      label: "Column of times",
      initial: "",
      longest: 200,
      hint: "Its name or its place, from 1; empty: the first one of dates or times.",
      only: ofSeries,
    },
    firstRow: {
      kind: "choice",
      label: "The first row has",
      initial: "seems",
      choices: { seems: "what it seems to have", names: "the columns’ names", data: "data" },
      only: ["task", "classify", ...tasksThat("forecast")],
      terminal: { help: "what the first row of a table has" },
    },
    tokens: {
      kind: "choice",
      label: "Read the text by",
      initial: "characters",
      choices: { characters: "characters", graphemes: "graphemes", words: "words" },
      hint: "Graphemes are what a reader takes for one character, such as a letter with its accents.",
      only: ["task", "text"],
      terminal: { help: "what a text is cut into; words are followed by commas and other signs, each by itself" },
    },
    columns: {
      kind: "text",
      label: "Columns to forecast",
      initial: "",
      longest: 1000,
      hint: "Names or places, with commas; empty: the first one of numbers.",
      only: ofSeries,
      terminal: { option: "column" },
    },
    features: {
      kind: "text",
      label: "Columns to read beside them",
      initial: "",
      longest: 1000,
      hint: "Of which the past is known.",
      only: ofSeries,
    },
    known: {
      kind: "text",
      label: "Columns that are known ahead",
      initial: "",
      longest: 1000,
      hint: "Such as a price or the day of the week.",
      only: ofSeries,
    },
    future: {
      kind: "integer",
      label: "Steps to forecast",
      initial: 12,
      least: 1,
      most: 512,
      only: ofSeries,
    },
    season: {
      kind: "integer",
      label: "Steps of a season",
      initial: undefined,
      least: 2,
      most: 100_000,
      hint: "Whose repetition the forecast is held against.",
      without: "none",
      only: ofSeries,
    },
  },
  network: {
    cell: {
      kind: "choice",
      label: "Cell",
      initial: "gru",
      choices: cells,
      terminal: { initial: "elman" },
    },
    hidden: { kind: "integer", label: "Hidden units", initial: 128, least: 1, most: 2048, terminal: { most: 2 ** 15 } },
    layers: {
      kind: "integer",
      label: "Layers",
      initial: 1,
      least: 1,
      most: 8,
      terminal: { most: 1000, help: "layers, each reading the one below" },
    },
    dropout: {
      kind: "number",
      label: "Dropout",
      initial: 0,
      least: 0,
      most: 0.95,
      hint: "Between layers.",
      except: ["layers", 1],
      why: "it acts between layers; add --layers 2",
      terminal: { most: 0.999, help: "share of h dropped between layers" },
    },
    activation: {
      kind: "choice",
      label: "Activation",
      initial: "tanh",
      choices: { tanh: "tanh", relu: "ReLU" },
      only: ["cell", "elman"],
    },
    reset: {
      kind: "choice",
      label: "Reset gate",
      initial: "after",
      choices: { after: "after the product", before: "before the product" },
      only: ["cell", "gru"],
      terminal: { help: "when the reset gate acts, after the product or before" },
    },
    bidirectional: {
      kind: "switch",
      label: "Reads in both directions",
      initial: false,
      except: [ofTexts, ofDates],
      why: "it would read what it is to predict; leave it out",
    },
    initializer: {
      kind: "choice",
      label: "Initial weights",
      initial: "glorot",
      choices: { uniform: "uniform, ±1/√hidden", glorot: "Glorot" },
    },
    recurrentInitializer: {
      kind: "choice",
      label: "Initial recurrent weights",
      initial: "orthogonal",
      choices: { uniform: "uniform, ±1/√hidden", glorot: "Glorot", orthogonal: "orthogonal" },
      except: ["cell", ...cellsApart],
      why: "its units do not meet; leave it out",
    },
    forgetBias: {
      kind: "number",
      label: "Initial forget bias",
      initial: 1,
      least: -10,
      most: 10,
      without: "as the other biases",
      only: ["cell", "lstm"],
    },
  },
  training: {
    steps: {
      kind: "integer",
      label: "Time steps",
      initial: 32,
      least: 1,
      most: 4096,
      hint: "As far back as the gradient goes.",
      except: ofDates,
      why: "a date is read whole, and written in ten symbols; leave it out",
      terminal: { option: "length", most: 2 ** 20, help: "time steps of a sequence; of one that has a class, at most" },
    },
    batch: {
      kind: "integer",
      label: "Batch",
      initial: 32,
      least: 1,
      most: 1024,
      terminal: { most: 2 ** 20, help: "sequences in a training step" },
    },
    optimizer: {
      kind: "choice",
      label: "Optimizer",
      initial: "adam",
      choices: {
        sgd: "SGD",
        momentum: "SGD, momentum 0.9",
        nesterov: "SGD, Nesterov 0.9",
        rmsprop: "RMSProp",
        adam: "Adam",
        adamw: "AdamW",
      },
      terminal: { help: "optimizer; momentum and nesterov are SGD with 0.9" },
    },
    weightDecay: {
      kind: "number",
      label: "Weight decay",
      initial: 0,
      least: 0,
      most: 1,
      terminal: { help: "weight decay; adamw takes 0.01 without it" },
    },
    clipNorm: {
      kind: "number",
      label: "Clip the norm at",
      initial: 1,
      least: 0,
      most: 1e6,
      hint: "Of all gradients.",
      without: "not clipped",
      terminal: { least: 1e-45, most: 3.4e38, help: "scale gradients whose common norm exceeds this" },
    },
    clipValue: {
      kind: "number",
      label: "Clip values at",
      initial: undefined,
      least: 0,
      most: 1e6,
      hint: "Of each gradient.",
      without: "not clipped",
      terminal: { least: 1e-45, most: 3.4e38, help: "cut each gradient to ± this" },
    },
    labelSmoothing: {
      kind: "number",
      label: "Label smoothing",
      initial: 0,
      least: 0,
      most: 1,
      except: ["task", ...tasksThat("sum"), ...tasksThat("forecast")],
      why: "its answers are no classes; leave it out",
    },
    balanced: {
      kind: "switch",
      label: "Rare classes count as much as frequent ones",
      initial: false,
      only: ["task", ...tasksThat("class")],
    },
    carryState: {
      kind: "switch",
      label: "Go on from the state of the window before",
      initial: false,
      hint: "Truncated BPTT: the text is read in order.",
      only: ofTexts,
      why: "its sequences are whole; leave it out",
      terminal: {
        option: "window",
        help:
          "in place of --length: truncated BPTT. Rows read the text on, N steps at a time, each window beginning with the " +
          "state that the last one ended with, and each name of generate-names with none, held-out ones alike; without " +
          "it, windows of --length begin anywhere, from zero",
      },
    },
    rateSchedule: {
      kind: "choice",
      label: "Learning-rate schedule",
      initial: "constant",
      choices: {
        constant: "constant",
        "warm-up": "warm-up",
        cosine: "half a cosine down to 0",
        step: "a tenth of it after each third",
      },
      aliases: { warmup: "warm-up" },
      terminal: {
        option: "schedule-lr",
        help: "learning-rate schedule, over --steps: warm-up over a tenth of them, cosine to 0, step to a tenth after each third",
      },
    },
    scheduleSteps: {
      kind: "integer",
      label: "Steps of the schedule",
      initial: 1000,
      least: 3,
      most: 1e7,
      except: ["rateSchedule", "constant"],
      terminal: false,
    },
  },
  live: {
    learningRate: {
      kind: "number",
      label: "Learning rate",
      initial: 0.005,
      least: 0,
      most: 100,
      terminal: { least: 1e-45, most: 3.4e38, help: "α of θ ← θ − α·dθ" },
    },
    pauseAt: {
      kind: "integer",
      label: "Pause at step",
      initial: undefined,
      least: 1,
      most: 1e7,
      without: "it goes on until paused",
      terminal: { option: "steps", needed: true, most: 2 ** 32 - 1, help: "training steps" },
    },
    temperature: {
      kind: "number",
      label: "Temperature",
      initial: 0.8,
      least: 0.01,
      most: 10,
      hint: "Lower writes bolder, higher wilder.",
      only: ofTexts,
    },
    prompt: {
      kind: "text",
      label: "Prompt",
      initial: "",
      longest: 400,
      hint: "What it reads before it writes; empty: the opening of the held-out text.",
      only: ofTexts,
    },
    hiddenTab: {
      kind: "choice",
      label: "In a hidden tab",
      initial: "go-on",
      choices: { "go-on": "go on", pause: "pause" },
      terminal: false,
    },
  },
  engine: {
    schedule: {
      kind: "choice",
      label: "Schedule",
      initial: "automatic",
      choices: { automatic: "automatic", fused: "fused", unrolled: "unrolled", wavefront: "wavefront" },
      hint: "Fused: one dispatch for all time steps of a layer. Unrolled: one for each. Wavefront: one for all layers.",
    },
    checkpointEvery: {
      kind: "integer",
      label: "Keep states every k steps",
      initial: undefined,
      least: 1,
      most: 4096,
      hint: "A divisor of the time steps; saves memory, costs a third more time.",
      without: "all are kept",
      divides: "steps",
      except: [["bidirectional", true], ofDates],
      why: "states are kept of one sequence that is read forward; leave it out",
    },
  },
} as const satisfies Record<Group, Record<string, Field>>;

type Groups = typeof groups;
type Table = Groups["data"] & Groups["network"] & Groups["training"] & Groups["live"] & Groups["engine"];
export type Settings = { -readonly [Name in keyof Table]: ValueOf<Table[Name]> };
export type SettingName = keyof Settings;
/** What takes effect while a training goes on. */
export type Live = Pick<Settings, keyof Groups["live"]>;

export const fields = Object.assign({}, ...Object.values(groups)) as Readonly<Record<SettingName, Field>>;
export const settingNames = Object.keys(fields) as SettingName[];

/** Where each setting stands on the form. Those that are live take effect while a training goes on; all others begin it anew. */
export const groupOf = (name: SettingName): Group =>
  (Object.keys(groups) as Group[]).find((group) => Object.hasOwn(groups[group], name))!;
