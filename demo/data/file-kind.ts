// What a visitor's file can be learned from as: judged by the file itself, whatever the one before it was.

import { csvOf, isMissing, numberReader, type Row } from "./csv";
import { labelNames } from "./labelled-entries";
import { timesOf } from "./times";

/** The tasks that read files. */
export type FileKind = "text" | "classify" | "forecast";

/** What a file of a kind is read as, in words. */
export const kindWords: Readonly<Record<FileKind, string>> = {
  text: "a text",
  classify: "sequences, each with a class",
  forecast: "a series, a row a step",
};

/** Rows that are looked at. */
const mostRows = 200;

/** The kinds that fit a file, the likeliest first; any file can be read as a text. */
export async function kindsOf(name: string, text: string): Promise<readonly FileKind[]> {
  if (/\.(json|jsonl|ndjson)$/i.test(name)) return ["classify", "text"];
  if (!/\.(csv|tsv)$/i.test(name)) return ["text", "classify", "forecast"];
  const start = text.split(/(?<=\n)/, mostRows).join("");
  const table = await csvOf(name, start).catch(() => undefined); // what is wrong with it is said where all of it is read
  if (!table) return ["classify", "forecast", "text"];
  const { rows, comments, delimiter } = table;
  const header = rows[0]?.[1] ?? [];
  const heads = [header, ...comments].map((cells) =>
    cells.map((cell) =>
      cell
        .replace(/^\s*#+/, "")
        .trim()
        .toLowerCase(),
    ),
  );
  if (heads.some((cells) => cells.some((cell) => labelNames.includes(cell)))) return ["classify", "forecast", "text"];
  return isSeries(name, rows.slice(1), header, delimiter)
    ? ["forecast", "classify", "text"]
    : ["classify", "forecast", "text"];
}

/** Whether the columns below a header are of numbers, but for one of times. */
function isSeries(name: string, body: readonly Row[], header: readonly string[], delimiter: string): boolean {
  const numberOf = readerOf(name, delimiter, body);
  const holds = (cells: readonly string[]) =>
    cells.every((cell) => isMissing(cell) || Number.isFinite(numberOf(cell))) || timesOf(cells) !== undefined;
  const isHeader = header.every((cell) => !Number.isFinite(numberOf(cell)));
  const columns = header.map((_, column) => body.map(([, cells]) => cells[column] ?? ""));
  return isHeader && body.length > 1 && columns.every(holds);
}

/** As `numberReader`; where a file writes numbers in two ways, none is one. */
function readerOf(name: string, delimiter: string, rows: readonly Row[]): (cell: string) => number {
  try {
    return numberReader(name, delimiter, rows);
  } catch {
    return () => Number.NaN;
  }
}
