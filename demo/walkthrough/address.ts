// What is shown, in the page's address and out of it: a shared address opens that state.

import { type CellName, cells } from "./cells";

/** As they are entered; what is wrong with them the form says. */
export interface Settings {
  sentence: string;
  answer: string;
  cell: CellName;
  hidden: string;
  weights: string;
  seed: string;
  /** The learning rate α */
  alpha: string;
  /** From 1 */
  stage: string;
}

const defaults: Settings = {
  sentence: "I like NLP",
  answer: "I",
  cell: "elman",
  hidden: "4",
  weights: "recorded",
  seed: "1",
  alpha: "0.1",
  stage: "1",
};

/** What an address may say of a setting; the rest is up to the form's own limits. */
const allowed: Readonly<Record<keyof Settings, RegExp>> = {
  sentence: /^.{1,200}$/u,
  answer: /^\S{1,40}$/u,
  cell: new RegExp(`^(${Object.keys(cells).join("|")})$`),
  hidden: /^[1-8]$/,
  weights: /^(recorded|drawn)$/,
  seed: /^\d{1,10}$/,
  alpha: /^\d+(\.\d+)?(e-?\d+)?$/,
  stage: /^\d{1,3}$/,
};

/** What differs from the defaults. */
export function toAddress(settings: Settings): string {
  const names = Object.keys(defaults) as (keyof Settings)[];
  const given = names.filter((name) => settings[name] !== defaults[name]);
  return `#${new URLSearchParams(given.map((name) => [name, settings[name]]))}`;
}

/** What an address says; what is missing, unknown or wrong there is as at first. */
export function fromAddress(hash: string): Settings {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Settings)[]) {
    const text = said.get(name);
    if (text !== null && allowed[name].test(text)) Object.assign(settings, { [name]: text });
  }
  if (!said.has("answer")) settings.answer = settings.sentence.split(/\s+/).find(Boolean) ?? defaults.answer;
  return settings;
}
