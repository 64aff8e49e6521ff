// The table of all that can be set about a training: what each setting is called, may be, and when it has a meaning.

import type { CellName, Schedule } from "../../src/index";

interface Common {
  /** Where on the form it stands. */
  group: "live" | "data" | "network" | "training" | "engine";
  label: string;
  hint?: string;
  /** Where it has a meaning; elsewhere it is not shown and its default holds. */
  when?: (settings: Settings) => boolean;
}

export interface NumberField extends Common {
  kind: "number" | "integer";
  initial: number | undefined;
  least: number;
  most: number;
  /** May be left empty: undefined, none is given. */
  optional?: true;
}

export interface ChoiceField extends Common {
  kind: "choice";
  initial: string;
  /** What may be chosen, and how it is called. */
  choices: Readonly<Record<string, string>>;
}

interface SwitchField extends Common {
  kind: "switch";
  initial: boolean;
}

interface TextField extends Common {
  kind: "text";
  initial: string;
  longest: number;
}

export type Field = NumberField | ChoiceField | SwitchField | TextField;

export interface Settings {
  data: "moby-dick" | "names" | "own-text" | "name-lists" | "sequences" | "adding";
  seed: number;
  cell: CellName;
  reset: "after" | "before";
  activation: "tanh" | "relu";
  hidden: number;
  layers: number;
  bidirectional: boolean;
  dropout: number;
  initializer: "uniform" | "glorot";
  recurrentInitializer: "uniform" | "glorot" | "orthogonal";
  forgetBias: number | undefined;
  labelSmoothing: number;
  balanced: boolean;
  steps: number;
  batch: number;
  carryState: boolean;
  optimizer: "sgd" | "momentum" | "nesterov" | "rmsprop" | "adam" | "adamw";
  weightDecay: number;
  clipNorm: number | undefined;
  clipValue: number | undefined;
  rateSchedule: "constant" | "warm-up" | "cosine" | "step";
  scheduleSteps: number;
  learningRate: number;
  pauseAt: number | undefined;
  temperature: number;
  prompt: string;
  hiddenTab: "go-on" | "pause";
  schedule: "automatic" | Schedule;
  checkpointEvery: number | undefined;
}

type FieldOf<T> = T extends boolean ? SwitchField : T extends number | undefined ? NumberField : Field;

const writes = ({ data }: Settings) => data === "moby-dick" || data === "names" || data === "own-text";
const classifies = ({ data }: Settings) => data === "name-lists" || data === "sequences";

