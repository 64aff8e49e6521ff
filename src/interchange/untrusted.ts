// What is said and asked of values that are not trusted: from a file, or from a caller who checks no types.

import { TempogradError } from "../errors";

/** Brackets open at once, beyond which JSON is none of ours: engines' own limits differ, and end in errors of their own. */
const mostDepth = 1000;
const mostQuoted = 60;

/** What a value is, for a message: the name of its class. It holds for values of other frames too. */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value for a message: as JSON, shortened, since a hostile file chooses its length. */
export function quote(value: unknown): string {
  if (typeof value === "number") return String(value); // JSON has no NaN
  let text: string;
  try {
    text = JSON.stringify(typeof value === "string" ? value.slice(0, mostQuoted) : value) ?? typeof value;
  } catch {
    text = "what cannot be shown"; // such as an object that contains itself
  }
  const long = text.length > mostQuoted + 2 || (typeof value === "string" && value.length > mostQuoted);
  return long ? `${text.slice(0, mostQuoted)}…` : text;
}

/**
 * JSON.parse for text that is not trusted: looks how deep it is before any value is made.
 * @throws Error that says what the text is, as "is …" or "has …".
 */
export function parseJson(text: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new TempogradError("file", `is ${quote(text)}`);
  }
}

/** @throws as `parseJson`, where JSON is nested too deeply for it. */
export function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > mostDepth) throw new TempogradError("file", `has brackets nested more than ${mostDepth} deep`);
  }
}

/** The place of the quotation mark that ends the JSON string which begins at `start`, or the text's end. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
