// Settings as a whole: which of them hold, what is wrong with one, and what a text says of one.

import { type ChoiceField, type Condition, exceptionsOf, labelOf, type NumberField } from "./field";
import { fields, groupOf, type Live, type SettingName, type Settings, settingNames } from "./fields";
import type { TaskDescription } from "./task";
import { type TaskName, tasks } from "./tasks";

export const taskOf = ({ task }: Pick<Settings, "task">): TaskDescription => tasks[task];

/** Whether the visitor brings the data. */
export const isOwn = (settings: Settings): boolean => taskOf(settings).own;

/** Takes effect while a training goes on; all others begin it anew. */
export const isLive = (name: SettingName): boolean => groupOf(name) === "live";

export const liveOf = (settings: Settings): Live => pick(settings, settingNames.filter(isLive)) as Live;

export const initialSettings = Object.fromEntries(
  settingNames.map((name) => [name, fields[name].initial]),
) as unknown as Settings;

/** The defaults of a task. */
export const initialOf = (task: TaskName): Settings => ({ ...initialSettings, task, ...tasks[task].usual });

/** Settings for another task: those that are at their defaults are at the other's. */
export function forTask(task: TaskName, settings: Settings): Settings {
  const [before, after] = [initialOf(settings.task), initialOf(task)];
  const own = settingNames.filter((name) => settings[name] !== before[name]);
  return { ...after, ...pick(settings, own) };
}

function pick(settings: Settings, names: readonly SettingName[]): Partial<Settings> {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

/** The setting beside which one has no meaning; undefined where it has one. */
export function hiddenBy(name: SettingName, settings: Settings): SettingName | undefined {
  const { only } = fields[name];
  const holds = ([other, ...values]: Condition) => values.includes(settings[other as SettingName]);
  if (only && !holds(only)) return only[0] as SettingName;
  return exceptionsOf(fields[name]).find(holds)?.[0] as SettingName | undefined;
}

export const isShown = (name: SettingName, settings: Settings): boolean => hiddenBy(name, settings) === undefined;

/** The settings that hold: where one has no meaning beside the others, its default. */
export function effective(settings: Settings): Settings {
  const shown = settingNames.filter((name) => isShown(name, settings));
  return { ...initialOf(settings.task), ...pick(settings, shown) };
}

/** What is wrong with a value beside the others, and what to do; undefined where nothing is. */
export function wrongWith(name: SettingName, settings: Settings): string | undefined {
  const field = fields[name];
  const value = settings[name];
  if (!isShown(name, settings)) return undefined;
  if (field.kind === "number" || field.kind === "integer") {
    if (value === undefined) return field.without === undefined ? expectedRange(field) : undefined;
    const fits = typeof value === "number" && value >= field.least && value <= field.most;
    if (!fits || (field.kind === "integer" && !Number.isInteger(value))) return expectedRange(field);
    const whole = field.divides && Number(settings[field.divides as SettingName]);
    if (whole && whole % value !== 0) {
      const { label } = fields[field.divides as SettingName];
      return `${whole} ${label.toLowerCase()} are no multiple of ${value}. Enter a number that divides them.`;
    }
  }
  if (field.kind === "text" && String(value).length > field.longest) {
    return `Enter ${field.longest} characters at most; these are ${String(value).length}.`;
  }
  return undefined;
}

const expectedRange = ({ kind, least, most }: NumberField): string =>
  `Enter a ${kind === "integer" ? "whole " : ""}number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}.`;

/** A setting as a text that `parse` reads. */
export const written = (name: SettingName, settings: Settings): string => String(settings[name] ?? "none");

/** The value that a text stands for; undefined where it stands for none. */
export function parse(name: SettingName, text: string): { value: unknown } | undefined {
  const field = fields[name];
  if (field.kind === "choice") {
    const { choices, aliases = {} } = field;
    const word = Object.hasOwn(aliases, text) ? aliases[text]! : text;
    return Object.hasOwn(choices, word) ? { value: word } : undefined;
  }
  if (field.kind === "switch") return text === "true" || text === "false" ? { value: text === "true" } : undefined;
  if (field.kind === "text") return { value: text };
  if (text === "none") return field.without === undefined ? undefined : { value: undefined };
  return text.trim() !== "" && Number.isFinite(Number(text)) ? { value: Number(text) } : undefined;
}

/** A run's name: what it trains, in a few words. */
export function nameOf({ cell, hidden, layers, bidirectional, optimizer, learningRate, seed }: Settings): string {
  const size = `${hidden}${layers > 1 ? ` × ${layers}` : ""}${bidirectional ? ", both ways" : ""}`;
  const of = (name: "cell" | "optimizer", value: string) => labelOf(fields[name] as ChoiceField, value);
  return `${of("cell", cell)} ${size} · ${of("optimizer", optimizer)} ${learningRate}${seed === 1 ? "" : ` · seed ${seed}`}`;
}
