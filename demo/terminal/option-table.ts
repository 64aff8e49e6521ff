// What the table of settings is on the command line of `npm run train`, and what stands beside it there.

import { encodings } from "../data/text-file";
import { cells } from "../tasks/cells";
import type { OnCommandLine } from "../tasks/field";
import { fields, type SettingName, type Settings, settingNames } from "../tasks/fields";
import { initialSettings } from "../tasks/settings";
import type { TaskDescription } from "../tasks/task";
import { tasks } from "../tasks/tasks";

/** What is trained, to which step. */
export type Wanted = Settings & { pauseAt: number };

/** The options that are no settings: what each is followed by, and does. */
export const ofThisRun = {
  data: {
    value: "FILE",
    help:
      "tasks text, classify and forecast: a file in UTF-8, UTF-16 or Windows-1252; without --task a text, or with --column a " +
      "series. classify: CSV with rows of a class and a text, or a class and numbers, one a step; or JSON, " +
      '[{"label": …, "text": "…"} or {"label": …, "values": [numbers, or a list of them a step]}, …]. forecast: CSV with a row a ' +
      "step; rows at the end that lack the column are the future, of which what is known ahead is read. Columns that number the " +
      "rows are left out, and up to a tenth of the rows that cannot be used; gaps in a series are filled by straight lines",
  },
  encoding: {
    value: "NAME",
    help: `how the bytes of that file are read, where they do not say so: ${Object.keys(encodings).join(" | ")}`,
  },
  device: { value: "D", help: "gpu | software | reference (default: a GPU, else a software adapter)" },
  save: {
    value: "FILE",
    help: "write a checkpoint when done, or stopped with Ctrl-C (safetensors, PyTorch's names)",
  },
  load: {
    value: "FILE",
    help:
      "begin with the parameters of a file that --save wrote, or the training page: its network reads the data by the " +
      "symbols, classes and scale that it was trained with",
  },
  resume: {
    value: "FILE",
    help:
      "go on with all of a file that --save wrote, up to its --steps or those given here, which --schedule-lr then " +
      "follows",
  },
  json: {
    value: "",
    help:
      "one object a line: step, loss, tokensPerSecond; last: done, heldOutLoss, unigramEntropy, accuracy, baseline, " +
      "seconds, stepsPerSecond, dispatchesPerStep, adapter; classes and their confusion, or the forecast's errors",
  },
  help: { value: "", help: "" },
} as const;

export const exampleName = "i-like-nlp";
export const usualOfExample = { hidden: 4, batch: 1, steps: 3, pauseAt: 1, learningRate: 0.001 };

export const terminalOf = (name: SettingName): OnCommandLine => fields[name].terminal || {};

/** What a setting is called on the command line. */
export const optionOf = (name: SettingName): string =>
  terminalOf(name).option ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A setting as the command line says it, but for the hyphens. */
export const given = (name: SettingName, value: unknown): string =>
  fields[name].kind === "switch" ? optionOf(name) : `${optionOf(name)} ${value}`;

/** The settings that the command line says. */
export const optionNames = settingNames.filter((name) => fields[name].terminal !== false);

/** Its option says the length of its windows as well. */
export const windowed: SettingName = "carryState";
export const isFlag = (name: SettingName): boolean => fields[name].kind === "switch" && name !== windowed;

const initialOf = (name: SettingName) => terminalOf(name).initial ?? initialSettings[name];
export const initialOfTerminal = Object.fromEntries(
  settingNames.map((name) => [name, initialOf(name)]),
) as unknown as Settings;

/** What plain gradient descent wants, and the others do not. */
export const usualRates: Partial<Record<Settings["optimizer"], number>> = { sgd: 0.5, momentum: 0.05, nesterov: 0.05 };
const usualDecayOfAdamW = 0.01;

/** All settings as they are beside these, unless told otherwise. @param example the worked example's */
export function usualOf(said: Partial<Settings>, example: boolean): Wanted {
  if (example) return { ...initialOfTerminal, ...usualOfExample };
  const { usual, updates, oneRate }: TaskDescription = tasks[said.task ?? initialOfTerminal.task];
  const { cell, optimizer } = { ...initialOfTerminal, ...usual, ...said };
  const factor = oneRate ? 1 : cells[cell].rate;
  return {
    ...initialOfTerminal,
    ...usual,
    pauseAt: updates,
    learningRate: usualRates[optimizer] ?? usual.learningRate * factor,
    weightDecay: optimizer === "adamw" ? usualDecayOfAdamW : 0,
  };
}
