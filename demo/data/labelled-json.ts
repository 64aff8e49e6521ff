// The items of a JSON file as they stand there, each with the place that messages name; not yet checked.

import { checkDepth } from "../../src/interchange/untrusted";
import { type Entries, labelNames } from "./labelled-entries";
import { refusal, shown } from "./refusal";

/**
 * The items of a JSON file: an array, an array under "data", or one item a line; with "label" (or "class", "target")
 * and either "text" or "values".
 * @throws where it is no JSON, or an item is not as said.
 */
export function jsonEntries(name: string, text: string): Entries {
  const entries = Array.from(jsonItems(name, text), ([where, item]) => {
    const { text, values, ...rest } = (item ?? {}) as Record<string, unknown>;
    const isText = typeof text === "string";
    if (isText === Array.isArray(values)) {
      const expected = '{"label": …, "text": "…"} or {"label": …, "values": […]}';
      throw refusal(where, `is ${shown(item)}`, expected, "correct or remove it");
    }
    const label = rest[labelNames.find((key) => key in rest) ?? ""];
    return { where, label, sequence: isText ? text : (values as unknown[]) };
  });
  return { entries, columns: [], leftOut: [] };
}

/** One after the other: the first that is none of ours ends the reading. */
function* jsonItems(name: string, text: string): Generator<[where: string, item: unknown]> {
  if (isOneALine(text)) {
    for (const [number, line] of linesOf(text)) {
      const where = `${name}, line ${number}`;
      yield [where, parsed(where, line)];
    }
    return;
  }
  const whole = parsed(name, text) as { data?: unknown } | null;
  const list = Array.isArray(whole) ? whole : whole?.data;
  if (!Array.isArray(list)) {
    throw refusal(name, `is ${shown(whole)}`, 'an array of items, {"data": […]}, or one item a line', "rewrite it so");
  }
  for (const [i, item] of list.entries()) yield [`${name}, item ${i + 1}`, item];
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

function parsed(where: string, text: string): unknown {
  try {
    checkDepth(text);
  } catch (error) {
    throw refusal(where, (error as Error).message, "items of a class and a text or values", "rewrite it so");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/\s+/g, " "); // engines quote the text, line breaks and all
    throw refusal(where, `is not JSON (${reason})`, "JSON", "correct it");
  }
}
