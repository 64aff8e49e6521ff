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
  const { label, read, classes, firstRow } = options;
  const { rows, header, delimiter } = await rowsOf(name, text, options);
  const numberOf = numberReader(name, delimiter, rows);
  const isNumber = (cell: string) => Number.isFinite(numberOf(cell));
  const [top, ...below] = rows;
  const names = header ?? top?.[1] ?? [];
  const chosen = label ? columnOf(name, names, label, "name the column of classes so") : undefined;
  const wanted = read
    ? namesIn(read).map((one) => columnOf(name, names, one, "name the columns to read so").column)
    : undefined;
  const isClass = (column: number) =>
    column === chosen?.column || (!chosen && columnOfLabels([names[column] ?? ""]) === 0);
  const indices = indexColumns(
    header ? [[-1, header], ...rows] : rows,
    isNumber,
    (column) => isClass(column) || !!wanted?.includes(column),
    header !== undefined || chosen?.isNamed || columnOfLabels(names) >= 0 || undefined,
    classes ? 10 : 2,
  );

  const sample = header || below.length === 0 ? rows : below; // the first may have the columns' names
  const facts = factsOf(sample, numberOf);
  const width = Math.max(names.length, facts.length);
  const free = Array.from({ length: width }, (_, column) => column).filter((column) => !indices.has(column));
  const counted = names.map((cell, column) => (indices.has(column) ? "" : cell));
  const [called, likely] = [columnOfLabels(counted), columnOfLabels(counted, true)];
  const found = classes
    ? free.find((one) => areClasses(sample, one, classes))
    : likeliestClass(facts, free, sample.length);
  const column = chosen?.column ?? (likely >= 0 ? likely : (found ?? (classes ? -1 : (free[0] ?? 0))));
  const others = free.filter((one) => one !== column);
  const automatic = columnsToRead(facts, others, names, sample.length, column < 0);
  const columns = wanted ?? automatic.columns;
  const isText = wanted ? wanted.some((one) => !facts[one]?.isNumbers) : automatic.isText;
  if (rows.length > 0 && columns.length === 0) {
    const got = indices.size > 0 ? "has one column beside one that numbers the rows" : "has one column";
    const expected = "the class in one column and a text or numbers in others";
    throw refusal(name, got, expected, "put a comma between the class and the rest");
  }

  const labelOf = ([, cells]: Row) => (column < 0 ? undefined : cells[column]?.trim());
  const valuesOf = ([, cells]: Row) => columns.map((one) => cells[one] ?? "");
  const isHeader = () => {
    if (header || !top || firstRow === "data") return false;
    const hasNumbers = valuesOf(top).some(isNumber);
    if (column < 0) return !hasNumbers && (!isText || /^texts?$/i.test(valuesOf(top)[0] ?? ""));
    if (called >= 0 || chosen?.isNamed || [...indices.values()].some((one) => one !== undefined)) return true;
    const alone = classes ? !classes.includes(labelOf(top)!) : below.every((row) => labelOf(row) !== labelOf(top));
    if (!alone) return false;
    if (!hasNumbers && (!isText || (!classes && (likely >= 0 || comeAgain(below.map(labelOf)))))) return true;
    const got = `${shown(labelOf(top))} is the class of no other row`;
    const expected = "a class that comes again, or a header";
    throw refusal(
      placeOf(name, top[0]),
      got,
      expected,
      'call the column of classes "label" in a header, there or above',
    );
  };
  const named = header ?? (isHeader() ? top![1] : undefined);
  const body = named && !header ? below : rows;

  const usual = named?.length ?? (free.findLast((one) => 2 * (facts[one]?.filled ?? 0) >= sample.length) ?? 0) + 1;
  const sequenceOf = (row: Row) => {
    const values = valuesOf(row);
    if (isText) {
      const more = row[1].slice(column < 0 && !named ? columns[0]! + 1 : usual).filter((cell) => cell.trim() !== "");
      return more.length > 0 ? [...values, ...more] : values.filter((cell) => cell.trim() !== "").join("\n");
    }
    while (values.at(-1)?.trim() === "") values.pop();
    return values.map((cell) => (isNumber(cell) ? String(numberOf(cell)) : cell)); // with a point, whatever the file writes
  };
  const series = isText || !named ? [] : columns.map((one) => named[one]?.trim() ?? "");
  while (series.at(-1) === "") series.pop();
  const nameAt = (one: number) => named?.[one]?.trim() || `column ${one + 1}`;
  const unread = others.filter((one) => !columns.includes(one) && 2 * (facts[one]?.filled ?? 0) >= sample.length);
  const said = [
    ...(named && column >= 0 && column !== chosen?.column && columnOfLabels(named) < 0
      ? [`the class is ${shown(nameAt(column))}`]
      : []),
    ...(unread.length > 0 ? [`${listed(columns.map(nameAt))} read, and not ${listed(unread.map(nameAt))}`] : []),
  ];
  return {
    entries: body.map((row) => ({ where: placeOf(name, row[0]), label: labelOf(row), sequence: sequenceOf(row) })),
    isText,
    wrong: [],
    columns: series,
    leftOut: [...indices.values()].map((one) => one ?? ""),
    said,
    table: viewOf(body, named, width, (one) =>
      one === column ? "class" : columns.includes(one) ? "read" : "left out",
    ),
  };
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
