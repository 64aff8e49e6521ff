// Reads a CSV file as a series: columns of numbers by name, a row a step, in the order of time.

import { csvOf, indexNames, isMissing, numberReader, type Row } from "./csv";
import { listed, refusal, shown } from "./refusal";
import { timesOf } from "./times";

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

/**
 * Reads a table of numbers with a row a step. Columns of dates or times put the rows in order, columns that number the rows or
 * hold no numbers are left out, and it says so.
 * @throws where there is no column of numbers, or two rows have the same time.
 */
export async function readSeriesFile(name: string, text: string): Promise<SeriesFile> {
  if (/\.(json|jsonl|ndjson)$/i.test(name))
    throw refusal(name, "is JSON", "a table with a row a step", "save it as CSV");
  const { rows: all, comments, delimiter } = await csvOf(name, text);
  const table = all.filter(([, cells]) => !cells[0]?.trimStart().startsWith("#") || isMissing(cells[0]));
  const numberOf = numberReader(name, delimiter, table);
  const isNumber = (cell: string | undefined) => Number.isFinite(numberOf(cell ?? ""));
  const { header, body } = headerOf(table, comments, isNumber);
  const width = body.reduce((most, [, cells]) => Math.max(most, cells.length), header?.length ?? 0);
  const names = Array.from({ length: width }, (_, i) => header?.[i]?.trim() || `column ${i + 1}`);
  const twice = names.find((one, i) => names.indexOf(one) < i);
  if (twice !== undefined)
    throw refusal(name, `has two columns ${shown(twice)}`, "a name of its own for each", "rename one");

  const said: string[] = [];
  const left: string[] = [];
  let times: Float64Array | undefined;
  const columns = new Map<string, Float64Array>();
  const holes = new Map<string, Map<number, string>>();
  for (const [column, called] of names.entries()) {
    const cells = body.map(([, row]) => row[column] ?? "");
    const numbers = Float64Array.from(cells, (cell) => (isMissing(cell) ? Number.NaN : numberOf(cell)));
    const found = numbers.filter(Number.isFinite).length;
    const time = times ? undefined : (timesOf(cells) ?? countedTimes(called, numbers));
    if (time) {
      if (!("ambiguous" in time)) times = time.times;
      said.push(
        `${shown(called)} ${times ? "is the time of a row" : "may be day or month first: the rows stay in the file's order"}`,
      );
    } else if (isIndex(called, header !== undefined, numbers)) {
      left.push(`${shown(header?.[column]?.trim() ?? called)}, which numbers the rows`);
    } else if (found < Math.max(1, cells.filter((cell) => !isMissing(cell)).length / 2)) {
      if (cells.some((cell) => cell.trim())) left.push(`${shown(called)}, which has no numbers`);
    } else {
      columns.set(called, numbers);
      const wrong = [...numbers.entries()].filter(([, value]) => !Number.isFinite(value));
      holes.set(called, new Map(wrong.map(([step]) => [step, cells[step]!.trim()])));
    }
  }
  if (columns.size === 0) {
    throw refusal(name, "has no column of numbers", "one or more, with a row a step", "put commas between the columns");
  }
  if (left.length > 0)
    said.push(`left out ${left.slice(0, 5).join("; ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}`);
  const rows = body.map(([row]) => row + 1);
  const file = { name, columns, holes, rows, said };
  return times ? inOrder(file, times) : file;
}

/** The names of the columns, where the first row or the last comment has them, and the rows below. */
function headerOf(
  table: Row[],
  comments: readonly (readonly string[])[],
  isNumber: (cell: string | undefined) => boolean,
): { header?: readonly string[]; body: Row[] } {
  const [first, second] = table;
  const cells = first?.[1] ?? [];
  const below = second?.[1] ?? [];
  if (cells.some((cell, i) => !isNumber(cell) && !isMissing(cell) && isNumber(below[i]))) {
    return { header: cells, body: table.slice(1) };
  }
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

/** Years and other times that are numbers, by the name of their column. */
function countedTimes(name: string, numbers: Float64Array): { times: Float64Array } | undefined {
  const rises = numbers.every((value, row) => Number.isFinite(value) && (row === 0 || value > numbers[row - 1]!));
  return rises && /^(year|month|week|day|hour|date|time|timestamp|period|step|t)$/i.test(name)
    ? { times: numbers }
    : undefined;
}

/** The rows by their times. @throws where two have the same. */
function inOrder(file: SeriesFile, times: Float64Array): SeriesFile {
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]!);
  const sorted = order.map((row) => times[row]!);
  const twice = sorted.findIndex((time, i) => i > 0 && time === sorted[i - 1]);
  if (twice > 0) {
    const [a, b] = [file.rows[order[twice - 1]!], file.rows[order[twice]!]];
    const cure = "take one out; a file of several series needs one of them alone";
    throw refusal(file.name, `has the same time in rows ${a} and ${b}`, "a time of its own for each row", cure);
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

/** @throws where numbers of these columns are missing before step `to`: all of them at once. */
export function expectWhole({ name, holes, rows }: SeriesFile, columns: readonly string[], to: number): void {
  const missing = columns.flatMap((column) =>
    [...holes.get(column)!].flatMap(([step, cell]) => (step < to ? [{ row: rows[step]!, column, cell }] : [])),
  );
  if (missing.length === 0) return;
  missing.sort((a, b) => a.row - b.row);
  const most = 5;
  const said = missing.slice(0, most).map(({ row, column, cell }) => {
    return `row ${row}, ${shown(column)}${cell === "" ? "" : `: ${shown(cell)}`}`;
  });
  const more = missing.length > most ? `; and ${missing.length - most} more` : "";
  const count = missing.length === 1 ? "1 number is" : `${missing.length} numbers are`;
  const cure = "fill them in, or take these rows out";
  throw refusal(name, `${count} missing (${said.join("; ")}${more})`, "a number in each", cure);
}
