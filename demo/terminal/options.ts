// The options of `npm run train`, made of the table of settings: read and checked, and written again.

import { parseArgs } from "node:util";
import type { NetworkOptions } from "../../src/index";
import { quotedPath } from "../data/refusal";
import type { Encoding } from "../data/text-file";
import { fields, type SettingName, type Settings } from "../tasks/fields";
import { ofNetwork, ofReading, settingsOf as settingsOfNetwork } from "../tasks/library-options";
import { hiddenBy, initialSettings, isShown, parse, taskOf, written } from "../tasks/settings";
import { type TaskName, taskNames, tasks } from "../tasks/tasks";
import { integer, numberFrom, OptionError, oneOf } from "./arguments";
import { encodingNamed } from "./data-file";
import type { Device } from "./learner";
import {
  exampleName,
  given,
  isFlag,
  ofThisRun,
  optionNames,
  optionOf,
  terminalOf,
  usualOf,
  type Wanted,
  windowed,
} from "./option-table";

export interface TrainOptions {
  settings: Wanted;
  /** Whether the worked example is shown, in place of a task. */
  example: boolean;
  /** The file of a task that reads one. */
  data: string | undefined;
  /** How its bytes are read. */
  encoding: Encoding | undefined;
  device: Device | undefined;
  save: string | undefined;
  load: string | undefined;
  resume: string | undefined;
  json: boolean;
}

const devices: readonly Device[] = ["gpu", "software", "reference"];

/** The options that the worked example has a use for. */
const ofExample: readonly string[] = ["task", "data", "hidden", "steps", "learning-rate", "seed", "schedule", "device"];
/** It prints each of its numbers. */
const mostHiddenOfExample = 256;

/** Options that go with --resume: the file says all others. */
const ofResuming: readonly string[] = ["resume", "steps", "save", "device", "json"];

/** A buffer of WebGPU has 4 GiB at most: so many numbers. */
const mostNumbers = 2 ** 30;
/** In float64, and one after the other. */
const mostNumbersOfReference = 2 ** 26;
/** What is read and written at a step beside h, in the largest task. */
const symbols = 64;

type Values = Readonly<Record<string, string | boolean | undefined>>;

function valuesOf(args: string[]): Values {
  const flag = { type: "boolean" } as const;
  const text = { type: "string" } as const;
  const settings = optionNames.map((name) => [optionOf(name), isFlag(name) ? flag : text]);
  const others = Object.entries(ofThisRun).map(([name, { value }]) => [name, value === "" ? flag : text]);
  return parseArgs({ args, options: Object.fromEntries([...settings, ...others]) }).values as Values;
}

/**
 * Reads arguments; answers null where help is asked for.
 * @param loaded the network that --load names, which then says what it is.
 * @throws where an option is unknown, lacks its value or is out of range, or does not go with the task.
 */
export function readOptions(args: string[], loaded?: NetworkOptions): TrainOptions | null {
  const values = valuesOf(args);
  if (values.help) return null;
  const text = (name: string) => values[name] as string | undefined;
  const example = values.task === exampleName;
  const device = text("device");
  const options: TrainOptions = {
    settings: settingsOf(values, example, loaded),
    example,
    data: text("data"),
    encoding: encodingNamed(text("encoding")),
    device: device === undefined ? undefined : oneOf("device", device, devices),
    save: text("save"),
    load: text("load"),
    resume: text("resume"),
    json: values.json === true,
  };
  expectTogether(values, options);
  // Sequences that have a class may be shorter.
  if (example || taskOf(options.settings).answer !== "class") expectRoom(options);
  return options;
}

function settingsOf(values: Values, example: boolean, loaded: NetworkOptions | undefined): Wanted {
  const said: Partial<Settings> = {};
  const read = (name: SettingName, option = optionOf(name)) => {
    const value = values[option];
    if (value !== undefined)
      Object.assign(said, { [name]: isFlag(name) ? value : readValue(name, option, String(value)) });
  };
  if (!example) read("task");
  if (values.task === undefined && typeof values.data === "string") said.task = taskOfData(values.data, values);
  for (const name of optionNames) if (name !== "task" && name !== windowed) read(name);
  read("steps", optionOf(windowed));
  if (example && (said.hidden ?? 0) > mostHiddenOfExample) {
    integer("hidden", String(values.hidden), 1, mostHiddenOfExample);
  }
  const written: object = JSON.parse(JSON.stringify(loaded ? settingsOfNetwork(loaded) : {})); // as its file has it: a cell by its name
  const network = Object.entries(written).filter(([name]) => ofNetwork.includes(name as SettingName));
  const all: Partial<Settings> = { ...said, ...Object.fromEntries(network) };
  const usual = usualOf(all, example);
  const settings = { ...usual, ...all, carryState: values[optionOf(windowed)] !== undefined };
  const { rateSchedule, pauseAt = usual.pauseAt } = settings;
  return { ...settings, pauseAt, scheduleSteps: rateSchedule === "warm-up" ? Math.ceil(pauseAt / 10) : pauseAt };
}

