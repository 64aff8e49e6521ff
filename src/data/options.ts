// Checks what the makers of batches are given, and turns it into what it stands for.

import { TempogradError } from "../errors";
import { expectSize, shown } from "../network/expect";

/** Beyond these a batch is no use: arrays that no GPU takes, or that end the process. */
const mostRows = 2 ** 20;
const mostValues = 2 ** 28;

/** @throws unless these are whole numbers of 1 or more, and a batch of them has room. */
export function expectBatchSize(operation: string, steps: unknown, batch: unknown, inputs: unknown = 1): void {
  expectSize(operation, "steps", steps);
  expectSize(operation, "batch", batch, mostRows);
  expectSize(operation, "inputs", inputs);
  const values = (steps as number) * (batch as number) * (inputs as number);
  if (values > mostValues) {
    throw new TempogradError(
      "option",
      `${operation}: steps ${steps}, batch ${batch} and inputs ${inputs} make ${values} values of a batch, expected at ` +
        `most ${mostValues}; take fewer steps or a smaller batch.`,
    );
  }
}

/** How many rows there may be side by side. @throws unless `value` is a whole number from 1 to that. */
export const expectRows = (operation: string, name: string, value: unknown): void =>
  expectSize(operation, name, value, mostRows);

/** @throws unless `value` is an array. */
export function expectList(operation: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TempogradError("batch", `${operation}: ${name} is ${shown(value)}, expected an array; pass one.`);
}

/** @throws unless `value` is an array of this type, of this frame or another. */
export function expectTyped(
  operation: string,
  name: string,
  value: unknown,
  type: "Int32Array" | "Float32Array" = "Int32Array",
): void {
  const got = Object.prototype.toString.call(value).slice(8, -1);
  if (got === type) return;
  throw new TempogradError("batch", `${operation}: ${name} is ${got}, expected ${type}; make one with ${type}.from.`);
}

/** @throws unless `sequence` is an array of this type that has one whole step or more, and no more than `steps`. */
export function expectSequence(
  operation: string,
  name: string,
  sequence: unknown,
  type: "Int32Array" | "Float32Array",
  { name: most, steps, width }: { name: string; steps: number; width: number },
): void {
  expectTyped(operation, name, sequence, type);
  const count = (sequence as ArrayLike<number>).length;
  const length = count / width;
  const fail = (got: string, expected: string) => {
    throw new TempogradError("batch", `${operation}: ${name} has length ${got}, expected ${expected}.`);
  };
  if (!Number.isInteger(length)) {
    fail(`${count}`, `a multiple of inputs = ${width}; set inputs to the features of a step`);
  }
  if (length >= 1 && length <= steps) return;
  const cure = length === 0 ? "leave the item out" : `cut the item, or set ${most} to ${length} or more`;
  fail(`${length}${width > 1 ? ` · ${width}` : ""}`, `1 to ${most} = ${steps}; ${cure}`);
}

/** How many of `count` things a held-out fraction keeps back. Throws unless both parts get at least one. */
export function heldOutCount(operation: string, things: string, count: number, fraction: number): number {
  if (typeof fraction !== "number" || !(fraction > 0 && fraction < 1)) {
    throw new TempogradError(
      "option",
      `${operation}: option "heldOutFraction" is ${shown(fraction)}, expected a number between 0 and 1; use 0.1 for a tenth.`,
    );
  }
  const heldOut = Math.round(count * fraction);
  if (heldOut === 0 || heldOut === count) {
    throw new TempogradError(
      "batch",
      `${operation}: got ${count} ${things}, expected enough that a fraction of ${fraction} leaves both parts ` +
        `one or more; give more ${things} or another heldOutFraction.`,
    );
  }
  return heldOut;
}