export const fields: { readonly [Name in keyof Settings]: FieldOf<Settings[Name]> } = {
  data: {
    group: "data",
    kind: "choice",
    label: "Learn from",
    initial: "moby-dick",
    choices: {
      "moby-dick": "Moby-Dick, by Herman Melville",
      names: "First names, to make up new ones",
      "own-text": "A text of your own",
      "name-lists": "First names, to tell which list they are on",
      sequences: "Your own sequences, each with a class",
      adding: "The adding problem: remember two numbers of many",
    },
  },
  seed: {
    group: "data",
    kind: "integer",
    label: "Seed",
    initial: 1,
    least: 0,
    most: 2 ** 32 - 1,
    hint: "The same seed and settings give the same run.",
  },
  cell: {
    group: "network",
    kind: "choice",
    label: "Cell",
    initial: "gru",
    choices: { elman: "Elman", gru: "GRU", lstm: "LSTM" },
  },
  hidden: { group: "network", kind: "integer", label: "Hidden units", initial: 128, least: 1, most: 2048 },
  layers: { group: "network", kind: "integer", label: "Layers", initial: 1, least: 1, most: 8 },
  dropout: {
    group: "network",
    kind: "number",
    label: "Dropout",
    initial: 0,
    least: 0,
    most: 0.95,
    hint: "Between layers.",
    when: ({ layers }) => layers > 1,
  },
  activation: {
    group: "network",
    kind: "choice",
    label: "Activation",
    initial: "tanh",
    choices: { tanh: "tanh", relu: "ReLU" },
    when: ({ cell }) => cell === "elman",
  },
  reset: {
    group: "network",
    kind: "choice",
    label: "Reset gate",
    initial: "after",
    choices: { after: "after the product", before: "before the product" },
    when: ({ cell }) => cell === "gru",
  },
  bidirectional: {
    group: "network",
    kind: "switch",
    label: "Reads in both directions",
    initial: false,
    when: (settings) => !writes(settings),
  },
  initializer: {
    group: "network",
    kind: "choice",
    label: "Initial weights",
    initial: "glorot",
    choices: { uniform: "uniform, ±1/√hidden", glorot: "Glorot" },
  },
  recurrentInitializer: {
    group: "network",
    kind: "choice",
    label: "Initial recurrent weights",
    initial: "orthogonal",
    choices: { uniform: "uniform, ±1/√hidden", glorot: "Glorot", orthogonal: "orthogonal" },
  },
  forgetBias: {
    group: "network",
    kind: "number",
    label: "Initial forget bias",
    initial: 1,
    least: -10,
    most: 10,
    optional: true,
    when: ({ cell }) => cell === "lstm",
  },
  steps: {
    group: "training",
    kind: "integer",
    label: "Time steps",
    initial: 32,
    least: 1,
    most: 4096,
    hint: "As far back as the gradient goes.",
  },
  batch: { group: "training", kind: "integer", label: "Batch", initial: 32, least: 1, most: 1024 },
  optimizer: {
    group: "training",
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
  },
  weightDecay: { group: "training", kind: "number", label: "Weight decay", initial: 0, least: 0, most: 1 },
  clipNorm: {
    group: "training",
    kind: "number",
    label: "Clip the norm at",
    initial: 1,
    least: 0,
    most: 1e6,
    optional: true,
    hint: "Of all gradients; empty: not clipped.",
  },
  clipValue: {
    group: "training",
    kind: "number",
    label: "Clip values at",
    initial: undefined,
    least: 0,
    most: 1e6,
    optional: true,
    hint: "Of each gradient; empty: not clipped.",
  },
  labelSmoothing: {
    group: "training",
    kind: "number",
    label: "Label smoothing",
    initial: 0,
    least: 0,
    most: 1,
    when: ({ data }) => data !== "adding",
  },
  balanced: {
    group: "training",
    kind: "switch",
    label: "Rare classes count as much as frequent ones",
    initial: false,
    when: classifies,
  },
  carryState: {
    group: "training",
    kind: "switch",
    label: "Go on from the state of the window before",
    hint: "Truncated BPTT: the text is read in order.",
    initial: false,
    when: writes,
  },
  rateSchedule: {
    group: "training",
    kind: "choice",
    label: "Learning-rate schedule",
    initial: "constant",
    choices: {
      constant: "constant",
      "warm-up": "warm-up",
      cosine: "half a cosine down to 0",
      step: "a tenth of it after each third",
    },
  },
  scheduleSteps: {
    group: "training",
    kind: "integer",
    label: "Steps of the schedule",
    initial: 1000,
    least: 3,
    most: 1e7,
    when: ({ rateSchedule }) => rateSchedule !== "constant",
  },
  learningRate: { group: "live", kind: "number", label: "Learning rate", initial: 0.005, least: 0, most: 100 },
  pauseAt: {
    group: "live",
    kind: "integer",
    label: "Pause at step",
    initial: undefined,
    least: 1,
    most: 1e7,
    optional: true,
    hint: "Empty: it goes on until paused.",
  },
  temperature: {
    group: "live",
    kind: "number",
    label: "Temperature",
    initial: 0.8,
    least: 0.01,
    most: 10,
    hint: "Lower writes bolder, higher wilder.",
    when: writes,
  },
  prompt: {
    group: "live",
    kind: "text",
    label: "Prompt",
    initial: "",
    longest: 400,
    hint: "What it reads before it writes; empty: the opening of the held-out text.",
    when: writes,
  },
  hiddenTab: {
    group: "live",
    kind: "choice",
    label: "In a hidden tab",
    initial: "go-on",
    choices: { "go-on": "go on", pause: "pause" },
  },
  schedule: {
    group: "engine",
    kind: "choice",
    label: "Schedule",
    initial: "automatic",
    choices: { automatic: "automatic", fused: "fused", unrolled: "unrolled", wavefront: "wavefront" },
    hint: "Fused: one dispatch for all time steps of a layer. Unrolled: one for each. Wavefront: one for all layers.",
  },
  checkpointEvery: {
    group: "engine",
    kind: "integer",
    label: "Keep states every k steps",
    initial: undefined,
    least: 1,
    most: 4096,
    optional: true,
    hint: "A divisor of the time steps; saves memory, costs a third more time. Empty: all are kept.",
    when: ({ bidirectional }) => !bidirectional,
  },
};
