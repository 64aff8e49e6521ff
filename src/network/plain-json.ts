// What a file is to hold of a caller's own: plain data, as JSON, of which nothing is lost on the way.

import { shown, TempogradError } from "../errors";

/** Objects within objects: more than any data of one's own has, and fewer than any reader of JSON takes. */
const mostDepth = 100;

/**
 * @param name what it is called in a message
 * @returns it as JSON; `undefined` of an object's is left out
 * @throws unless it is texts, finite numbers, true, false, null, lists and plain objects of them, or what says by `toJSON` which.
 */
export function plainJson(operation: string, name: string, value: unknown): string {
  expectPlain(operation, name, value, 0);
  return JSON.stringify(value);
}

function expectPlain(operation: string, name: string, value: unknown, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  const refuse = (got: string): never => {
    const expected = "plain data that JSON holds: texts, finite numbers, true, false, null, lists and objects of them";
    throw new TempogradError("option", `${operation}: ${name} ${got}, expected ${expected}; pass such data.`);
  };
  if (typeof value !== "object") refuse(`is ${shown(value)}`);
  if (depth === mostDepth) refuse(`is nested more than ${mostDepth} deep, or contains itself`);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") {
    expectPlain(operation, name, toJSON.call(value), depth + 1);
    return;
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind !== "Array" && kind !== "Object") refuse(`is ${kind}`);
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value as object);
  for (const [key, own] of entries) {
    if (own === undefined && kind === "Object") continue;
    const at = kind === "Array" ? `[${key}]` : `.${key}`;
    expectPlain(operation, `${name}${at}`.slice(0, 200), own, depth + 1);
  }
}
