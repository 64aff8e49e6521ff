// What the page can be set to: a slider each, over a list of values; in its address, and out of it.

import { brief } from "../data/refusal";

const range = (least: number, most: number): number[] => Array.from({ length: most - least + 1 }, (_, i) => least + i);

/** The values of each setting, in the order of its slider. */
export const choices = {
  /** The spectral radius of Wʰ: eighths of a doubling. */
  size: range(-24, 32).map((eighths) => Number((2 ** (eighths / 8)).toPrecision(3))),
  steps: range(8, 40),
  /** |x_t| */
  input: [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  seed: range(1, 20),
  clip: [0.001, 0.01, 0.1, 0.3, 1, 3, 10, 100],
  forget: range(-4, 8),
  /** Steps from cut to cut. */
  every: range(1, 40),
  /** How many steps ago what is to be said came. */
  distance: range(1, 8),
} as const satisfies Record<string, readonly number[]>;

export type SettingName = keyof typeof choices;
export type Settings = Record<SettingName, number>;

export const settingNames = Object.keys(choices) as SettingName[];

export const initialSettings: Readonly<Settings> = {
  ...{ size: 0.771, steps: 24, input: 1, seed: 1 },
  ...{ clip: 0.1, forget: 3, every: 6, distance: 4 },
};

/** What differs from the first settings. */
export function toAddress(settings: Settings): string {
  const given = settingNames.filter((name) => settings[name] !== initialSettings[name]);
  return new URLSearchParams(given.map((name) => [name, String(settings[name])])).toString();
}

/**
 * Reads settings from an address. A number between two values is the nearest.
 * @returns the settings, and what was not understood, which is left as it is at first.
 */
export function fromAddress(address: string): { settings: Settings; ignored: string[] } {
  const settings = { ...initialSettings };
  const ignored: string[] = [];
  for (const [name, text] of new URLSearchParams(address.replace(/^#/, ""))) {
    const values: readonly number[] = Object.hasOwn(choices, name) ? choices[name as SettingName] : [];
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= values[0]! && value <= values.at(-1)!) settings[name as SettingName] = nearest(values, value);
    else ignored.push(brief(`${name}=${text}`));
  }
  return { settings, ignored };
}

const nearest = (values: readonly number[], value: number): number =>
  values.reduce((best, other) => (Math.abs(other - value) < Math.abs(best - value) ? other : best));
