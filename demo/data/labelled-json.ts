// The items of a JSON file as they stand there, each with the place that messages name; not yet checked.

import { type Entries, labelNames } from "./labelled-entries";
import { refusal, shown } from "./refusal";

/**
 * The items of a JSON file: an array, an array under "data", or one item a line; with "label" (or "class", "target")
 * and either "text" or "values".
 * @throws where it is no JSON, or an item is not as said.
 */
export function jsonEntries(name: string, text: string): Entries {
  const entries = jsonItems(name, text).map(([where, item]) => {
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

function jsonItems(name: string, text: string): [where: string, item: unknown][] {
  const lines = [...text.split("\n").entries()].filter(([, line]) => line.trim() !== "");
  if (lines.length > 1 && /^\s*\{.*\}\s*$/.test(lines[0]![1])) {
    return lines.map(([i, line]) => {
      const where = `${name}, line ${i + 1}`;
      return [where, parsed(where, line)];
    });
  }
  const whole = parsed(name, text) as { data?: unknown } | null;
  const list = Array.isArray(whole) ? whole : whole?.data;
  if (!Array.isArray(list)) {
    throw refusal(name, `is ${shown(whole)}`, 'an array of items, {"data": […]}, or one item a line', "rewrite it so");
  }
  return list.map((item, i) => [`${name}, item ${i + 1}`, item]);
}

function parsed(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/\s+/g, " "); // engines quote the text, line breaks and all
    throw refusal(where, `is not JSON (${reason})`, "JSON", "correct it");
  }
}
