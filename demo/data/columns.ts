// What the columns of a table hold, judged by their cells: which may be classes, which texts, which only number the rows.

import { indexNames, isMissing, type Row } from "./csv";
import { listed, refusal, shown } from "./refusal";
import { isTime } from "./times";

export const lowerCase = (cell: string | undefined) => cell?.trim().toLowerCase() ?? "";

/** What a column or a key of classes may be called; and other names that it has, which say less. */
export const labelNames = ["label", "class", "target"];
const likelyLabelNames = ["category", "sentiment", "species", "genre", "language", "lang", "author", "topic"];
const textNames = [
  "text",
  "texts",
  "message",
  "content",
  "sentence",
  "review",
  "comment",
  "tweet",
  "body",
  "description",
];

/** The column that is called as columns of classes are; -1 where none is. */
export function columnOfLabels(cells: readonly string[], likely = false): number {
  const names = cells.map(lowerCase);
  const found = names.findIndex((name) => labelNames.includes(name));
  return found >= 0 || !likely ? found : names.findIndex((name) => likelyLabelNames.includes(name));
}

/** How a table is taken, to be shown and to be said otherwise. */
export interface TableView {
  /** Rows of data. */
  total: number;
  /** Whether the first row has the columns' names. */
  hasHeader: boolean;
  /** What a header calls each, or its place; and what it is taken for. */
  columns: readonly { name: string; role: ColumnRole }[];
  /** The first rows of data, as they stand there. */
  rows: readonly (readonly string[])[];
}

export type ColumnRole = "class" | "read" | "forecast" | "beside" | "known" | "time" | "left out";

const shownRows = 5;

export function viewOf(
  body: readonly Row[],
  header: readonly string[] | undefined,
  width: number,
  roleOf: (column: number) => ColumnRole,
): TableView {
  const columns = Array.from({ length: width }, (_, i) => ({
    name: header?.[i]?.trim() || `column ${i + 1}`,
    role: roleOf(i),
  }));
  const rows = body.slice(0, shownRows).map(([, cells]) => columns.map((_, i) => cells[i] ?? ""));
  return { total: body.length, hasHeader: header !== undefined, columns, rows };
}

/** What is known of a column below its header. */
export interface ColumnFacts {
  /** Cells that say something. */
  filled: number;
  /** Whether most of them are numbers; and whether all are whole ones. */
  isNumbers: boolean;
  isWhole: boolean;
  /** Whether the first of them are dates or times. */
  isTimes: boolean;
  /** Different ones among them. */
  distinct: number;
  /** Characters of one, on average. */
  length: number;
}

/** Cells that are looked at for dates and times. */
const mostTimes = 20;

export function factsOf(rows: readonly Row[], numberOf: (cell: string) => number): ColumnFacts[] {
  const none = () => ({ filled: 0, numbers: 0, whole: 0, times: 0, length: 0, distinct: new Set<string>() });
  const columns: ReturnType<typeof none>[] = [];
  for (const [, cells] of rows) {
    for (const [i, cell] of cells.entries()) {
      columns[i] ??= none();
      if (isMissing(cell)) continue;
      const column = columns[i];
      if (column.filled < mostTimes && column.times === column.filled && isTime(cell)) column.times++;
      column.filled++;
      column.length += cell.length;
      column.distinct.add(cell.trim());
      const number = numberOf(cell);
      if (!Number.isFinite(number)) continue;
      column.numbers++;
      if (Number.isInteger(number)) column.whole++;
    }
  }
  return columns.map(({ filled, numbers, whole, times, length, distinct }) => ({
    filled,
    isNumbers: numbers > 0 && 2 * numbers >= filled,
    isWhole: filled > 0 && whole === filled,
    isTimes: filled > 0 && times === Math.min(filled, mostTimes),
    distinct: distinct.size,
    length: length / Math.max(1, filled),
  }));
}

/** Whether most rows have a cell there, and its values come again. */
const repeats = ({ filled, distinct }: ColumnFacts, rows: number) =>
  2 * filled > rows && distinct > 1 && 2 * distinct <= filled;

/** The column that is likeliest to hold classes, which come again; undefined where none does. @param among by their places */
export function likeliestClass(
  facts: readonly ColumnFacts[],
  among: readonly number[],
  rows: number,
): number | undefined {
  const again = among.filter((column) => facts[column] && repeats(facts[column], rows));
  const words = again.filter((column) => !facts[column]!.isNumbers);
  const fewest = words.reduce<number | undefined>(
    (best, column) => (best === undefined || facts[column]!.distinct < facts[best]!.distinct ? column : best),
    undefined,
  );
  const [first, last] = [among[0]!, among.at(-1)!];
  const isWholeAgain = (column: number) => again.includes(column) && facts[column]!.isWhole;
  const allNumbersBeside = among.length > 2 && among.every((column) => column === fewest || facts[column]?.isNumbers);
  if (allNumbersBeside && (fewest === first || fewest === last)) return fewest;
  if (words.includes(first) || isWholeAgain(first)) return first;
  return fewest ?? (isWholeAgain(last) ? last : undefined);
}

