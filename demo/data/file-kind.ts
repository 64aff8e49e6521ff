// What a visitor's file is judged to be: by what it holds, whatever the one before it was, and why.

import { columnOfLabels, columnsToRead, factsOf, likeliestClass } from "./columns";
import { type Csv, csvOf, isMissing, numberReader, type Row } from "./csv";
import type { Judged } from "./kinds";
import { shown } from "./refusal";
import { timesOf } from "./times";

/** Rows that are looked at. */
const mostRows = 200;

/** The kind that fits a file best. */
export async function judge(name: string, text: string): Promise<Judged> {
  const start = text
    .slice(0, 1e6)
    .split(/(?<=\n)/, mostRows)
    .join("");
  if (/\.(json|jsonl|ndjson)$/i.test(name)) {
    const isLabelled = /"(label|class|target)"\s*:/.test(start) && /"(text|values)"\s*:/.test(start);
    return isLabelled
      ? { kind: "classify", why: 'its items have "label", and "text" or "values"' }
      : { kind: "text", why: 'it is JSON without "label", and "text" or "values"' };
  }
  const isTable = /\.(csv|tsv)$/i.test(name);
  const table = await csvOf(name, start).catch(() => undefined); // what is wrong with it is said where all of it is read
  if (!table) {
    return isTable
      ? { kind: "classify", why: "its name says that it is a table" }
      : { kind: "text", why: "it is no table" };
  }
  const judged = tableKind(name, table, isTable || isRegular(table));
  if (isTable || judged?.sure) return judged ?? { kind: "classify", why: "its name says that it is a table" };
  return { kind: "text", why: "its lines are no table" };
}

/** Whether nearly all rows have as many cells, and more than one. */
function isRegular({ rows }: Csv): boolean {
  const width = rows[0]?.[1].length ?? 0;
  return rows.length > 2 && width > 1 && rows.filter(([, cells]) => cells.length === width).length >= 0.9 * rows.length;
}

/** What a table is for; "sure" where it would be one under any name. */
function tableKind(name: string, table: Csv, regular: boolean): (Judged & { sure?: true }) | undefined {
  const { rows, comments } = table;
  const header = rows[0]?.[1] ?? [];
  const heads = [header, ...comments].map((cells) => cells.map((cell) => cell.replace(/^\s*#+/, "")));
  const head = heads.find((cells) => columnOfLabels(cells) >= 0);
  if (head && regular)
    return { kind: "classify", why: `a column is called ${shown(head[columnOfLabels(head)]!.trim())}`, sure: true };

  const body = rows.slice(1);
  const numberOf = readerOf(name, table);
  const isNumber = (cell: string) => isMissing(cell) || Number.isFinite(numberOf(cell));
  const hasHeader = header.every((cell) => !Number.isFinite(numberOf(cell)));
  const columns = header.map((_, column) => body.map(([, cells]) => cells[column] ?? ""));
  const times = columns.map((cells) => timesOf(cells) !== undefined);
  const called = (column: number) => (hasHeader ? shown(header[column]!.trim()) : `column ${column + 1}`);
  const numbers = columns.map((cells) => cells.every(isNumber) && !cells.every(isMissing));
  const dates = times.some(Boolean) ? `, and ${called(times.indexOf(true))} holds dates or times` : "";
  const isSeries = numbers.includes(true) && columns.every((_, i) => numbers[i] || times[i]) && body.length > 1;
  if (isSeries && (hasHeader || dates || columns.length === 1)) {
    const sure = regular || body.length > 8;
    return { kind: "forecast", why: `its columns are numbers${dates}`, ...(sure && { sure }) };
  }
  if (columns.length < 2) return { kind: "text", why: "it has one column, of words" };

  const facts = factsOf(body, numberOf);
  const places = [...columns.keys()].filter((column) => !times[column]);
  const label = likeliestClass(facts, places, body.length);
  const others = places.filter((column) => column !== label);
  const read = columnsToRead(facts, others, header, body.length, false);
  const isLong = read.isText && read.columns.some((column) => (facts[column]?.length ?? 0) > 12);
  if (dates && numbers.includes(true) && !(label !== undefined && isLong)) {
    const left = columns.flatMap((_, i) => (numbers[i] || times[i] ? [] : [called(i)]));
    return { kind: "forecast", why: `it has columns of numbers beside ${left.join(", ")}${dates}` };
  }
  return label === undefined ? undefined : { kind: "classify", why: `the values of ${called(label)} come again` };
}

/** As `numberReader`; where a file writes numbers in two ways, none is one. */
function readerOf(name: string, { delimiter, rows }: { delimiter: string; rows: readonly Row[] }) {
  try {
    return numberReader(name, delimiter, rows);
  } catch {
    return () => Number.NaN;
  }
}
