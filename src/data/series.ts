// Series of numbers as people have them: columns by name.

import { expectOptions, shown, TempogradError } from "../errors";
import { listed } from "../network/expect";

/** Columns by name, each with a number a step. */
export type Series = Readonly<Record<string, ArrayLike<number>>>;

/** Some of a series: the steps from `from` to before `to`; all of them unless given. */
export interface StepRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** @throws unless `series` is an object of columns. */
export function expectSeries(operation: string, series: unknown): asserts series is Series {
  if (typeof series === "object" && series !== null && !Array.isArray(series)) return;
  const expected = "columns of numbers by name";
  throw new TempogradError("batch", `${operation}: series is ${shown(series)}, expected ${expected}; pass { y: […] }.`);
}

/** @returns the column. @throws where there is none of that name. */
export function columnOf(operation: string, series: Series, name: string): ArrayLike<number> {
  const column = Object.hasOwn(series, name) ? series[name] : undefined;
  if (typeof column === "object" && column !== null && Number.isInteger(column.length)) return column;
  const known = Object.keys(series).map(shown).join(", ") || "none";
  throw new TempogradError(
    "batch",
    `${operation}: the series has no column ${shown(name)}, expected one of ${known}; name one of them.`,
  );
}

/** @throws where a number of the column, from `from` to before `to`, is none or not finite. */
export function expectFinite(operation: string, name: string, column: ArrayLike<number>, from: number, to: number) {
  for (let step = from; step < to; step++) {
    if (Number.isFinite(column[step])) continue;
    throw new TempogradError(
      "batch",
      `${operation}: ${shown(name)} is ${shown(column[step])} at step ${step}, expected a finite number; fill it in, or leave the step out.`,
    );
  }
}

/** @returns the range as whole numbers. @throws where it is none of so many steps. */
export function rangeOf(operation: string, range: StepRange, steps: number): { from: number; to: number } {
  expectOptions(operation, range, "range");
  const { from = 0, to } = range;
  const end = to ?? steps;
  const isIn = (value: unknown, least: number) => Number.isInteger(value) && Number(value) >= least;
  if (isIn(from, 0) && isIn(end, from + 1) && end <= steps) return { from, to: end };
  throw new TempogradError(
    "option",
    `${operation}: from is ${shown(from)} and to ${shown(end)}, expected whole numbers, 0 ≤ from < to ≤ ${steps}; take steps of the series.`,
  );
}

/** @throws unless `names` are names of `least` columns or more, each once. */
export function expectNames(operation: string, what: string, names: unknown, least = 1): void {
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (isList && new Set(names).size === names.length && names.length >= least) return;
  const got = Array.isArray(names) ? listed(names) : shown(names);
  throw new TempogradError(
    "option",
    `${operation}: ${what} is ${got}, expected names of columns, each once; list them.`,
  );
}
