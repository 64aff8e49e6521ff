// What a visitor's file can be learned from as, and how that is said; pages have it without what reads files.

import type { TableView } from "./columns";
import { quoted } from "./refusal";

/** The tasks that read files. */
export type FileKind = "text" | "classify" | "forecast";

/** What a file of a kind is read as, in words. */
export const kindWords: Readonly<Record<FileKind, string>> = {
  text: "a text, to write on",
  classify: "sequences, to tell the class of each",
  forecast: "a series, to forecast it",
};

/** What a file is judged to be. */
export interface Judged {
  kind: FileKind;
  /** Why it is that: 'a column is called "label"'. */
  why: string;
}

/** How much a file holds, in words: '12 rows of "label", "text"'. */
export function sizeOf(text: string, table: TableView | undefined): string {
  if (!table) return `${text.length.toLocaleString("en")} characters`;
  const { total, hasHeader, columns } = table;
  const most = 5;
  const more = columns.length > most ? ` and ${columns.length - most} more` : "";
  const names = columns.slice(0, most).map(({ name }) => quoted(name));
  const of = hasHeader ? `${names.join(", ")}${more}` : `${columns.length} column${columns.length === 1 ? "" : "s"}`;
  return `${total.toLocaleString("en")} rows of ${of}`;
}
