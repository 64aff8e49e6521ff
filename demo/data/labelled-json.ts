// The items of a JSON file as they stand there, each with the place that messages name; not yet checked.

import { checkDepth } from "../../src/interchange/untrusted";
import { labelNames } from "./columns";
import type { Entries, Entry } from "./labelled-entries";
import { refusal, shown, type Wrong } from "./refusal";

/**
 * The items of a JSON file: an array, an array under "data", or one item a line; with "label" (or "class", "target")
 * and either "text" or "values".
 * @throws where it is no JSON, or no list.
 */
export function jsonEntries(name: string, text: string): Entries {
  const wrong: Wrong[] = [];
  const entries: Entry[] = [];
  for (const { where, item, problem } of jsonItems(name, text)) {
    const { text, values, ...rest } = (item ?? {}) as Record<string, unknown>;
    const isText = typeof text === "string";
    const isItem = isText !== Array.isArray(values);
    if (isItem && !problem) {
      const label = rest[labelNames.find((key) => key in rest) ?? ""];
      entries.push({ where, label, sequence: isText ? text : (values as unknown[]) });
      continue;
    }
    const expected = '{"label": …, "text": "…"} or {"label": …, "values": […]}';
    wrong.push({ where, ...(problem ?? { got: `is ${shown(item)}`, expected, cure: "correct or remove it" }) });
  }
  const isText = typeof entries[0]?.sequence === "string";
  return { entries, isText, wrong, columns: [], leftOut: [], said: [] };
}

/** What a text is as JSON, or why it is none. */
interface Parsed {
  item?: unknown;
  problem?: Omit<Wrong, "where">;
}

function* jsonItems(name: string, text: string): Generator<Parsed & { where: string }> {
  if (isOneALine(text)) {
    for (const [number, line] of linesOf(text)) yield { where: `${name}, line ${number}`, ...parsed(line) };
    return;
  }
  const { item, problem } = parsed(text);
  if (problem) throw refusal(name, problem.got, problem.expected, problem.cure);
  const whole = item as { data?: unknown } | null;
  const list = Array.isArray(whole) ? whole : whole?.data;
  if (!Array.isArray(list)) {
    throw refusal(name, `is ${shown(whole)}`, 'an array of items, {"data": […]}, or one item a line', "rewrite it so");
  }
  for (const [i, item] of list.entries()) yield { where: `${name}, item ${i + 1}`, item };
}

function isOneALine(text: string): boolean {
  const lines = linesOf(text);
  const first = lines.next().value?.[1].trim() ?? "";
  return first.startsWith("{") && first.endsWith("}") && !lines.next().done;
}

/** The lines that are not empty, and their numbers from 1. */
function* linesOf(text: string): Generator<[number: number, line: string], undefined> {
  let start = 0;
  for (let number = 1; start <= text.length; number++) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, end);
    if (line.trim() !== "") yield [number, line];
    start = end + 1;
  }
}

function parsed(text: string): Parsed {
  try {
    checkDepth(text);
  } catch (error) {
    const expected = "items of a class and a text or values";
    return { problem: { got: (error as Error).message, expected, cure: "rewrite it so" } };
  }
  try {
    return { item: JSON.parse(text) };
  } catch (error) {
    const reason = (error as Error).message.replace(/\s+/g, " "); // engines quote the text, line breaks and all
    return { problem: { got: `is not JSON (${reason})`, expected: "JSON", cure: "correct it" } };
  }
}
