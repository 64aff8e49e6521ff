// Reads a file of labelled sequences as people have it, CSV or JSON: all of it, or an error that says what to change.

import type { TableView } from "./columns";
import { type CsvOptions, csvEntries } from "./labelled-csv";
import type { Entry } from "./labelled-entries";
import { jsonEntries } from "./labelled-json";
import { refusal, refusalOfAll, shown, type Wrong, wrongIn } from "./refusal";

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
  /** What else was made of the file, in words. */
  said: string[];
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
/** Of all items, so many are left out where they cannot be used; with more of them wrong, the file is not what it is taken for. */
const mostLeftOut = 0.1;

interface Options extends CsvOptions {
  /** Is told how a table is taken, also where it then cannot be used. */
  show?: ((table: TableView) => void) | undefined;
}

/**
 * Reads labelled sequences from the text of a file: JSON where its name ends in .json, .jsonl or .ndjson, else CSV. A few items
 * that cannot be used are left out, and it says so.
 * @throws where it cannot be used: an error of one line with all that is wrong, for who wrote the file.
 */
export async function readLabelledFile(name: string, text: string, options: Options = {}): Promise<LabelledFile> {
  const json = isJson(name);
  const found = json ? jsonEntries(name, text) : await csvEntries(name, text, options);
  const { columns, leftOut, isText } = found;
  if (found.table) options.show?.(found.table);
  const [first] = found.entries;
  const inputs = first && Array.isArray(first.sequence[0]) ? first.sequence[0].length : null;
  const wrong: Wrong[] = [...found.wrong];
  const items = found.entries.flatMap((entry) => {
    const { length } = wrong;
    const label = labelOf(entry, wrong);
    const sequence = isText ? { text: textOf(entry, wrong) } : { features: featuresOf(entry, inputs, wrong) };
    return wrong.length === length ? [{ label, ...sequence }] : [];
  });
  const total = found.entries.length + found.wrong.length;
  const unit = json ? "items" : "rows";
  if (wrong.length > 0 && total - items.length > mostLeftOut * total) throw refusalOfAll(name, wrong, unit, total);
  if (items.length < fewestItems)
    throw refusal(name, `has ${items.length} items`, `${fewestItems} or more`, "add some");
  const classes = [...new Set(items.map(({ label }) => label))].sort();
  expectClasses(name, classes, 1);
  const said = [...found.said];
  if (wrong.length > 0)
    said.push(`${total - items.length} of ${total} ${unit} left out, which cannot be used (${wrongIn(name, wrong)})`);

  const indices = new Map(classes.map((label, index) => [label, index]));
  const common = { name, classes, leftOut, said };
  if (isText) {
    const texts = items.map(({ label, text = "" }) => ({ label: indices.get(label)!, text }));
    return { kind: "tokens", ...common, items: texts, longest: most(texts.map(({ text }) => [...text].length)) };
  }
  const series = items.map(({ label, features }) => ({ label: indices.get(label)!, features: features! }));
  const longest = most(series.map(({ features }) => features.length / (inputs ?? 1)));
  return { kind: "features", ...common, items: series, inputs: inputs ?? 1, longest, columns };
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
  const { entries, wrong }: { entries: Entry[]; wrong: Wrong[] } = isText
    ? { entries: ofLines(), wrong: [] }
    : isJson(name)
      ? jsonEntries(name, text)
      : await csvEntries(name, text, options);
  const total = entries.length + wrong.length;
  if (total === 0) throw refusal(name, "has 0 items", "1 or more", "add some");
  const items = entries.map((entry) => {
    const { where, label, sequence } = entry;
    const inputs = typeof sequence !== "string" && Array.isArray(sequence[0]) ? sequence[0].length : null;
    return {
      where,
      label: label === undefined ? undefined : labelOf(entry, wrong),
      sequence:
        typeof sequence === "string" ? { text: textOf(entry, wrong) } : { features: featuresOf(entry, inputs, wrong) },
    };
  });
  if (wrong.length > 0) throw refusalOfAll(name, wrong, isText ? "lines" : "items", total);
  return items;
}

/** @throws where there are fewer classes than that, or more than can be meant. */
export function expectClasses(name: string, classes: readonly string[], least: number): void {
  if (classes.length >= least && classes.length <= mostClasses) return;
  const cure = "the class is in the first column, or where the header or key is label, class or target";
  throw refusal(name, `has ${classes.length} classes`, `${least} to ${mostClasses}`, cure);
}

function labelOf({ where, label }: Entry, wrong: Wrong[]): string {
  const spelled = ["string", "number", "boolean"].includes(typeof label) ? String(label).trim() : "";
  if (spelled === "")
    wrong.push({ where, got: `its class is ${shown(label)}`, expected: "a text or a number", cure: "fill it in" });
  return spelled;
}

function textOf({ where, sequence }: Entry, wrong: Wrong[]): string {
  if (typeof sequence === "string" && sequence.trim() !== "") return sequence;
  const cure = "correct or remove it; put quotes around a text with separators";
  wrong.push({ where, got: `its text is ${shown(sequence)}`, expected: "one text of a character or more", cure });
  return "";
}

/** [steps, inputs]. @param inputs null where a step is a number rather than a list. */
function featuresOf({ where, sequence }: Entry, inputs: number | null, wrong: Wrong[]): Float64Array {
  if (typeof sequence === "string" || sequence.length === 0) {
    const cure = "add them, or remove the item";
    wrong.push({ where, got: `its values are ${shown(sequence)}`, expected: "one number or more", cure });
    return new Float64Array();
  }
  const features = sequence.map((values, step) => {
    const at = `step ${step + 1}`;
    if (inputs === null) return numberOf(where, `value ${step + 1}`, values, wrong);
    if (Array.isArray(values) && values.length === inputs)
      return values.map((value, i) => numberOf(where, `value ${i + 1} of ${at}`, value, wrong));
    wrong.push({
      where,
      got: `${at} is ${shown(values)}`,
      expected: `${inputs} numbers, as in the first item`,
      cure: "correct it",
    });
    return [];
  });
  return Float64Array.from(features.flat());
}

function numberOf(where: string, what: string, value: unknown, wrong: Wrong[]): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  const cure = "correct or remove the row; put quotes around a text with separators";
  wrong.push({ where, got: `${what} is ${shown(value)}`, expected: "a number such as 1.5", cure });
  return Number.NaN;
}

const most = (counts: readonly number[]) => counts.reduce((longest, count) => Math.max(longest, count), 0);
