// Windows of a series: what of its past a network reads, and what of its future it is to answer.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectKnown, expectSize, expectSwitch, listed } from "../network/expect";
import type { ValuedSequence } from "./labelled-sequences";
import { heldOutCount } from "./options";
import { type Scaler, scaleOf } from "./scalers";
import { columnOf, expectFinite, expectNames, expectSeries, rangeOf, type Series, type StepRange } from "./series";

/** How a network reads a series and answers its future, as plain data: JSON, for a file beside the network. */
export interface WindowShape {
  /** Steps that are read: the network's. */
  readonly past: number;
  /** Steps behind them that are answered, all at once. */
  readonly future: number;
  /** The columns that are answered. */
  readonly targets: readonly string[];
  /** The columns of which the past is read; the targets unless given. */
  readonly features?: readonly string[] | undefined;
  /** The columns that are known ahead, such as a price or a day of the week: at each step they are read up to `future` ahead. */
  readonly known?: readonly string[] | undefined;
  /** The levels of the network's `quantile` loss: each value is answered at each of them. */
  readonly quantiles?: readonly number[] | undefined;
  /**
   * Whether targets are read and answered as what they are above or below the last value of the past, so that a level that was
   * never trained on is none that is new. Default false.
   */
  readonly relative?: boolean | undefined;
  /** What `standardise` or `minMax` fitted; all columns that are read and answered are scaled by it. */
  readonly scaler?: Scaler | undefined;
}

/** Which windows of a series. */
export interface WindowOptions extends WindowShape, StepRange {
  /** Steps from one window to the next. Default 1. */
  readonly stride?: number;
}

/** A window. `features` are [past, inputs], `values` [future, targets, quantiles]. */
export interface Window extends Extract<ValuedSequence, { features: Float32Array }> {
  /** The step of the series that is the first of its future. */
  readonly at: number;
  /** The step behind its future. */
  readonly end: number;
  /** What its values are above, of each target, scaled; 0 where they are not relative. */
  readonly base: readonly number[];
}

/**
 * Cuts a series into windows whose futures lie within the steps from `from` to before `to`, in the order of time; their pasts
 * may begin before. For `shuffledBatches` and `batchesOnce`, of `windowSize`.
 * @throws where a column is missing, of another length or not finite, the range has no room for a window, or an option is out
 *   of range.
 * @example
 * ```ts
 * import { standardise, windows, windowSize } from "tempograd";
 *
 * const series = { sales: [3, 4, 6, 5, 7, 9, 8, 9], price: [2, 2, 1, 2, 1, 1, 2, 1] };
 * const shape = { past: 3, future: 2, targets: ["sales"], known: ["price"], scaler: standardise(series, { to: 6 }) };
 * const [first] = windows(series, shape);
 * console.log(windowSize(shape), first?.features, first?.values); // [past, inputs], [future, targets]
 * ```
 */
export function windows(series: Series, options: WindowOptions): Window[] {
  const operation = "windows";
  const reading = new Reading(operation, series, options);
  const { past, future, stride = 1 } = options;
  expectSize(operation, "stride", stride);
  const { from, to } = rangeOf(operation, options, reading.steps);
  reading.expectNumbers(0, to);
  const first = Math.max(from, past);
  const count = Math.floor((to - future - first) / stride) + 1;
  if (count < 1) {
    throw new TempogradError(
      "batch",
      `${operation}: the steps from ${from} to ${to} have no room for ${past} past and ${future} future steps, expected ${first + future} ` +
        `steps or more up to the end; give a longer series or fewer steps.`,
    );
  }
  const { inputs, outputs } = windowSize(options);
  const values = count * (past * inputs + outputs);
  if (values > mostValues) {
    throw new TempogradError(
      "batch",
      `${operation}: ${count} windows have ${values} values, expected at most ${mostValues}; take a larger stride.`,
    );
  }
  return Array.from({ length: count }, (_, i) => reading.window(first + i * stride));
}

const mostValues = 2 ** 28;

/** Whether items lie in time, as windows do. */
export const areInTime = (items: readonly unknown[]): items is readonly Pick<Window, "at" | "end">[] =>
  items.length > 0 &&
  items.every((item) => {
    const { at, end } = (item ?? {}) as Partial<Window>;
    return Number.isInteger(at) && Number.isInteger(end);
  });

/**
 * Keeps the last share of windows in time back, and leaves out of both parts those whose futures reach into its first.
 * @throws where the share is not between 0 and 1, or leaves one part without a window.
 */
export function splitInTime<Item extends Pick<Window, "at" | "end">>(
  items: readonly Item[],
  share: number,
): { training: Item[]; heldOut: Item[] } {
  const order = [...items].sort((a, b) => a.at - b.at);
  const from = order[items.length - heldOutCount("fit", "windows", items.length, share)]!.at;
  const training = order.filter(({ end }) => end <= from);
  if (training.length > 0) return { training, heldOut: order.filter(({ at }) => at >= from) };
  throw new TempogradError(
    "batch",
    `fit: validation is the share ${share} of ${items.length} windows, of which none ends before step ${from}, expected one or ` +
      "more to learn from; give more windows or a smaller share.",
  );
}

/**
 * The sizes of a network that reads such windows: `features(inputs)`, `lastStep(outputs)`, and `steps` of a batch.
 * @throws where the shape is not as it should be.
 */
