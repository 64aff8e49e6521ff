// What a network answers of a window, as the future of a series; and that of longer futures, fed back to it.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectSize } from "../network/expect";
import { scaleOf } from "./scalers";
import { columnOf, expectFinite, type Series } from "./series";
import { Reading, type Window, type WindowShape, windowSize } from "./windows";

/** For each target its future in its own unit: one for each quantile, from the lowest to the highest, or one alone. */
export type Forecast = Readonly<Record<string, readonly Float64Array[]>>;

/** Of one forecast. */
const mostSteps = 2 ** 24;

/** Runs a network over a window: its outputs, [outputs]. */
export type Answer = (window: Window) => Promise<ArrayLike<number>> | ArrayLike<number>;

/** A network that reads windows and answers values, as `Network` is. */
interface Answering {
  predict(features: Float32Array): Promise<{ readonly values?: ArrayLike<number> }>;
}

/**
 * The future of a window, of what the network answered. Quantiles that cross are put in order (Chernozhukov et al. 2010).
 * @param answers [future, targets, quantiles], as the network gives them.
 * @throws where there are not as many, or one is not finite.
 * @example
 * ```ts
 * import { forecastOf, windows } from "tempograd";
 *
 * const shape = { past: 2, future: 2, targets: ["sales"], quantiles: [0.1, 0.9], relative: true };
 * const [window] = windows({ sales: [3, 4, 6, 5] }, shape);
 * if (window) console.log(forecastOf(window, [-1, 2, -2, 3], shape).sales); // [3, 2] and [6, 7]
 * ```
 */
export function forecastOf(window: Pick<Window, "base">, answers: ArrayLike<number>, shape: WindowShape): Forecast {
  const operation = "forecastOf";
  expectOptions(operation, window, "window");
  expectOptions(operation, shape, "shape");
  const { base } = window;
  const { outputs } = windowSize(shape);
  expectFinite(operation, "window.base", base ?? [], 0, shape.targets.length);
  const { future, targets, quantiles = [0.5], scaler } = shape;
  if (answers?.length !== outputs) {
    throw new TempogradError(
      "batch",
      `${operation}: got ${shown(answers?.length)} answers, expected ${outputs} of future, targets and quantiles; pass those of one window.`,
    );
  }
  expectFinite(operation, "answers", answers, 0, outputs);
  const levels = quantiles.length;
  const futures = targets.map((name, target) => {
    const { unscaled } = scaleOf(operation, scaler, name);
    const found = quantiles.map(() => new Float64Array(future));
    for (let step = 0; step < future; step++) {
      const first = (step * targets.length + target) * levels;
      const values = Float64Array.from({ length: levels }, (_, i) => unscaled(answers[first + i]! + base[target]!));
      for (const [i, value] of values.sort().entries()) found[i]![step] = value;
    }
    return [name, found] as const;
  });
  return Object.fromEntries(futures);
}

/**
 * Forecasts what comes behind a series: `future` steps at once; where more are asked for, what was forecast is read as if it
 * had come, again and again.
 * @param network of `windowSize`, or what answers a window in its place.
 * @param series of at least `past` steps; columns that are known ahead go on for as many steps as are forecast.
 * @throws where the series is not as `windows` wants it, or where more than `future` steps are asked for of quantiles, which
 *   are not those of a future that is fed back, or of a network that reads features which it does not answer.
 * @example
 * ```ts
 * import { features, forecast, gru, lastStep, meanSquaredError, Network, windowSize } from "tempograd";
 *
 * const shape = { past: 4, future: 2, targets: ["sales"] };
 * const { inputs, outputs } = windowSize(shape);
 * const sizes = { input: features(inputs), layers: [gru(4)], readout: lastStep(outputs) };
 * const model = await Network.create(gpu, { ...sizes, loss: meanSquaredError() }); // to be trained
 * const answer = async ({ features }: { features: Float32Array }) => (await model.predict(features)).values;
 * const { sales } = await forecast(answer, { sales: [3, 4, 6, 5, 7] }, shape, { steps: 6 }); // fed back twice
 * console.log(sales?.[0]);
 * model.destroy();
 * ```
 */
