// The rows of a CSV file as they stand there, each with the place that messages name; not yet checked.

import { csvOf, indexNames, isMissing, numberReader, placeOf, type Row } from "./csv";
import { type Entries, labelNames } from "./labelled-entries";
import { listed, refusal, shown } from "./refusal";

const nameOf = (cell: string | undefined) => cell?.trim().toLowerCase() ?? "";
const namesLabel = (cells: readonly string[]) => cells.some((cell) => labelNames.includes(nameOf(cell)));

export interface CsvOptions {
  /** The column of classes: what a header calls it, or its place from 1. */
  label?: string | undefined;
  /** The classes of a network that is to tell them: rows may then lack theirs. */
  classes?: readonly string[] | undefined;
}

/**
 * The rows of a CSV file, with commas, semicolons, tabs or bars between the cells, or what `sep=` in a line before them
 * says: the class in the first column, or in the one that a header calls label, class or target, or that is named; in the
 * others a text or a series of numbers. Columns that number the rows are left out. Comments before the header, empty cells at
 * the end of a row and empty rows are none. Decimal commas are read where cells are not separated by commas.
 * @throws where quotes do not pair, where the first row may be a header or not, or where there is no such column.
 */
export async function csvEntries(name: string, text: string, { label, classes }: CsvOptions = {}): Promise<Entries> {
  const { rows, header, delimiter } = await rowsOf(name, text, label);
  const numberOf = numberReader(name, delimiter, rows);
  const isNumber = (cell: string) => Number.isFinite(numberOf(cell));
  const first = rows[0]?.[1] ?? [];
  const chosen = label ? columnOf(name, header ?? first, label) : undefined;
  const indices = indexColumns(header ? [[-1, header], ...rows] : rows, isNumber, chosen, classes ? 10 : 2);
  const without = (cells: readonly string[]) => cells.filter((_, column) => !indices.has(column));
  const kept = without(header ?? first);
  const before = [...indices.keys()].filter((index) => index < (chosen?.column ?? 0)).length;
  const unlabelled =
    classes &&
    !chosen &&
    !kept.some((cell) => labelNames.includes(nameOf(cell))) &&
    !areClasses(rows, without, classes);
  const named = chosen?.isNamed ? chosen.column - before : kept.findIndex((cell) => labelNames.includes(nameOf(cell)));
  const column = unlabelled ? -1 : chosen ? chosen.column - before : Math.max(0, named);
  const items = rows.map(([row, cells]) => {
    const kept = without(cells);
    const values = kept.filter((_, i) => i !== column);
    while (values.at(-1)?.trim() === "") values.pop();
    return { where: placeOf(name, row), label: kept[column]?.trim(), values };
  });
  if (unlabelled) return unlabelledEntries(name, items, [...indices.values()], { kept, header, numberOf });
  if (items.length > 0 && items.every(({ values }) => values.length === 0)) {
    const got = indices.size > 0 ? "has one column beside one that numbers the rows" : "has one column";
    const expected = "the class in one column and a text or numbers in others";
    throw refusal(name, got, expected, "put a comma between the class and the rest");
  }

  const [top, ...others] = items;
  const alone = classes ? !classes.includes(top?.label ?? "") : others.every(({ label }) => label !== top?.label);
  const isNamed = named >= 0 || [...indices.values()].some((name) => name !== undefined);
  const isHeader = !header && (isNamed || (alone && areSeries(others, isNumber) && !top?.values.some(isNumber)));
  if (top && alone && !isHeader && !header) {
    const got = `${shown(top.label)} is the class of no other row`;
    const expected = "a class that comes again, or a header";
    throw refusal(top.where, got, expected, 'call the column of classes "label" in a header, there or above');
  }
  const body = isHeader ? others : items;
  const series = areSeries(body, isNumber);
  expectWhole(name, body, series);
  const columns = series && (isHeader || header) ? kept.filter((_, i) => i !== column).map((cell) => cell.trim()) : [];
  while (columns.at(-1) === "") columns.pop();
  const numbered = inPoints(numberOf);
  const entries = body.map(({ where, label, values }) => {
    if (series) return { where, label, sequence: values.map(numbered) };
    return { where, label, sequence: values.length > 1 ? values : (values[0] ?? "") };
  });
  return { entries, columns, leftOut: [...indices.values()].map((name) => name ?? "") };
}

/** A number with a point, whatever the file writes. */
const inPoints = (numberOf: (cell: string) => number) => (cell: string) =>
  Number.isFinite(numberOf(cell)) ? String(numberOf(cell)) : cell;

/** Whether the first column holds classes, all but its header. */
function areClasses(rows: readonly Row[], without: (cells: readonly string[]) => string[], classes: readonly string[]) {
  const first = rows.map(([, cells]) => without(cells)).filter((cells) => cells.length > 1);
  const body = first.length > 1 ? first.slice(1) : first;
  return body.length > 0 && body.every(([cell]) => classes.includes(cell!.trim()));
}

