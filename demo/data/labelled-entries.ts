// What the readers of CSV and JSON make of a file: its items as they stand there, not yet checked.

import type { TableView } from "./columns";
import type { Wrong } from "./refusal";

/** An item of a file. */
export interface Entry {
  /** Where it stands: "data.csv, row 17". */
  where: string;
  label: unknown;
  /** A text, or the values of a series: one a step, or a list of them a step. */
  sequence: string | readonly unknown[];
}

export interface Entries {
  entries: Entry[];
  /** Whether they are texts. */
  isText: boolean;
  /** What is no item at all. */
  wrong: Wrong[];
  /** What a header calls the values of a series, in order; none where there is no header. */
  columns: string[];
  /** The columns that number the rows and were left out, by the header's names; "" where one has none. */
  leftOut: string[];
  /** What else was made of the file, in words. */
  said: string[];
  /** Of a table. */
  table?: TableView;
}