export async function forecast(
  network: Answering | Answer,
  series: Series,
  shape: WindowShape,
  options: { steps?: number } = {},
): Promise<Forecast> {
  const operation = "forecast";
  if (typeof network !== "function" && typeof network?.predict !== "function") {
    const got = `network is ${shown(network)}`;
    throw new TempogradError("option", `${operation}: ${got}, expected one, or a function of windows; await it.`);
  }
  const answer = typeof network === "function" ? network : answerOf(network);
  let reading = new Reading(operation, series, shape);
  const { past, future, targets, features = targets, known = [], quantiles = [0.5] } = shape;
  const { steps = future } = options;
  expectSize(operation, "steps", steps, mostSteps);
  const { steps: begin } = reading;
  if (begin < past) {
    throw new TempogradError("batch", `${operation}: the series has ${begin} steps, expected ${past} or more to read.`);
  }
  const unanswered = features.find((name) => !targets.includes(name));
  if (steps > future && (quantiles.length > 1 || unanswered !== undefined)) {
    const reason =
      unanswered === undefined ? "quantiles are not those of what is fed back" : `${shown(unanswered)} is not forecast`;
    throw new TempogradError(
      "option",
      `${operation}: steps is ${steps}, expected ${future} at most, as ${reason}; train with a longer future.`,
    );
  }
  const whole = Math.ceil(steps / future) * future;
  for (const name of known) {
    const { length } = columnOf(operation, series, name);
    if (length >= begin + whole) continue;
    throw new TempogradError(
      "batch",
      `${operation}: ${shown(name)} has ${length} steps, expected ${begin + whole}, of which ${whole} ahead; say what is known.`,
    );
  }
  reading.expectNumbers(begin - past, begin, whole);
  const found = Object.fromEntries(targets.map((name) => [name, quantiles.map((): number[] => [])]));
  const grown: Record<string, ArrayLike<number>> = { ...series };
  for (let done = 0; done < whole; done += future) {
    const window = reading.window(begin + done);
    const next = forecastOf(window, await answer(window), shape);
    for (const name of targets) {
      for (const [level, values] of next[name]!.entries()) found[name]![level] = [...found[name]![level]!, ...values];
      grown[name] = [...Array.from(columnOf(operation, series, name)), ...found[name]![0]!];
    }
    if (done + future < whole) reading = new Reading(operation, grown, shape);
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, levels]) => [name, levels.map((all) => Float64Array.from(all.slice(0, steps)))]),
  );
}

const answerOf =
  (network: Answering): Answer =>
  async ({ features }) => {
    const { values } = await network.predict(features);
    if (values) return values;
    throw new TempogradError(
      "option",
      "forecast: the network answers classes, expected values; give it a loss of values.",
    );
  };

/**
 * The forecast that knows nothing but the latest season, again and again: of season 1 the last value. What a network's has to
 * be better than.
 * @param values what came before.
 * @throws where a season is longer than that, or a value of it is not finite.
 * @example
 * ```ts
 * import { naiveForecast } from "tempograd";
 *
 * console.log(naiveForecast([1, 5, 2, 6], 3, 2)); // 2, 6, 2
 * ```
 */
export function naiveForecast(values: ArrayLike<number>, steps: number, season = 1): Float64Array {
  const operation = "naiveForecast";
  const length = values?.length;
  expectSize(operation, "steps", steps, mostSteps);
  expectSize(operation, "season", season);
  if (!(length >= season)) {
    throw new TempogradError(
      "batch",
      `${operation}: got ${shown(length)} values, expected ${season} or more, a season of them; give a longer series.`,
    );
  }
  expectFinite(operation, "values", values, length - season, length);
  return Float64Array.from({ length: steps }, (_, step) => values[length - season + (step % season)]!);
}
