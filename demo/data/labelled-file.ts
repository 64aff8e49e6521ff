// Reads a file of labelled sequences as people have it, CSV or JSON: all of it, or an error that says what to change.

import { type CsvOptions, csvEntries } from "./labelled-csv";
import type { Entry } from "./labelled-entries";
import { jsonEntries } from "./labelled-json";
import { refusal, shown } from "./refusal";

export interface LabelledText {
  /** An index of `classes`. */
  label: number;
  /** One character or more. */
  text: string;
}

export interface LabelledSeries {
  /** An index of `classes`. */
  label: number;
  /** As the file has them, in its precision: [steps, inputs]. */
  features: Float64Array;
}

/** Texts, a character a step. */
export interface LabelledTexts {
  kind: "tokens";
  /** The file's, or what messages call it. */
  name: string;
  /** Sorted, as they were spelled. */
  classes: string[];
  items: LabelledText[];
  /** Steps of the longest item. */
  longest: number;
  /** Columns that number the rows, which are not read: what a header calls each, "" where it does not. */
  leftOut: string[];
}

/** Series of numbers, `inputs` of them a step. */
export interface LabelledSeriesFile extends Omit<LabelledTexts, "kind" | "items"> {
  kind: "features";
  items: LabelledSeries[];
  inputs: number;
  /** What a header calls the steps, in order; none where there is no header. */
  columns: string[];
}

export type LabelledFile = LabelledTexts | LabelledSeriesFile;

const isJson = (name: string) => /\.(json|jsonl|ndjson)$/i.test(name);

const fewestItems = 10;
const mostClasses = 1000;

/**
 * Reads labelled sequences from the text of a file: JSON where its name ends in .json, .jsonl or .ndjson, else CSV.
 * @throws where anything of it cannot be used: an error of one line, for who wrote the file.
 */
export async function readLabelledFile(name: string, text: string, options: CsvOptions = {}): Promise<LabelledFile> {
  const { entries, columns, leftOut } = isJson(name) ? jsonEntries(name, text) : await csvEntries(name, text, options);
  if (entries.length < fewestItems) {
    throw refusal(name, `has ${entries.length} items`, `${fewestItems} or more`, "add some");
  }
  const labels = entries.map(labelOf);
  const classes = [...new Set(labels)].sort();
  expectClasses(name, classes, 1);
  const indices = new Map(classes.map((label, index) => [label, index]));
  const labelled = <Item>(sequenceOf: (entry: Entry) => Item) =>
    entries.map((entry, i) => ({ label: indices.get(labels[i]!)!, ...sequenceOf(entry) }));

  const [{ sequence: first }] = entries as [Entry];
  if (typeof first === "string") {
    const items = labelled((entry) => ({ text: textOf(entry) }));
    const longest = most(items.map(({ text }) => [...text].length));
    return { kind: "tokens", name, classes, items, longest, leftOut };
  }
  const inputs = Array.isArray(first[0]) ? first[0].length : null;
  const items = labelled((entry) => ({ features: featuresOf(entry, inputs) }));
  const longest = most(items.map(({ features }) => features.length / (inputs ?? 1)));
  return { kind: "features", name, classes, items, inputs: inputs ?? 1, longest, leftOut, columns };
}

/** A sequence, and the class that a file says it has. */
export interface ToTell {
  where: string;
  label: string | undefined;
  sequence: { text: string } | { features: Float64Array };
}

/**
 * Reads sequences that a network is to tell the class of; files may say it or not. JSON, CSV, or a text with a sequence a line.
 * @param classes of the network
 * @throws as `readLabelledFile`, but for how many there are.
 */
export async function readToTell(name: string, text: string, options: CsvOptions): Promise<ToTell[]> {
  const ofLines = () =>
    text.split(/\r?\n/).flatMap((line, i) => {
      return line.trim() === "" ? [] : [{ where: `${name}, line ${i + 1}`, label: undefined, sequence: line }];
    });
  const isText = /\.txt$/i.test(name);
  const entries: Entry[] = isText
    ? ofLines()
    : (isJson(name) ? jsonEntries(name, text) : await csvEntries(name, text, options)).entries;
  if (entries.length === 0) throw refusal(name, "has 0 items", "1 or more", "add some");
  return entries.map((entry) => {
    const { where, label, sequence } = entry;
    const inputs = typeof sequence !== "string" && Array.isArray(sequence[0]) ? sequence[0].length : null;
    return {
      where,
      label: label === undefined ? undefined : labelOf(entry),
      sequence: typeof sequence === "string" ? { text: textOf(entry) } : { features: featuresOf(entry, inputs) },
    };
  });
}

/** @throws where there are fewer classes than that, or more than can be meant. */
export function expectClasses(name: string, classes: readonly string[], least: number): void {
  if (classes.length >= least && classes.length <= mostClasses) return;
  const cure = "the class is in the first column, or where the header or key is label, class or target";
  throw refusal(name, `has ${classes.length} classes`, `${least} to ${mostClasses}`, cure);
}

function labelOf({ where, label }: Entry): string {
  const spelled = ["string", "number", "boolean"].includes(typeof label) ? String(label).trim() : "";
  if (spelled === "") throw refusal(where, `its class is ${shown(label)}`, "a text or a number", "fill it in");
  return spelled;
}

function textOf({ where, sequence }: Entry): string {
  if (typeof sequence === "string" && sequence.trim() !== "") return sequence;
  const cure = "correct or remove it; put quotes around a text with separators";
  throw refusal(where, `its text is ${shown(sequence)}`, "one text of a character or more", cure);
}

/** [steps, inputs]. @param inputs null where a step is a number rather than a list. */
function featuresOf({ where, sequence }: Entry, inputs: number | null): Float64Array {
  if (typeof sequence === "string" || sequence.length === 0) {
    throw refusal(where, `its values are ${shown(sequence)}`, "one number or more", "add them, or remove the item");
  }
  const features = sequence.map((values, step) => {
    const at = `step ${step + 1}`;
    if (inputs === null) return numberOf(where, `value ${step + 1}`, values);
    if (!Array.isArray(values) || values.length !== inputs) {
      throw refusal(where, `${at} is ${shown(values)}`, `${inputs} numbers, as in the first item`, "correct it");
    }
    return values.map((value, i) => numberOf(where, `value ${i + 1} of ${at}`, value));
  });
  return Float64Array.from(features.flat());
}

function numberOf(where: string, what: string, value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  const cure = "correct or remove the row; put quotes around a text with separators";
  throw refusal(where, `${what} is ${shown(value)}`, "a number such as 1.5", cure);
}

const most = (counts: readonly number[]) => counts.reduce((longest, count) => Math.max(longest, count), 0);
