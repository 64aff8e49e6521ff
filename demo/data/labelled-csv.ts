// The rows of a CSV file as they stand there, each with the place that messages name; not yet checked.

import {
  columnOf,
  columnOfLabels,
  columnsToRead,
  factsOf,
  indexColumns,
  likeliestClass,
  lowerCase,
  namesIn,
  viewOf,
} from "./columns";
import { csvOf, numberReader, placeOf, type Row } from "./csv";
import type { Entries } from "./labelled-entries";
import { listed, refusal, shown } from "./refusal";

export interface CsvOptions {
  /** The column of classes: what a header calls it, or its place from 1. */
  label?: string | undefined;
  /** The columns that are read, by names or places with commas between. */
  read?: string | undefined;
  /** What the first row has; as it seems unless said. */
  firstRow?: "seems" | "names" | "data" | undefined;
  /** The classes of a network that is to tell them: rows may then lack theirs. */
  classes?: readonly string[] | undefined;
}

/**
 * The rows of a CSV file, with commas, semicolons, tabs or bars between the cells, or what `sep=` in a line before them
 * says: the class in the column that a header calls label, class or target, or that is named, else in the one whose values come
 * again; in the others a text or a series of numbers. Columns that number the rows are left out. Comments before the header, empty
 * cells at the end of a row and empty rows are none. Decimal commas are read where cells are not separated by commas.
 * @throws where quotes do not pair, where the first row may be a header or not, or where there is no such column.
 */
export async function csvEntries(name: string, text: string, options: CsvOptions = {}): Promise<Entries> {
  const { rows, header, delimiter } = await rowsOf(name, text, options);
  const numberOf = numberReader(name, delimiter, rows);
  const isNumber = (cell: string) => Number.isFinite(numberOf(cell));
  const layout = layOut(name, rows, header, numberOf, options);
  const { column, columns, isText, indices, full, width } = layout;
  const first = header ?? rows[0]?.[1];
  const named = header || isHeader(name, rows, layout, isNumber, options) ? first : undefined;
  const body = named && !header ? rows.slice(1) : rows;

  // What stands behind the columns is of a text that lacks its quotes.
  const usual = named?.length ?? (column < 0 ? columns[0]! : (full.at(-1) ?? 0)) + 1;
  const sequenceOf = ([, cells]: Row) => {
    const values = columns.map((one) => cells[one] ?? "");
    if (isText) {
      const more = cells.slice(usual).filter((cell) => cell.trim() !== "");
      return more.length > 0 ? [...values, ...more] : values.filter((cell) => cell.trim() !== "").join("\n");
    }
    while (values.at(-1)?.trim() === "") values.pop();
    return values.map((cell) => (isNumber(cell) ? String(numberOf(cell)) : cell)); // with a point, whatever the file writes
  };
  const nameAt = (one: number) => named?.[one]?.trim() || `column ${one + 1}`;
  const series = isText || !named ? [] : columns.map((one) => named[one]?.trim() ?? "");
  while (series.at(-1) === "") series.pop();
  const unread = full.filter((one) => one !== column && !columns.includes(one));
  const isFound = named && column >= 0 && !options.label && columnOfLabels(named) < 0;
  return {
    entries: body.map((row) => ({
      where: placeOf(name, row[0]),
      label: column < 0 ? undefined : row[1][column]?.trim(),
      sequence: sequenceOf(row),
    })),
    isText,
    wrong: [],
    columns: series,
    leftOut: [...indices.values()].map((one) => one ?? ""),
    said: [
      ...(isFound ? [`the class is ${shown(nameAt(column))}`] : []),
      ...(unread.length > 0 ? [`${listed(columns.map(nameAt))} read, and not ${listed(unread.map(nameAt))}`] : []),
    ],
    table: viewOf(body, named, width, (one) =>
      one === column ? "class" : columns.includes(one) ? "read" : "left out",
    ),
  };
}

/** What the columns of a table are taken for, by their places. */
interface Layout {
  /** Of the classes; -1 where there are none. */
  column: number;
  /** Those that are read, and whether they are texts. */
  columns: readonly number[];
  isText: boolean;
  /** Those that number the rows, each with its name. */
  indices: ReadonlyMap<number, string | undefined>;
  /** All others that most rows have a cell in. */
  full: readonly number[];
  width: number;
  /** How the first row calls the column of classes, if so: as only a header would, or perhaps. */
  called: "surely" | "perhaps" | undefined;
}

