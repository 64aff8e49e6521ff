// The rows of a CSV file as they stand there, each with the place that messages name; not yet checked.

import type Papa from "papaparse";
import { type Entries, labelNames } from "./labelled-entries";
import { refusal, shown } from "./refusal";

/** A row that is not empty: its number in the file, from 0, and its cells. */
type Row = readonly [number: number, cells: readonly string[]];

const nameOf = (cell: string | undefined) => cell?.trim().toLowerCase() ?? "";
const namesLabel = (cells: readonly string[]) => cells.some((cell) => labelNames.includes(nameOf(cell)));
const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));

/**
 * The rows of a CSV file, with commas, semicolons, tabs or bars between the cells, or what `sep=` in a line before them
 * says: the class in the first column, or in the one that a header calls label, class or target; in the others a text or
 * a series of numbers. Columns that number the rows are left out. Comments before the header, empty cells at the end of
 * a row and empty rows are none. Rows count from 1, as in a spreadsheet.
 * @throws where quotes do not pair, or where the first row may be a header or not.
 */
export async function csvEntries(name: string, text: string): Promise<Entries> {
  const { rows, header } = await rowsOf(name, text);
  const first = rows[0]?.[1] ?? [];
  const indices = indexColumns(header ? [[-1, header], ...rows] : rows);
  const without = (cells: readonly string[]) => cells.filter((_, column) => !indices.has(column));
  const kept = without(header ?? first);
  const named = kept.findIndex((cell) => labelNames.includes(nameOf(cell)));
  const column = Math.max(0, named);
  const items = rows.map(([row, cells]) => {
    const kept = without(cells);
    const values = kept.filter((_, i) => i !== column);
    while (values.at(-1)?.trim() === "") values.pop();
    return { where: placeOf(name, row), label: kept[column]?.trim(), values };
  });
  if (items.length > 0 && items.every(({ values }) => values.length === 0)) {
    const got = indices.size > 0 ? "has one column beside one that numbers the rows" : "has one column";
    const expected = "the class in one column and a text or numbers in others";
    throw refusal(name, got, expected, "put a comma between the class and the rest");
  }

  const [top, ...others] = items;
  const alone = others.every(({ label }) => label !== top?.label);
  const isNamed = named >= 0 || [...indices.values()].some((name) => name !== undefined);
  const isHeader = !header && (isNamed || (alone && areSeries(others) && !top?.values.some(isNumber)));
  if (top && alone && !isHeader && !header) {
    const got = `${shown(top.label)} is the class of no other row`;
    const expected = "a class that comes again, or a header";
    throw refusal(top.where, got, expected, 'call the column of classes "label" in a header, there or above');
  }
  const body = isHeader ? others : items;
  const series = areSeries(body);
  const columns = series && (isHeader || header) ? kept.filter((_, i) => i !== column).map((cell) => cell.trim()) : [];
  while (columns.at(-1) === "") columns.pop();
  const entries = body.map(({ where, label, values }) => {
    return { where, label, sequence: series || values.length > 1 ? values : (values[0] ?? "") };
  });
  return { entries, columns, leftOut: [...indices.values()].map((name) => name ?? "") };
}

const placeOf = (name: string, row: number) => `${name}, row ${row + 1}`;

/** Whether rows are series rather than texts, one of which may lack its quotes and so seem to be several. */
function areSeries(rows: readonly { values: readonly string[] }[]): boolean {
  const [first] = rows;
  const beginsAsText = first?.values.length === 1 && !isNumber(first.values[0]!);
  return !beginsAsText && rows.some(({ values }) => values.length > 1);
}

/** The rows that are not empty, and the header where it is written as a comment: "# t1,t2,label". */
async function rowsOf(name: string, text: string): Promise<{ rows: Row[]; header?: readonly string[] }> {
  const { default: papa } = await import("papaparse");
  // What Excel reads and writes: the separator, alone on the first line.
  const [line = "", separator] = /^"?sep=([^"\r\n])"?[,;\t ]*(?=[\r\n])/i.exec(text) ?? [];
  const body = text.slice(line.length);
  const [comments] = /^(?:[ \t]*(?:#.*)?(?:\r\n?|\n))*/.exec(body)!;
  const blank = comments.replace(/[^\r\n]+/g, ""); // rows keep their numbers
  const data = body.slice(comments.length);
  const delimiter = separator ?? delimiterOf(data || body);
  const rows = parsed(papa, name, blank + data, delimiter);
  const first = rows[0]?.[1] ?? [];
  const said = papa.parse<string[]>(comments, { delimiter }).data;
  // Without a header below them they may be rows of a class that begins so, "#news,text", which comes again.
  const classes = said.filter((cells) => cells.some((cell, i) => i > 0 && cell.trim())).map(([cell]) => nameOf(cell));
  const again = new Set(classes).size < classes.length || rows.some(([, cells]) => nameOf(cells[0]).startsWith("#"));
  if (rows.length === 0 || (again && !namesLabel(first))) return { rows: parsed(papa, name, body, delimiter) };
  const last = said.findLast((cells) => cells.some((cell) => cell.trim())) ?? [];
  const header = last.map((cell, i) => (i === 0 ? cell.replace(/^\s*#+/, "") : cell));
  const isHeader = header.length === first.length && namesLabel(header) && !namesLabel(first);
  return isHeader ? { rows, header } : { rows };
}

/** What follows the first cell: to guess it from how often each comes fails for rows of any length. */
const delimiterOf = (text: string): string =>
  /^(?:(?:"[^"]*")+|[^",;\t|\r\n]*)([,;\t|])/.exec(text.trimStart())?.[1] ?? ",";

function parsed({ parse }: typeof Papa, name: string, text: string, delimiter: string): Row[] {
  const { data, errors } = parse<string[]>(text, { delimiter });
  const [error] = errors;
  if (error) {
    const got = `its quotes do not pair (${error.message.toLowerCase()})`;
    throw refusal(placeOf(name, error.row ?? 0), got, '"…" around a cell', "write each quote inside such a cell twice");
  }
  return [...data.entries()].filter(([, cells]) => cells.some((cell) => cell.trim() !== ""));
}

/** What programs call a column that tells rows apart; pandas and R leave the name empty. */
const indexNames = /^(|unnamed: \d+|id|idx|index|row|row[ _]?(id|number|names?)|nr\.?|no\.|#)$/;

/**
 * The columns that number the rows, with a header's name for each where there is a header. A network would learn from
 * them in which order the file has its classes. They count from 0 or 1, or are called so and hold another integer in
 * each row, as when rows were shuffled or taken out.
 */
function indexColumns(rows: readonly Row[]): Map<number, string | undefined> {
  const found = new Map<number, string | undefined>();
  const first = rows[0]?.[1] ?? [];
  const hasLabel = namesLabel(first);
  for (const column of first.keys()) {
    const top = first[column]!;
    if (labelNames.includes(nameOf(top))) continue;
    const isNamed = hasLabel || !isNumber(top);
    const numbers = rows.slice(isNamed ? 1 : 0).map(([, cells]) => {
      const cell = cells[column] ?? "";
      return isNumber(cell) ? Number(cell) : Number.NaN;
    });
    const start = numbers[0];
    const counts = (start === 0 || start === 1) && numbers.every((number, row) => number === start + row);
    const isCalledSo = isNamed && indexNames.test(nameOf(top));
    const distinct = () => numbers.every(Number.isInteger) && new Set(numbers).size === numbers.length;
    if (numbers.length > 1 && (counts || (isCalledSo && distinct())))
      found.set(column, isNamed ? top.trim() : undefined);
  }
  return found;
}
