// Settings in a page's address, and out of it.

import { brief } from "../data/refusal";
import { type SettingName, type Settings, settingNames } from "./fields";
import { initialOf, initialSettings, parse, written, wrongWith } from "./settings";
import { earlierPageNames, type TaskName } from "./tasks";

/** What differs from the defaults of the task, for the page's address: shareable, and the same settings again from `fromAddress`. */
export function toAddress(settings: Settings): string {
  const initial = initialOf(settings.task);
  const given = settingNames.filter((name) => settings[name] !== (name === "task" ? initialSettings : initial)[name]);
  return new URLSearchParams(given.map((name) => [name, written(name, settings)])).toString();
}

/**
 * Reads settings from an address. What is unknown or wrong there is left at its default.
 * @returns the settings, and what was not understood.
 */
export function fromAddress(address: string): { settings: Settings; ignored: string[] } {
  const said = new URLSearchParams(address.replace(/^#/, ""));
  const initial = defaultsOf(said);
  const settings = { ...initial };
  const ignored: string[] = [];
  for (const [name, text] of said) {
    const [key, word] = name === "data" ? ["task", taskOfEarlier(text)] : [name, text];
    const value = settingNames.includes(key as SettingName) ? parse(key as SettingName, word) : undefined;
    if (value) Object.assign(settings, { [key]: value.value });
    else ignored.push(brief(`${name}=${text}`));
  }
  for (const name of settingNames) {
    if (wrongWith(name, settings) === undefined) continue;
    ignored.push(brief(`${name}=${settings[name]}`));
    Object.assign(settings, { [name]: initial[name] });
  }
  return { settings, ignored };
}

/** Earlier versions of the page, which said "data" for the task, had the same defaults for all of them. */
function defaultsOf(said: URLSearchParams): Settings {
  const task = parse("task", said.get("task") ?? "")?.value as TaskName | undefined;
  return task ? initialOf(task) : initialSettings;
}

/** They had other words for the tasks, too. */
const taskOfEarlier = (text: string): string =>
  Object.hasOwn(earlierPageNames, text) ? earlierPageNames[text]! : text;

/**
 * Settings from a file that is not trusted, as `toAddress` wrote them.
 * @throws where they are not settings of this page.
 */
export function checkedSettings(address: unknown): Settings {
  const { settings, ignored } = fromAddress(typeof address === "string" ? address : "?");
  if (ignored.length === 0) return settings;
  throw new Error("The file has no settings of this page; open one that it saved.");
}