/** @throws where there is no such column, or none to read beside the class. */
function layOut(
  name: string,
  rows: readonly Row[],
  header: readonly string[] | undefined,
  numberOf: (cell: string) => number,
  { label, read, classes }: CsvOptions,
): Layout {
  const names = header ?? rows[0]?.[1] ?? [];
  const chosen = label ? columnOf(name, names, label, "name the column of classes so") : undefined;
  const wanted = read
    ? namesIn(read).map((one) => columnOf(name, names, one, "name the columns to read so").column)
    : undefined;
  const isClass = (column: number) =>
    column === chosen?.column || (!chosen && columnOfLabels([names[column] ?? ""]) === 0);
  const indices = indexColumns(
    header ? [[-1, header], ...rows] : rows,
    (cell) => Number.isFinite(numberOf(cell)),
    (column) => isClass(column) || !!wanted?.includes(column),
    header !== undefined || chosen?.isNamed || columnOfLabels(names) >= 0 || undefined,
    classes ? 10 : 2,
  );

  const sample = header || rows.length < 2 ? rows : rows.slice(1); // the first may have the columns' names
  const facts = factsOf(sample, numberOf);
  const width = Math.max(names.length, facts.length);
  const free = Array.from({ length: width }, (_, column) => column).filter((column) => !indices.has(column));
  const others = names.map((cell, column) => (indices.has(column) ? "" : cell));
  const likely = columnOfLabels(others, true);
  const found = classes
    ? free.find((one) => areClasses(sample, one, classes))
    : likeliestClass(facts, free, sample.length);
  const column = chosen?.column ?? (likely >= 0 ? likely : (found ?? (classes ? -1 : (free[0] ?? 0))));
  const automatic = columnsToRead(
    facts,
    free.filter((one) => one !== column),
    names,
    sample.length,
    column < 0,
  );
  const columns = wanted ?? automatic.columns;
  if (rows.length > 0 && columns.length === 0) {
    const got = indices.size > 0 ? "has one column beside one that numbers the rows" : "has one column";
    const expected = "the class in one column and a text or numbers in others";
    throw refusal(name, got, expected, "put a comma between the class and the rest");
  }
  if (columns.includes(column)) {
    const got = `is to be read with ${shown(names[column]?.trim())}, its column of classes`;
    const cure = "name other columns to read, or another one of classes";
    throw refusal(name, got, "the class to be none of what is read", cure);
  }
  return {
    column,
    columns,
    isText: wanted ? wanted.some((one) => !facts[one]?.isNumbers) : automatic.isText,
    indices,
    full: free.filter((one) => 2 * (facts[one]?.filled ?? 0) >= sample.length),
    width,
    called: chosen?.isNamed || columnOfLabels(others) >= 0 ? "surely" : likely >= 0 ? "perhaps" : undefined,
  };
}

/** Whether the first row has the columns' names. @throws where it may or may not. */
function isHeader(
  name: string,
  [top, ...below]: readonly Row[],
  { column, columns, isText, indices, called }: Layout,
  isNumber: (cell: string) => boolean,
  { classes, firstRow }: CsvOptions,
): boolean {
  if (!top || firstRow === "data") return false;
  const values = columns.map((one) => top[1][one] ?? "");
  const hasNumbers = values.some(isNumber);
  if (column < 0) return !hasNumbers && (!isText || /^texts?$/i.test(values[0] ?? ""));
  if (called === "surely" || [...indices.values()].some((one) => one !== undefined)) return true;
  const labels = [top, ...below].map(([, cells]) => cells[column]?.trim());
  const [label, ...others] = labels;
  if (classes ? classes.includes(label!) : others.includes(label)) return false;
  if (!hasNumbers && (!isText || (!classes && (called !== undefined || comeAgain(others))))) return true;
  const got = `${shown(label)} is the class of no other row`;
  const cure = 'call the column of classes "label" in a header, there or above';
  throw refusal(placeOf(name, top[0]), got, "a class that comes again, or a header", cure);
}

/** Whether each of some classes comes more than once. */
function comeAgain(labels: readonly (string | undefined)[]): boolean {
  const counts = new Map<string | undefined, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.length > 0 && [...counts.values()].every((count) => count > 1);
}

/** Whether a column holds classes, all but its header. */
function areClasses(rows: readonly Row[], column: number, classes: readonly string[]): boolean {
  const cells = rows.flatMap(([, cells]) => (cells.length > 1 ? [cells[column]?.trim() ?? ""] : []));
  return cells.length > 0 && cells.every((cell) => classes.includes(cell));
}

/** The rows that are not empty, and the header where the first row is said to be one, or it is a comment: "# t1,t2,label". */
async function rowsOf(
  name: string,
  text: string,
  { label, firstRow }: CsvOptions,
): Promise<{ rows: Row[]; header?: readonly string[]; delimiter: string }> {
  const { rows, comments, all, delimiter } = await csvOf(name, text);
  if (firstRow === "names" && rows.length > 0) return { rows: rows.slice(1), header: rows[0]![1], delimiter };
  const names = (cells: readonly string[]) =>
    columnOfLabels(cells) >= 0 || (label !== undefined && cells.some((cell) => lowerCase(cell) === lowerCase(label)));
  const first = rows[0]?.[1] ?? [];
  // Without a header below them they may be rows of a class that begins so, "#news,text", which comes again.
  const classes = comments
    .filter((cells) => cells.some((cell, i) => i > 0 && cell.trim()))
    .map(([cell]) => lowerCase(cell));
  const again = new Set(classes).size < classes.length || rows.some(([, cells]) => lowerCase(cells[0]).startsWith("#"));
  if (rows.length === 0 || (again && !names(first))) return { rows: all(), delimiter };
  const last = comments.findLast((cells) => cells.some((cell) => cell.trim())) ?? [];
  const header = last.map((cell, i) => (i === 0 ? cell.replace(/^\s*#+\s*/, "") : cell));
  const isHeader = header.length === first.length && names(header) && !names(first);
  return isHeader ? { rows, header, delimiter } : { rows, delimiter };
}
