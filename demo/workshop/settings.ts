// Settings as a whole: which of them hold, what is wrong with one, and the way into a page's address and out of it.

import { brief } from "../data/refusal";
import { type ChoiceField, type Field, fields, type NumberField, type Settings } from "./fields";

export const settingNames = Object.keys(fields) as (keyof Settings)[];

/** Whether the visitor brings the data. */
export const isOwn = ({ data }: Settings): boolean => data === "own-text" || data === "sequences";

/** Takes effect while a training goes on; all others begin it anew. */
export const isLive = (name: keyof Settings): boolean => fields[name].group === "live";

export const initialSettings: Settings = Object.fromEntries(
  settingNames.map((name) => [name, fields[name].initial]),
) as unknown as Settings;

export const isShown = (name: keyof Settings, settings: Settings): boolean => fields[name].when?.(settings) ?? true;

/** The settings that hold: where one has no meaning beside the others, its default. */
export function effective(settings: Settings): Settings {
  const shown = settingNames.map((name) => [name, (isShown(name, settings) ? settings : initialSettings)[name]]);
  return Object.fromEntries(shown) as Settings;
}

/** What is wrong with a value beside the others, and what to do; undefined where nothing is. */
export function wrongWith(name: keyof Settings, settings: Settings): string | undefined {
  const field: Field = fields[name];
  const value = settings[name];
  if (!isShown(name, settings)) return undefined;
  if (field.kind === "number" || field.kind === "integer") {
    if (value === undefined) return field.optional ? undefined : expectedRange(field);
    const fits = typeof value === "number" && value >= field.least && value <= field.most;
    if (!fits || (field.kind === "integer" && !Number.isInteger(value))) return expectedRange(field);
    if (name === "checkpointEvery" && settings.steps % value !== 0) {
      return `${settings.steps} time steps are no multiple of ${value}. Enter a number that divides them.`;
    }
  }
  if (field.kind === "text" && String(value).length > field.longest) {
    return `Enter ${field.longest} characters at most; these are ${String(value).length}.`;
  }
  return undefined;
}

const expectedRange = ({ kind, least, most }: NumberField): string =>
  `Enter a ${kind === "integer" ? "whole " : ""}number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}.`;

/** What differs from the defaults, for the page's address: shareable, and the same settings again from `fromAddress`. */
export function toAddress(settings: Settings): string {
  const given = settingNames.filter((name) => settings[name] !== initialSettings[name]);
  return new URLSearchParams(given.map((name) => [name, String(settings[name] ?? "none")])).toString();
}

/**
 * Reads settings from an address. What is unknown or wrong there is left at its default.
 * @returns the settings, and what was not understood.
 */
export function fromAddress(address: string): { settings: Settings; ignored: string[] } {
  const settings = { ...initialSettings };
  const ignored: string[] = [];
  for (const [name, text] of new URLSearchParams(address.replace(/^#/, ""))) {
    const value = Object.hasOwn(fields, name) ? parse(name as keyof Settings, text) : undefined;
    if (value) Object.assign(settings, { [name]: value.value });
    else ignored.push(brief(`${name}=${text}`));
  }
  for (const name of settingNames) {
    if (wrongWith(name, settings) === undefined) continue;
    ignored.push(brief(`${name}=${settings[name]}`));
    Object.assign(settings, { [name]: initialSettings[name] });
  }
  return { settings, ignored };
}

/**
 * Settings from a file that is not trusted, as `toAddress` wrote them.
 * @throws where they are not settings of this page.
 */
export function checkedSettings(address: unknown): Settings {
  const { settings, ignored } = fromAddress(typeof address === "string" ? address : "?");
  if (ignored.length === 0) return settings;
  throw new Error("The file has no settings of this page; open one that it saved.");
}

/** The value that a text stands for; undefined where it stands for none. */
function parse(name: keyof Settings, text: string): { value: unknown } | undefined {
  const field: Field = fields[name];
  if (field.kind === "choice") return Object.hasOwn(field.choices, text) ? { value: text } : undefined;
  if (field.kind === "switch") return text === "true" || text === "false" ? { value: text === "true" } : undefined;
  if (field.kind === "text") return { value: text };
  if (text === "none") return field.optional ? { value: undefined } : undefined;
  return text.trim() !== "" && Number.isFinite(Number(text)) ? { value: Number(text) } : undefined;
}

/** A run's name: what it trains, in a few words. */
export function nameOf({ cell, hidden, layers, bidirectional, optimizer, learningRate, seed }: Settings): string {
  const size = `${hidden}${layers > 1 ? ` × ${layers}` : ""}${bidirectional ? ", both ways" : ""}`;
  const of = (name: "cell" | "optimizer", value: string) => (fields[name] as ChoiceField).choices[value];
  return `${of("cell", cell)} ${size} · ${of("optimizer", optimizer)} ${learningRate}${seed === 1 ? "" : ` · seed ${seed}`}`;
}
