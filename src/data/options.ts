// Checks what the makers of batches are given, and turns it into what it stands for.

import { shown, TempogradError } from "../errors";
import { expectSize } from "../network/expect";

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
