// Reads a CSV file as a series: columns of numbers by name, a row a step, in the order of time.

import { type ColumnRole, columnOf, type TableView, viewOf } from "./columns";
import { csvOf, indexNames, isMissing, numberReader, type Row } from "./csv";
import { listed, refusal, several, shown } from "./refusal";
import { isTime, timesOf } from "./times";

export interface SeriesFile {
  /** The file's, or what messages call it. */
  name: string;
  /** Columns of numbers in the order of the file, all of one length; what is missing is NaN, with its row in `rows`. */
  columns: ReadonlyMap<string, Float64Array>;
  /** What was missing or no number, as it stands there: of each column by its step. */
  holes: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** The row of each step in the file, from 1. */
  rows: readonly number[];
  /** What was done to the file, in words. */
  said: readonly string[];
}

export interface SeriesOptions {
  /** The column of times, by its name or its place from 1; the first one of dates or times unless said. */
  time?: string | undefined;
  /** What the first row has; as it seems unless said. */
  firstRow?: "seems" | "names" | "data" | undefined;
  /** Is told how a table is taken, also where it then cannot be used. */
  show?: ((table: TableView) => void) | undefined;
}

/**
 * Reads a table of numbers with a row a step. Columns of dates or times put the rows in order, columns that number the rows or
 * hold no numbers are left out, and it says so.
 * @throws where there is no column of numbers, or two rows have the same time.
 */
export async function readSeriesFile(name: string, text: string, options: SeriesOptions = {}): Promise<SeriesFile> {
  if (/\.(json|jsonl|ndjson)$/i.test(name))
    throw refusal(name, "is JSON", "a table with a row a step", "save it as CSV");
  const { rows: all, comments, delimiter } = await csvOf(name, text);
  const table = all.filter(([, cells]) => !cells[0]?.trimStart().startsWith("#") || isMissing(cells[0]));
  const numberOf = numberReader(name, delimiter, table);
  const isNumber = (cell: string | undefined) => Number.isFinite(numberOf(cell ?? ""));
  const { header, body } = headerOf(table, comments, isNumber, options.firstRow);
  const width = body.reduce((most, [, cells]) => Math.max(most, cells.length), header?.length ?? 0);
  const said: string[] = [];
  const names = distinct(
    Array.from({ length: width }, (_, i) => header?.[i]?.trim() || `column ${i + 1}`),
    said,
  );
  const chosen = options.time ? columnOf(name, names, options.time, "name the column of times so").column : undefined;

  const left: string[] = [];
  const roles: ColumnRole[] = [];
  let times: Float64Array | undefined;
  const columns = new Map<string, Float64Array>();
  const holes = new Map<string, Map<number, string>>();
  for (const [column, called] of names.entries()) {
    const cells = body.map(([, row]) => row[column] ?? "");
    const numbers = Float64Array.from(cells, (cell) => (isMissing(cell) ? Number.NaN : numberOf(cell)));
    const found = numbers.filter(Number.isFinite).length;
    const isChosen = column === chosen;
    const mayBeTime = isChosen || (chosen === undefined && !times);
    const time = mayBeTime ? (timesOf(cells) ?? countedTimes(called, numbers, isChosen)) : undefined;
    roles[column] = time ? "time" : "left out";
    if (isChosen && !time) throw notTimes(name, called, body, cells);
    if (time) {
      if (!("ambiguous" in time)) times = time.times;
      said.push(
        `${shown(called)} ${times ? "is the time of a row" : "may be day or month first: the rows stay in the file's order"}`,
      );
    } else if (isIndex(called, header !== undefined, numbers)) {
      left.push(`${shown(header?.[column]?.trim() ?? called)}, which numbers the rows`);
    } else if (found < Math.max(1, cells.filter((cell) => !isMissing(cell)).length / 2)) {
      const noTime = cells.findIndex((cell) => !isTime(cell));
      const isOfTimes = cells.filter(isTime).length > 0.5 * cells.length;
      if (isOfTimes && noTime >= 0) left.push(`${shown(called)}, which has no date in row ${body[noTime]![0] + 1}`);
      else if (cells.some((cell) => cell.trim())) left.push(`${shown(called)}, which has no numbers`);
    } else {
      roles[column] = "read";
      columns.set(called, numbers);
      const wrong = [...numbers.entries()].filter(([, value]) => !Number.isFinite(value));
      holes.set(called, new Map(wrong.map(([step]) => [step, cells[step]!.trim()])));
    }
  }
  options.show?.(viewOf(body, header && names, width, (column) => roles[column]!));
  if (columns.size === 0) {
    throw refusal(name, "has no column of numbers", "one or more, with a row a step", "put commas between the columns");
  }
  if (left.length > 0) said.push(`left out ${several(left)}`);
  const rows = body.map(([row]) => row + 1);
  const file = { name, columns, holes, rows, said };
  return times ? inOrder(file, times) : file;
}