/** Rows without a class: a text each, or numbers. */
function unlabelledEntries(
  name: string,
  items: readonly Item[],
  leftOut: readonly (string | undefined)[],
  {
    kept,
    header,
    numberOf,
  }: { kept: readonly string[]; header?: readonly string[] | undefined; numberOf: (cell: string) => number },
): Entries {
  const isNumber = (cell: string) => Number.isFinite(numberOf(cell));
  const [top, ...others] = items;
  const isHeader =
    !header &&
    !!top &&
    !top.values.some(isNumber) &&
    (areSeries(others, isNumber) || /^texts?$/i.test(top.values[0] ?? ""));
  const body = isHeader ? others : items;
  const series = areSeries(body, isNumber);
  expectWhole(
    name,
    body.map((item) => ({ ...item, label: "none" })),
    series,
  );
  const entries = body.map(({ where, values }) => {
    if (series) return { where, label: undefined, sequence: values.map(inPoints(numberOf)) };
    return { where, label: undefined, sequence: values.length > 1 ? values : (values[0] ?? "") };
  });
  const columns = series && (isHeader || header) ? kept.map((cell) => cell.trim()) : [];
  return { entries, columns, leftOut: leftOut.map((name) => name ?? "") };
}

/** The place of a column that is named, or numbered from 1. */
function columnOf(name: string, cells: readonly string[], wanted: string): { column: number; isNamed: boolean } {
  const place = Number(wanted); // first, as without a header numbers are no names
  if (Number.isInteger(place) && place >= 1 && place <= cells.length) return { column: place - 1, isNamed: false };
  const found = cells.findIndex((cell) => nameOf(cell) === nameOf(wanted));
  if (found >= 0) return { column: found, isNamed: true };
  const expected = `one of ${listed(cells.map((cell) => cell.trim()))}, or a place from 1 to ${cells.length}`;
  throw refusal(name, `has no column ${shown(wanted)}`, expected, "name the column of classes so");
}

interface Item {
  where: string;
  label: string | undefined;
  values: readonly string[];
}

/** @throws where more than one cell is empty, or says that its number is missing: all of them at once. */
function expectWhole(name: string, items: readonly Item[], series: boolean): void {
  const missing = items.flatMap(({ where, label, values }) => {
    const row = where.slice(name.length + 2);
    const found = values.flatMap((cell, i) => (series && isMissing(cell) ? [`${row}, value ${i + 1}`] : []));
    return label ? found : [`${row}, the class`, ...found];
  });
  if (missing.length < 2) return; // one is told by who reads it
  const most = 5;
  const said = missing.slice(0, most).join("; ");
  const more = missing.length > most ? `; and ${missing.length - most} more` : "";
  const cure = "fill them in, or take these rows out";
  throw refusal(name, `${missing.length} cells are empty or missing (${said}${more})`, "a value in each", cure);
}

/** Whether rows are series rather than texts, one of which may lack its quotes and so seem to be several. */
function areSeries(rows: readonly { values: readonly string[] }[], isNumber: (cell: string) => boolean): boolean {
  const [first] = rows;
  const beginsAsText = first?.values.length === 1 && !isNumber(first.values[0]!);
  return !beginsAsText && rows.some(({ values }) => values.length > 1);
}

/** The rows that are not empty, and the header where it is written as a comment: "# t1,t2,label". */
async function rowsOf(
  name: string,
  text: string,
  label: string | undefined,
): Promise<{ rows: Row[]; header?: readonly string[]; delimiter: string }> {
  const { rows, comments, all, delimiter } = await csvOf(name, text);
  const names = (cells: readonly string[]) =>
    namesLabel(cells) || (label !== undefined && cells.some((cell) => nameOf(cell) === nameOf(label)));
  const first = rows[0]?.[1] ?? [];
  // Without a header below them they may be rows of a class that begins so, "#news,text", which comes again.
  const classes = comments
    .filter((cells) => cells.some((cell, i) => i > 0 && cell.trim()))
    .map(([cell]) => nameOf(cell));
  const again = new Set(classes).size < classes.length || rows.some(([, cells]) => nameOf(cells[0]).startsWith("#"));
  if (rows.length === 0 || (again && !names(first))) return { rows: all(), delimiter };
  const last = comments.findLast((cells) => cells.some((cell) => cell.trim())) ?? [];
  const header = last.map((cell, i) => (i === 0 ? cell.replace(/^\s*#+\s*/, "") : cell));
  const isHeader = header.length === first.length && names(header) && !names(first);
  return isHeader ? { rows, header, delimiter } : { rows, delimiter };
}

/**
 * The columns that number the rows, with a header's name for each where there is a header. A network would learn from
 * them in which order the file has its classes. They count from 0 or 1, or are called so and hold another integer in
 * each row, as when rows were shuffled or taken out.
 * @param least how many rows a count that is not called so must have, not to be one by chance
 */
function indexColumns(
  rows: readonly Row[],
  isNumber: (cell: string) => boolean,
  chosen: { column: number; isNamed: boolean } | undefined,
  least: number,
): Map<number, string | undefined> {
  const found = new Map<number, string | undefined>();
  const first = rows[0]?.[1] ?? [];
  const hasLabel = chosen?.isNamed || namesLabel(first);
  for (const column of first.keys()) {
    const top = first[column]!;
    if (column === chosen?.column || (!chosen && labelNames.includes(nameOf(top)))) continue;
    const isNamed = hasLabel || !isNumber(top);
    const numbers = rows.slice(isNamed ? 1 : 0).map(([, cells]) => {
      const cell = cells[column] ?? "";
      return isNumber(cell) ? Number(cell) : Number.NaN;
    });
    const start = numbers[0];
    const counts =
      numbers.length >= least && (start === 0 || start === 1) && numbers.every((number, row) => number === start + row);
    const isCalledSo = isNamed && indexNames.test(nameOf(top));
    const distinct = () => numbers.every(Number.isInteger) && new Set(numbers).size === numbers.length;
    if (numbers.length > 1 && (counts || (isCalledSo && distinct())))
      found.set(column, isNamed ? top.trim() : undefined);
  }
  return found;
}