/**
 * The columns that a network is to read, of those that are no classes; and whether they are texts rather than numbers.
 * @param alone of several texts none is chosen but by its name
 */
export function columnsToRead(
  facts: readonly ColumnFacts[],
  among: readonly number[],
  names: readonly string[],
  rows: number,
  alone: boolean,
): { columns: readonly number[]; isText: boolean } {
  const called = among.find((column) => textNames.includes(lowerCase(names[column])));
  if (called !== undefined) return { columns: [called], isText: true };
  if (among.length <= 1) {
    const only = facts[among[0] ?? -1];
    return { columns: among, isText: !only?.isNumbers || only.isWhole }; // digits may be read one by one
  }
  const full = among.filter((column) => facts[column] && 2 * facts[column].filled >= rows);
  const others = full.filter((column) => !facts[column]!.isNumbers);
  const words = others.filter((column) => !facts[column]!.isTimes);
  const numbers = among.filter((column) => !others.includes(column));
  if (words.length === 0) return { columns: numbers, isText: false };
  if (alone) return { columns: [among[0]!], isText: true };
  const differs = (column: number) => 2 * facts[column]!.distinct > facts[column]!.filled;
  const longest = (all: readonly number[]) =>
    all.reduce((best, column) => (facts[column]!.length > facts[best]!.length ? column : best));
  const texts = words.filter(differs);
  if (texts.length > 0) return { columns: [longest(texts)], isText: true };
  const isTable = numbers.some((column) => full.includes(column));
  return isTable ? { columns: numbers, isText: false } : { columns: [longest(words)], isText: true };
}

/** Names or places of columns, with commas between; a name that has commas itself stands in quotes. */
export const namesIn = (said: string): string[] =>
  [...said.matchAll(/\s*(?:"([^"]*)"|([^,]+))\s*(?:,|$)/g)]
    .map(([, quoted, plain = ""]) => quoted ?? plain.trim())
    .filter(Boolean);

/** The place of a column that is named, or numbered from 1. @throws where there is none. */
export function columnOf(
  name: string,
  cells: readonly string[],
  wanted: string,
  cure: string,
): { column: number; isNamed: boolean } {
  const place = Number(wanted); // first, as without a header numbers are no names
  if (Number.isInteger(place) && place >= 1 && place <= cells.length) return { column: place - 1, isNamed: false };
  const found = cells.findIndex((cell) => lowerCase(cell) === lowerCase(wanted));
  if (found >= 0) return { column: found, isNamed: true };
  const expected = `one of ${listed(cells.map((cell) => cell.trim()))}, or a place from 1 to ${cells.length}`;
  throw refusal(name, `has no column ${shown(wanted)}`, expected, cure);
}

/**
 * The columns that number the rows, with a header's name for each where there is a header. A network would learn from
 * them in which order the file has its classes. They count from 0 or 1, or are called so and hold another integer in
 * each row, as when rows were shuffled or taken out.
 * @param spared columns that are something else
 * @param hasNames whether the first row has the columns' names; undefined: where it is no number
 * @param least how many rows a count that is not called so must have, not to be one by chance
 */
export function indexColumns(
  rows: readonly Row[],
  isNumber: (cell: string) => boolean,
  spared: (column: number, top: string) => boolean,
  hasNames: true | undefined,
  least: number,
): Map<number, string | undefined> {
  const found = new Map<number, string | undefined>();
  for (const [column, top] of (rows[0]?.[1] ?? []).entries()) {
    if (spared(column, top)) continue;
    const isNamed = hasNames ?? !isNumber(top);
    const numbers = rows.slice(isNamed ? 1 : 0).map(([, cells]) => {
      const cell = cells[column] ?? "";
      return isNumber(cell) ? Number(cell) : Number.NaN;
    });
    const start = numbers[0];
    const counts =
      numbers.length >= least && (start === 0 || start === 1) && numbers.every((number, row) => number === start + row);
    const isCalledSo = isNamed && indexNames.test(lowerCase(top));
    const distinct = () => numbers.every(Number.isInteger) && new Set(numbers).size === numbers.length;
    if (numbers.length > 1 && (counts || (isCalledSo && distinct())))
      found.set(column, isNamed ? top.trim() : undefined);
  }
  return found;
}