/** Names of which none comes twice: a second one is numbered. */
function distinct(names: readonly string[], said: string[]): string[] {
  const found = new Set<string>();
  for (const name of names) {
    let own = name;
    for (let count = 2; found.has(own); count++) own = `${name} (${count})`;
    if (own !== name) said.push(`a second ${shown(name)} is called ${shown(own)}`);
    found.add(own);
  }
  return [...found];
}

/** @returns what is wrong with a column that was said to be of times: all its cells that are none. */
function notTimes(name: string, called: string, body: readonly Row[], cells: readonly string[]): Error {
  const wrong = [...cells.entries()].filter(([, cell]) => !isTime(cell));
  const all = several(wrong.map(([i, cell]) => `row ${body[i]![0] + 1}: ${shown(cell.trim())}`));
  const got = `has no dates or times in ${shown(called)}${wrong.length > 0 ? ` (${all})` : ""}`;
  return refusal(name, got, "one in each row, such as 2026-01-31", "correct them, or name another column of times");
}

/** The names of the columns, where the first row or the last comment has them, and the rows below. */
function headerOf(
  table: Row[],
  comments: readonly (readonly string[])[],
  isNumber: (cell: string | undefined) => boolean,
  firstRow: SeriesOptions["firstRow"],
): { header?: readonly string[]; body: Row[] } {
  const [first, ...below] = table;
  const cells = first?.[1] ?? [];
  // The row below may have a gap.
  const isNumberBelow = (column: number) => below.slice(0, 20).some(([, row]) => isNumber(row[column]));
  const seems = cells.some((cell, i) => !isNumber(cell) && !isMissing(cell) && isNumberBelow(i));
  if (first && (firstRow === "names" || (firstRow !== "data" && seems))) return { header: cells, body: below };
  const last = comments
    .findLast((line) => line.some((cell) => cell.trim()))
    ?.map((cell) => cell.replace(/^\s*#+\s*/, ""));
  const fits = last?.length === cells.length && !last.some(isNumber);
  return fits ? { header: last, body: table } : { body: table };
}

/** Whether a column counts the rows from 0 or 1, or is called so and never repeats a whole number. */
function isIndex(name: string, hasHeader: boolean, numbers: Float64Array): boolean {
  if (numbers.length < 2) return false;
  const [start] = numbers;
  if ((start === 0 || start === 1) && numbers.every((value, row) => value === start + row)) return true;
  const isCalledSo = hasHeader && (indexNames.test(name.toLowerCase()) || /^column \d+$/.test(name));
  return isCalledSo && numbers.every(Number.isInteger) && new Set(numbers).size === numbers.length;
}

/** Years and other times that are numbers, by the name of their column, or as that was chosen. */
function countedTimes(name: string, numbers: Float64Array, isChosen: boolean): { times: Float64Array } | undefined {
  if (isChosen) return numbers.every(Number.isFinite) ? { times: numbers } : undefined;
  const rises = numbers.every((value, row) => Number.isFinite(value) && (row === 0 || value > numbers[row - 1]!));
  return rises && /^(year|month|week|day|hour|date|time|timestamp|period|step|t)$/i.test(name)
    ? { times: numbers }
    : undefined;
}

/** The rows by their times. @throws where two have the same. */
function inOrder(file: SeriesFile, times: Float64Array): SeriesFile {
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]!);
  const sorted = order.map((row) => times[row]!);
  const twice = sorted.flatMap((time, i) => (i > 0 && time === sorted[i - 1] ? [i] : []));
  if (twice.length > 0) {
    const pairs = several(twice.map((i) => `rows ${file.rows[order[i - 1]!]} and ${file.rows[order[i]!]}`));
    const cure = "take one out; a file of several series needs one of them alone";
    throw refusal(file.name, `has the same time in ${pairs}`, "a time of its own for each row", cure);
  }
  const gaps = sorted.slice(1).map((time, i) => time - sorted[i]!);
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const said = [...file.said];
  const isSorted = order.every((row, i) => row === i);
  if (!isSorted) said.push("the rows were put in its order");
  // Months have 28 to 31 days, years 365 or 366.
  const jumps = gaps.filter((gap) => gap > 1.5 * usual).length;
  if (jumps > 0) said.push(`${jumps} steps are longer than the others: rows may be missing`);
  if (isSorted) return { ...file, said };
  const place = new Map(order.map((row, step) => [row, step]));
  return {
    ...file,
    said,
    rows: order.map((row) => file.rows[row]!),
    columns: new Map(
      [...file.columns].map(([name, values]) => [name, Float64Array.from(order, (row) => values[row]!)]),
    ),
    holes: new Map(
      [...file.holes].map(([name, wrong]) => [
        name,
        new Map([...wrong].map(([row, cell]) => [place.get(row)!, cell] as const).sort(([a], [b]) => a - b)),
      ]),
    ),
  };
}

