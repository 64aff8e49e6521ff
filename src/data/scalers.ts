// Columns brought to one scale, and back: fitted on what is trained on alone, and plain data for a file.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectSize } from "../network/expect";
import { columnOf, expectFinite, expectNames, expectSeries, rangeOf, type Series, type StepRange } from "./series";

/** (value − offset) / scale of a column. */
interface ColumnScale {
  readonly offset: number;
  readonly scale: number;
}

/** What was fitted, as plain data: JSON, for a file beside the network. */
export interface Scaler {
  readonly method: "standardise" | "min-max";
  readonly columns: Readonly<Record<string, ColumnScale>>;
  /** The columns that never changed where it was fitted: they are shifted to 0, and not stretched. */
  readonly constant: readonly string[];
}

/**
 * Fits each column to mean 0 and deviation 1 over the steps from `from` to before `to`.
 * @param options with `relative`, the columns that windows have as differences from their last value, and how many steps such
 *   windows answer: these columns are fitted to a change of 1 within so many steps, in the root of the mean square.
 * @throws where a number there is not finite, or the range is none.
 * @example
 * ```ts
 * import { scaled, standardise, unscaled } from "tempograd";
 *
 * const series = { heat: [18, 20, 22, 30] };
 * const scaler = standardise(series, { to: 3 }); // of the first three; JSON, for a file
 * console.log(unscaled(scaled(series, scaler), scaler)); // as it was
 * ```
 */
export const standardise = (
  series: Series,
  options: StepRange & { relative?: { targets: readonly string[]; future: number } | undefined } = {},
): Scaler =>
  fitted("standardise", series, options, (values, name) => {
    const { relative } = options;
    if (relative !== undefined) {
      expectOptions("standardise", relative, "relative");
      expectNames("standardise", "relative.targets", relative.targets);
      expectSize("standardise", "relative.future", relative.future);
    }
    const mean = meanOf(values, (value) => value);
    const changes = relative?.targets.includes(name) ? Math.min(relative.future, values.length - 1) : 0;
    const square =
      changes > 0
        ? meanOf(new Float64Array(changes), (_, i) => {
            const later = values.subarray(i + 1);
            return meanOf(later, (value, step) => (value - values[step]!) ** 2);
          })
        : meanOf(values, (value) => (value - mean) ** 2);
    return { offset: mean, scale: Math.sqrt(square) };
  });

const meanOf = (values: Float64Array, term: (value: number, i: number) => number): number =>
  values.reduce((sum, value, i) => sum + term(value, i) / values.length, 0);

/**
 * Likewise each column to the range from 0 to 1.
 * @example
 * ```ts
 * import { minMax, scaled } from "tempograd";
 *
 * const series = { heat: [18, 20, 22] };
 * console.log(scaled(series, minMax(series)).heat); // 0, 0.5, 1
 * ```
 */
export const minMax = (series: Series, range: StepRange = {}): Scaler =>
  fitted("min-max", series, range, (values) => {
    const least = values.reduce((a, b) => Math.min(a, b));
    const most = values.reduce((a, b) => Math.max(a, b));
    return { offset: least, scale: most - least };
  });

function fitted(
  method: Scaler["method"],
  series: Series,
  range: StepRange,
  fitOne: (values: Float64Array, name: string) => ColumnScale,
): Scaler {
  const operation = method === "standardise" ? "standardise" : "minMax";
  expectSeries(operation, series);
  const constant: string[] = [];
  const columns = Object.keys(series).map((name) => {
    const column = columnOf(operation, series, name);
    const { from, to } = rangeOf(operation, range, column.length);
    expectFinite(operation, name, column, from, to);
    const { offset, scale } = fitOne(
      Float64Array.from({ length: to - from }, (_, i) => column[from + i]!),
      name,
    );
    // What is left of a column that never changes is rounding.
    const changes = scale > 1e-12 * Math.abs(offset);
    if (!changes) constant.push(name);
    return [name, { offset, scale: changes ? scale : 1 }] as const;
  });
  return { method, columns: Object.fromEntries(columns), constant };
}

/** @returns (value − offset) / scale of a column, and back; of no scaler, the value itself. @throws where it has no such column. */
export function scaleOf(operation: string, scaler: Scaler | undefined, name: string) {
  if (scaler === undefined) return { scaled: (value: number) => value, unscaled: (value: number) => value };
  const columns: Scaler["columns"] = scaler?.columns ?? {};
  const { offset, scale } = (Object.hasOwn(columns, name) ? columns[name] : undefined) ?? {};
  if (!Number.isFinite(offset) || !(Number.isFinite(scale) && scale! > 0)) {
    throw new TempogradError(
      "option",
      `${operation}: the scaler has no offset and scale above 0 for ${shown(name)}, expected them; fit one to this series.`,
    );
  }
  return {
    scaled: (value: number) => (value - offset!) / scale!,
    unscaled: (value: number) => value * scale! + offset!,
  };
}

/**
 * All columns of a series on the scale that was fitted.
 * @throws where the scaler has none for one of them.
 */
export const scaled = (series: Series, scaler: Scaler): Record<string, Float64Array> =>
  mapped("scaled", series, scaler);

/** And back. @throws likewise. */
export const unscaled = (series: Series, scaler: Scaler): Record<string, Float64Array> =>
  mapped("unscaled", series, scaler);

function mapped(operation: "scaled" | "unscaled", series: Series, scaler: Scaler): Record<string, Float64Array> {
  expectSeries(operation, series);
  const names = Object.keys(series);
  return Object.fromEntries(
    names.map((name) => {
      const column = columnOf(operation, series, name);
      const wrong = Array.prototype.findIndex.call(column, (value) => typeof value !== "number");
      if (wrong >= 0) expectFinite(operation, name, column, wrong, wrong + 1);
      return [name, Float64Array.from(column, scaleOf(operation, scaler, name)[operation])];
    }),
  );
}
