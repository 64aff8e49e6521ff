// What pages do where a browser has no WebGPU: the processor computes, in sizes that it trains several times a second.

import type { Settings } from "./tasks/fields";
import { initialOf } from "./tasks/settings";

export const smallSizes = { hidden: 32, batch: 16, steps: 32 };

/** Settings in these sizes where they have larger ones that nobody chose. @param usual where they have the same. */
export function inSmall(settings: Settings, usual: Settings = initialOf(settings.task)): Settings {
  const names = Object.keys(smallSizes) as (keyof typeof smallSizes)[];
  const large = names.filter((name) => settings[name] === usual[name] && settings[name] > smallSizes[name]);
  return { ...settings, ...Object.fromEntries(large.map((name) => [name, smallSizes[name]])) };
}

/** @param why there is no WebGPU, as a sentence. */
export const processorText = (why: string): string =>
  `${why} This page computes on the processor instead, in small sizes: the same numbers, more slowly.`;