/** The column that is named, or numbered from 1. @throws where there is none. */
export function columnNamed({ name, columns }: SeriesFile, wanted: string): string {
  const names = [...columns.keys()];
  const found = names.find((one) => one === wanted) ?? names.find((one) => one.toLowerCase() === wanted.toLowerCase());
  const place = Number(wanted);
  const numbered = Number.isInteger(place) ? names[place - 1] : undefined;
  const column = found ?? numbered;
  if (column !== undefined) return column;
  const expected = `one of ${listed(names)}, or a place from 1 to ${names.length} among them`;
  throw refusal(name, `has no column of numbers ${shown(wanted)}`, expected, "name one of them");
}

/** Of the values of a column, so many may be missing. */
const mostMissing = 0.2;

/** A column, and the step that it is read up to. */
interface Stretch {
  column: string;
  to: number;
}

/** The first step that has a number in each of these columns. */
export function firstWhole({ columns }: SeriesFile, names: readonly string[]): number {
  return names.reduce((first, name) => Math.max(first, columns.get(name)!.findIndex(Number.isFinite)), 0);
}

/**
 * Columns by name, without their gaps from a step on: what is missing there or no number lies on the straight line between its
 * neighbours, and `said` says so.
 * @throws where more than a fifth is missing, or nothing stands behind a gap: all of that at once.
 */
export function withoutGaps(file: SeriesFile, stretches: readonly Stretch[], from: number, said: string[]) {
  const found = new Map<string, Float64Array>();
  const missing: { row: number; words: string }[] = [];
  for (const { column, to } of stretches) {
    const gaps = [...file.holes.get(column)!].flatMap(([step, cell]) => {
      const row = file.rows[step]!;
      return step >= from && step < to ? [{ step, row, as: cell === "" ? "" : `: ${shown(cell)}` }] : [];
    });
    const values = file.columns.get(column)!.slice();
    const longest = gaps.length > mostMissing * (to - from) ? 0 : fill(values, from, to);
    found.set(column, values);
    const left = gaps.filter(({ step }) => !Number.isFinite(values[step]));
    for (const { row, as } of left) missing.push({ row, words: `row ${row}, ${shown(column)}${as}` });
    if (gaps.length === left.length) continue;
    const count = gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`;
    const rows = several(gaps.map(({ row, as }) => `row ${row}${as}`));
    const most = longest > 1 ? `, up to ${longest} in a row` : "";
    said.push(`${count} in ${shown(column)} filled by a straight line (${rows})${most}`);
  }
  if (missing.length === 0) return found;
  const rows = several(missing.sort((a, b) => a.row - b.row).map(({ words }) => words));
  const got = `${missing.length === 1 ? "1 number is" : `${missing.length} numbers are`} missing (${rows})`;
  throw refusal(file.name, got, "a number in each", "fill them in, or take these rows out");
}

/** Fills the gaps that have values on both sides. @returns the steps of the longest */
function fill(values: Float64Array, from: number, to: number): number {
  let longest = 0;
  let before = from;
  for (let step = from; step < to; step++) {
    if (!Number.isFinite(values[step])) continue;
    const [gap, rise] = [step - before, values[step]! - values[before]!];
    for (let i = before + 1; i < step; i++) values[i] = values[before]! + (rise * (i - before)) / gap;
    longest = Math.max(longest, gap - 1);
    before = step;
  }
  return longest;
}