export function windowSize(shape: WindowShape): { steps: number; inputs: number; outputs: number } {
  expectShape("windowSize", shape);
  const { past, future, targets, features = targets, known = [], quantiles = [0.5] } = shape;
  return {
    steps: past,
    inputs: features.length + known.length * (future + 1),
    outputs: future * targets.length * quantiles.length,
  };
}

const names = ["past", "future", "targets", "features", "known", "quantiles", "relative", "scaler"];

/** @throws where a shape is not as it should be. */
function expectShape(operation: string, shape: WindowShape): void {
  expectOptions(operation, shape);
  expectKnown(operation, shape, [...names, "from", "to", "stride"]);
  const { past, future, targets, features = targets, known = [], quantiles, relative } = shape;
  expectSize(operation, "past", past);
  expectSize(operation, "future", future);
  expectSwitch(operation, "relative", relative);
  for (const [name, columns] of Object.entries({ targets, features, known })) {
    expectNames(operation, name, columns, name === "known" ? 0 : 1);
  }
  const twice = known.find((name) => targets.includes(name) || features.includes(name));
  if (twice !== undefined) {
    throw new TempogradError(
      "option",
      `${operation}: ${shown(twice)} is in known and in targets or features, expected one of them; what is known ahead is read as such.`,
    );
  }
  const isLevel = (level: number, i: number) => level > (i === 0 ? 0 : quantiles![i - 1]!) && level < 1;
  if (quantiles !== undefined && !(Array.isArray(quantiles) && quantiles.length > 0 && quantiles.every(isLevel))) {
    const got = Array.isArray(quantiles) ? listed(quantiles) : shown(quantiles);
    throw new TempogradError(
      "option",
      `${operation}: quantiles is ${got}, expected the levels of the loss, between 0 and 1, ascending; pass the same.`,
    );
  }
}

/** A column, on the scale that the network reads. */
interface Column {
  readonly name: string;
  readonly isKnown: boolean;
  /** Which target it is; −1 where it is none. */
  readonly target: number;
  at(step: number): number;
}

/** A series as a network reads it. */
export class Reading {
  /** How many steps there are of what is not known ahead. */
  readonly steps: number;
  readonly #operation: string;
  readonly #series: Series;
  readonly #shape: WindowShape;
  readonly #read: readonly Column[];
  readonly #answered: readonly Column[];
  readonly #size: { inputs: number; outputs: number };

  /** @throws where the shape or a column is not as it should be. */
  constructor(operation: string, series: Series, shape: WindowShape) {
    expectShape(operation, shape);
    expectSeries(operation, series);
    const { targets, features = targets, known = [], scaler } = shape;
    const column = (name: string): Column => {
      const values = columnOf(operation, series, name);
      const { scaled } = scaleOf(operation, scaler, name);
      const place = { isKnown: known.includes(name), target: targets.indexOf(name) };
      return { name, ...place, at: (step) => scaled(values[step]!) };
    };
    this.#operation = operation;
    this.#series = series;
    this.#shape = shape;
    this.#size = windowSize(shape);
    this.#read = [...features, ...known].map(column);
    this.#answered = targets.map(column);
    this.steps = columnOf(operation, series, targets[0]!).length;
    for (const { name, isKnown } of [...this.#read, ...this.#answered]) {
      const { length } = columnOf(operation, series, name);
      if (isKnown ? length >= this.steps : length === this.steps) continue;
      throw new TempogradError(
        "batch",
        `${operation}: ${shown(name)} has ${length} steps, expected ${this.steps}${isKnown ? " or more" : ""}, as ${shown(targets[0])} has; align the columns.`,
      );
    }
  }

  /** @param ahead how many steps beyond `to` are read of what is known ahead. @throws where a number is not finite. */
  expectNumbers(from: number, to: number, ahead = 0): void {
    for (const { name, isKnown } of [...this.#read, ...this.#answered]) {
      const end = isKnown ? to + ahead : to;
      expectFinite(this.#operation, name, columnOf(this.#operation, this.#series, name), from, end);
    }
  }

  /** The window whose future begins `at`; its values are 0 where the future is not there yet. */
  window(at: number): Window {
    const { past, future, quantiles = [0.5], relative = false } = this.#shape;
    const { inputs, outputs } = this.#size;
    const base = this.#answered.map((column) => (relative ? column.at(at - 1) : 0));
    const features = new Float32Array(past * inputs); // [past, inputs]
    let next = 0;
    for (let step = at - past; step < at; step++) {
      for (const { isKnown, target, at: read } of this.#read) {
        for (let ahead = 0; ahead <= (isKnown ? future : 0); ahead++) {
          features[next++] = read(step + ahead) - (base[target] ?? 0);
        }
      }
    }
    const values = new Float32Array(outputs); // [future, targets, quantiles]
    const wanted = Math.min(future, this.steps - at);
    for (let i = 0; i < wanted * base.length * quantiles.length; i++) {
      const target = Math.floor(i / quantiles.length) % base.length;
      const step = at + Math.floor(i / (quantiles.length * base.length));
      values[i] = this.#answered[target]!.at(step) - base[target]!;
    }
    return { features, values, at, end: at + future, base };
  }
}