/** What a file is for where no task is named: text, unless a column to forecast is. @throws where a table may be for two. */
function taskOfData(data: string, values: Values): TaskName {
  if (values[optionOf("columns")] !== undefined) return "forecast";
  if (!/\.(csv|tsv|json|jsonl|ndjson)$/i.test(data)) return "text";
  throw new OptionError(
    `--data is ${quotedPath(data)}, a table; add --task classify where each row has a class, or --task forecast where each row is a step`,
  );
}

/** @throws where a text is no value of a setting. */
function readValue(name: SettingName, option: string, text: string): unknown {
  const field = fields[name];
  if (field.kind === "choice") {
    const words = Object.keys(field.choices);
    return parse(name, text)?.value ?? oneOf(option, text, name === "task" ? [...words, exampleName] : words);
  }
  if (field.kind === "text" || field.kind === "switch") {
    if (field.kind === "switch" || text.length <= field.longest) return text;
    throw new OptionError(`--${option} has ${text.length} characters, expected ${field.longest} at most`);
  }
  const { least = field.least, most = field.most, needed } = terminalOf(name);
  if (field.without !== undefined && !needed && (text === "none" || (least > 0 && /^0+(\.0*)?$/.test(text))))
    return undefined;
  return (field.kind === "integer" ? integer : numberFrom)(option, text, least, most);
}

/** @throws where options do not go with one another. */
function expectTogether(values: Values, { settings, example, data, device }: TrainOptions): void {
  const options = Object.keys(values);
  const refuse = (option: string, other: string, why: string) => {
    throw new OptionError(`--${option} does not go with --${other}${why}`);
  };
  const name = example ? exampleName : settings.task;
  const ofOwn = taskNames.filter((task) => tasks[task].own).map((task) => `--task ${task}`);
  if (values.resume !== undefined) {
    const other = options.find((option) => !ofResuming.includes(option));
    if (other) refuse(other, "resume", ": the file says it; leave it out");
    if (device === "reference") refuse("resume", "device reference", ", which keeps no state; leave one out");
  }
  const { own: reads, made } = example ? { own: false } : taskOf(settings);
  if (reads && !made && data === undefined)
    throw new OptionError(`--data is missing, expected the file that --task ${name} reads`);
  if (data === undefined && values.encoding !== undefined)
    throw new OptionError("--encoding is given without --data; leave it out");
  if (!reads && data !== undefined) refuse("data", `task ${name}`, `; add ${ofOwn.join(" or ")}`);
  if (values.window !== undefined && values.length !== undefined) {
    refuse("length", "window", ": the window is the length; leave one out");
  }
  const other = example && options.find((option) => !ofExample.includes(option));
  if (other) refuse(other, `task ${name}`, "; leave it out");
  for (const setting of optionNames) {
    const option = optionOf(setting);
    if (values[option] === undefined) continue;
    if (values.load !== undefined && ofNetwork.includes(setting)) {
      refuse(option, "load", ": the file says what the network is; leave it out");
    }
    if (values.load !== undefined && !example && ofReading[taskOf(settings).answer]?.includes(setting)) {
      refuse(option, "load", ": the file says how the network reads data; leave it out");
    }
    const reason = hiddenBy(setting, settings);
    if (reason && settings[setting] !== initialSettings[setting]) {
      const { why = "it would do nothing; leave it out" } = fields[setting];
      refuse(option, given(reason, settings[reason]), `: ${why}`);
    }
  }
  const { checkpointEvery, steps } = settings;
  if (checkpointEvery === undefined || steps % checkpointEvery === 0) return;
  throw new OptionError(`--checkpoint-every is "${checkpointEvery}", expected a divisor of the ${steps} time steps`);
}

/**
 * The arguments that say all of a training: what `readOptions` makes these options of, whatever its defaults are then.
 */
export function argumentsOf({ settings, data, encoding }: TrainOptions): string[] {
  const names = optionNames.filter((name) => isShown(name, settings) && !isFlag(name) && name !== windowed);
  const option = (name: SettingName) => optionOf(name === "steps" && settings.carryState ? windowed : name);
  const flags = optionNames.filter((name) => isFlag(name) && settings[name] === true);
  return [
    ...names.map((name) => `--${option(name)}=${written(name, settings)}`),
    ...(data === undefined ? [] : [`--data=${data}`]),
    ...(encoding === undefined ? [] : [`--encoding=${encoding}`]),
    ...flags.map((name) => `--${optionOf(name)}`),
  ];
}

/** @throws where a training step has more than any device could hold, before there are batches for it. */
export function expectRoom({ settings, device }: Pick<TrainOptions, "settings" | "device">): void {
  const { hidden, batch, steps } = settings;
  const numbers = Math.max(batch * steps, hidden) * Math.max(hidden, symbols);
  const most = device === "reference" ? mostNumbersOfReference : mostNumbers;
  if (numbers <= most) return;
  const count = (value: number) => value.toLocaleString("en");
  throw new OptionError(
    `--hidden ${hidden}, --batch ${batch} and ${steps} time steps make ${count(numbers)} numbers of a layer, ` +
      `expected ${count(most)} at most; lower one of them`,
  );
}
