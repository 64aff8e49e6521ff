// What is expected of options, and how a message shows what was got.

import { brief, expectOptions, shown, TempogradError } from "../errors";
import type { Loss } from "../losses/loss";

/** Whether a value is a number from `least` to `most`. */
export const isBetween = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && value >= least && value <= most;

/** A list's beginning, for a message. */
export const listed = (values: readonly unknown[]): string => brief(`[${values.slice(0, 20).map(shown).join(", ")}]`);

/** @throws unless `value` is an integer from 1 up, and up to `most` where one is given. */
export function expectSize(operation: string, name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? "from 1 up" : `from 1 to ${most}`;
    throw new TempogradError("option", `${operation}: ${name} is ${shown(value)}, expected an integer ${range}.`);
  }
}

/** @throws unless `value` is true, false or not given. */
export function expectSwitch(operation: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new TempogradError("option", `${operation}: ${name} is ${shown(value)}, expected true or false.`);
  }
}

/** @throws unless `value` is an integer from 0 to 2³² − 1. */
export function expectSeed(operation: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff) {
    throw new TempogradError(
      "option",
      `${operation}: seed is ${shown(value)}, expected an integer from 0 to 4294967295.`,
    );
  }
}

/** @throws unless `values` are a Float32Array of this shape, all of them finite. */
export function expectNumbers(operation: string, name: string, values: unknown, shape: readonly number[]): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const got = Object.prototype.toString.call(values).slice(8, -1); // holds for arrays of other frames too
  const given = got === "Float32Array" ? (values as Float32Array) : undefined;
  if (given?.length !== count) {
    const what = given ? `has ${given.length} values` : `is ${got}`;
    throw new TempogradError(
      "option",
      `${operation}: ${name} ${what}, expected a Float32Array of [${shape.join(", ")}], ${count} values.`,
    );
  }
  const wrong = given.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new TempogradError(
    "option",
    `${operation}: ${name}[${wrong}] is ${given[wrong]}, expected a finite number; mend what it is computed by.`,
  );
}

/** @throws unless `options` is an object of names that are known. */
export function expectKnown(operation: string, options: object, known: readonly string[]): void {
  expectOptions(operation, options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TempogradError(
        "option",
        `${operation}: unknown option ${shown(name)}, expected one of ${known.join(", ")}.`,
      );
    }
  }
}

/** @throws unless `value` is one of some words. */
export function expectWord(operation: string, name: string, value: unknown, words: readonly string[]): void {
  if (words.some((word) => word === value)) return;
  const expected = words.map((word) => `"${word}"`).join(" or ");
  throw new TempogradError("option", `${operation}: ${name} is ${shown(value)}, expected ${expected}.`);
}

/** @throws unless `value` is from 0 to below 1. */
export function expectShare(operation: string, name: string, value: unknown): void {
  if (!isBetween(value, 0, 1) || value === 1) {
    throw new TempogradError(
      "option",
      `${operation}: ${name} is ${shown(value)}, expected a number from 0 to below 1.`,
    );
  }
}

/** @throws where a network has no loss. @param cure what to do without one */
export function expectLoss(operation: string, { targets }: Loss, cure: string): void {
  if (targets === "none")
    throw new TempogradError("option", `${operation}: the network has no loss, expected one; ${cure}.`);
}
