// Sequences, checked, and side by side: time-major, each in a column of its own; and how many of which length there is room for.

import { shown, TempogradError } from "../errors";

/** How many sequences are computed side by side where nothing else is said. */
export const sideBySide = 32;

/** Of a few sizes, so that programs are used again: the next of 1 … 8, 10, 12, 14, 16, 20, … */
export function roundedSize(size: number): number {
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2(size)) - 3);
  return Math.ceil(size / unit) * unit;
}

/** Room for `batch` sequences of `steps` steps of `width` values. */
export interface ColumnSize {
  readonly steps: number;
  readonly batch: number;
  readonly width: number;
}

/** Copies sequences, [length, width] each, into the columns of `into`, [steps, batch, width]. @returns how many steps each has; 1 of none. */
export function fillColumns(
  into: Int32Array | Float32Array,
  sequences: readonly ArrayLike<number>[],
  { batch, width }: Omit<ColumnSize, "steps">,
): Int32Array {
  const lengths = new Int32Array(batch).fill(1);
  for (const [row, sequence] of sequences.entries()) {
    lengths[row] = sequence.length / width;
    for (let i = 0; i < sequence.length; i++) {
      into[(Math.floor(i / width) * batch + row) * width + (i % width)] = sequence[i]!;
    }
  }
  return lengths;
}

/** Sequences in columns, zeros behind each. */
export function columnsOf(sequences: readonly ArrayLike<number>[], isTokens: boolean, size: ColumnSize) {
  const { steps, batch, width } = size;
  const inputs = new (isTokens ? Int32Array : Float32Array)(steps * batch * width);
  return { inputs, lengths: fillColumns(inputs, sequences, size) };
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
  const what = ArrayBuffer.isView(value) ? got : shown(value);
  throw new TempogradError("batch", `${operation}: ${name} is ${what}, expected ${type}; make one with ${type}.from.`);
}

/**
 * @param most the option that says how many steps there may be, and how many
 * @returns how many steps of `width` values it has.
 * @throws unless `sequence` is an array of this type, of one whole step or more.
 */
export function expectSequence(
  operation: string,
  name: string,
  sequence: unknown,
  { isTokens, width }: { isTokens: boolean; width: number },
  most?: readonly [option: string, steps: number],
): number {
  expectTyped(operation, name, sequence, isTokens ? "Int32Array" : "Float32Array");
  const { length } = sequence as ArrayLike<number>;
  const steps = length / width;
  const [option, room] = most ?? ["", Number.POSITIVE_INFINITY];
  if (Number.isInteger(steps) && steps >= 1 && steps <= room) return steps;
  const expected = `1 ${most ? `to ${option} = ${room}` : "step or more"}${width > 1 ? ` · ${width} features` : ""}`;
  const cut =
    steps > room ? `cut it, or set ${option} to ${Math.ceil(steps)} or more` : "give each step all its features";
  throw new TempogradError(
    "batch",
    `${operation}: ${name} has length ${length}, expected ${expected}; ${length === 0 ? "leave it out" : cut}.`,
  );
}
