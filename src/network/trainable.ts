// Which parameters learn: by their names, or how those begin.

import { shown, TempogradError } from "../errors";

/** Whether an entry of a list stands for the parameter `name`: it is its name, or is nobody's and the name begins so. */
export const standsFor = (entry: string, name: string, names: readonly string[]): boolean =>
  names.includes(entry) ? entry === name : name.startsWith(entry);

/** @throws unless each entry stands for a parameter. */
export function expectEntries(operation: string, option: string, entries: Iterable<unknown>, names: readonly string[]) {
  for (const entry of entries) {
    if (typeof entry === "string" && names.some((name) => standsFor(entry, name, names))) continue;
    throw new TempogradError(
      "option",
      `${operation}: ${option} has ${shown(entry)}, expected names of parameters, or how they begin: ${names.join(", ")}.`,
    );
  }
}

/**
 * Those of `names` that are in `trainable`; all without it.
 * @throws unless it is a list of entries that stand for parameters, one or more.
 */
export function trainableOf(operation: string, trainable: unknown, names: readonly string[]): readonly string[] {
  if (trainable === undefined) return names;
  if (!Array.isArray(trainable) || trainable.length === 0) {
    const got = Array.isArray(trainable) ? "empty" : shown(trainable);
    throw new TempogradError(
      "option",
      `${operation}: trainable is ${got}, expected a list of one or more parameters; of ${names.join(", ")}.`,
    );
  }
  expectEntries(operation, "trainable", trainable, names);
  return names.filter((name) => trainable.some((entry) => standsFor(entry, name, names)));
}
