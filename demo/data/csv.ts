// The rows of a CSV file as they stand there: what separates cells, comments before them, quotes; and what a cell may hold.

import type Papa from "papaparse";
import { quoted, refusal, refusalOfAll } from "./refusal";

/** A row that is not empty: its number in the file, from 0, and its cells. */
export type Row = readonly [number: number, cells: readonly string[]];

export interface Csv {
  /** Between cells. */
  delimiter: string;
  /** Below the comments that it begins with. */
  rows: Row[];
  /** The cells of these comments, a line each. */
  comments: readonly (readonly string[])[];
  /** All rows, as if those were none. */
  all(): Row[];
}

/** Rows count from 1, as in a spreadsheet. */
export const placeOf = (name: string, row: number) => `${name}, row ${row + 1}`;

/** What is between the cells is what follows the first one, or what `sep=` in a line before them says, as Excel writes it. */
export async function csvOf(name: string, text: string): Promise<Csv> {
  const { default: papa } = await import("papaparse");
  const [line = "", separator] = /^"?sep=([^"\r\n])"?[,;\t ]*(?=[\r\n])/i.exec(text) ?? [];
  const body = text.slice(line.length);
  const [comments] = /^(?:[ \t]*(?:#.*)?(?:\r\n?|\n))*/.exec(body)!;
  const blank = comments.replace(/[^\r\n]+/g, ""); // rows keep their numbers
  const data = body.slice(comments.length);
  const delimiter = separator ?? delimiterOf(data || body);
  return {
    delimiter,
    rows: parsed(papa, name, blank + data, delimiter),
    comments: papa.parse<string[]>(comments, { delimiter }).data,
    all: () => parsed(papa, name, body, delimiter),
  };
}

/** To guess it from how often each comes fails for rows of any length. */
const delimiterOf = (text: string): string =>
  /^(?:(?:"[^"]*")+|[^",;\t|\r\n]*)([,;\t|])/.exec(text.trimStart())?.[1] ?? ",";

function parsed({ parse }: typeof Papa, name: string, text: string, delimiter: string): Row[] {
  const { data, errors } = parse<string[]>(text, { delimiter });
  if (errors.length > 0) {
    const wrong = errors.map(({ row = 0, message }) => ({
      where: placeOf(name, row),
      got: `its quotes do not pair (${message.toLowerCase()})`,
      expected: '"…" around a cell',
      cure: "write each quote inside such a cell twice",
    }));
    throw refusalOfAll(name, wrong, "rows", data.length);
  }
  return [...data.entries()].filter(([, cells]) => cells.some((cell) => cell.trim() !== ""));
}

/** What programs call a column that tells rows apart; pandas and R leave the name empty. */
export const indexNames = /^(|unnamed: \d+|id|idx|index|row|row[ _]?(id|number|names?)|nr\.?|no\.|#)$/;

/** What programs write where a number is missing. */
export const isMissing = (cell: string | undefined): boolean =>
  /^(|#?n\/?a|nan|null|none|nil|missing|\?|-|\.)$/i.test(cell?.trim() ?? "");

const withComma = /^\s*[-+]?\d*,\d+(e[-+]?\d+)?\s*$/i;
const withPoint = /^\s*[-+]?\d*\.\d+(e[-+]?\d+)?\s*$/i;
const withBoth = /^\s*[-+]?\d{1,3}(\.\d{3})+,\d+\s*$/;

/**
 * How a file writes numbers: with a point, or, where its cells are not separated by commas, with a decimal comma.
 * @param columns of numbers; others may hold what they like
 * @throws where both stand side by side, so that nobody can tell a decimal point from one between thousands.
 */
export function numberReader(name: string, delimiter: string, rows: readonly Row[]): (cell: string) => number {
  const plain = (cell: string) => (cell.trim() === "" ? Number.NaN : Number(cell));
  if (delimiter === ",") return plain;
  const find = (kind: RegExp) => rows.find(([, cells]) => cells.some((cell) => kind.test(cell)));
  const [comma, point] = [find(withComma) ?? find(withBoth), find(withPoint)];
  if (!comma) return plain;
  if (point) {
    const said = ([, cells]: Row, kind: RegExp) => quoted(cells.find((cell) => kind.test(cell))?.trim());
    const kind = find(withComma) ? withComma : withBoth;
    const got = `has ${said(comma, kind)} in row ${comma[0] + 1} and ${said(point, withPoint)} in row ${point[0] + 1}`;
    throw refusal(name, got, "decimal commas or decimal points alone", "write all numbers alike");
  }
  return (cell) => plain(withBoth.test(cell) ? cell.replaceAll(".", "").replace(",", ".") : cell.replace(",", "."));
}
