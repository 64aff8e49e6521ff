// A series laid out to be forecast: windows of its first four fifths to learn from, and of the last fifth to be judged by.

import {
  type Batch,
  batchesOnce,
  type Forecast,
  forecastOf,
  naiveForecast,
  paddedBatch,
  type Series,
  shuffledBatches,
  standardise,
  type WindowShape,
  windowSize,
  windows,
} from "../../src/index";
import { namesIn, type TableView } from "../data/columns";
import { madeSeason, madeSeries } from "../data/made-series";
import { quoted, refusal, shown } from "../data/refusal";
import { columnNamed, firstWhole, readSeriesFile, type SeriesFile, withoutGaps } from "../data/series-file";
import { trainedOnSeries } from "../data/trained-on";
import type { Asking } from "./asking";
import { forecastLoss, forecastQuantiles } from "./checkpoints";
import type { Settings } from "./fields";
import type { OwnData } from "./own-data";
import { type Judgement, type MakeProblem, whole } from "./task";

const heldOutShare = 0.2;
/** More windows than that are held out at larger strides. */
const mostHeldOut = 512;

/** @param given how a file is to be read. @param show is told how a table is taken */
export async function forecastProblem(
  own: OwnData | undefined,
  given: Settings,
  show: (table: TableView) => void = () => {},
): Promise<MakeProblem> {
  let table: TableView | undefined;
  const see = (seen: TableView) => {
    table = seen;
    show(seen);
  };
  const { time, firstRow } = given;
  const file = own && (await readSeriesFile(own.name, own.text, { time, firstRow, show: see }));
  if (file && table) show(withRoles(table, columnsOf(given, file)));
  return (settings, { trained, heldOutRows } = {}) => {
    const { batch, seed } = settings;
    const columns = trained?.windows ?? columnsOf(settings, file);
    const { name, series, said } = file ? seriesOf(file, columns) : made();
    const count = series[columns.targets[0]!]?.length ?? 0;
    const season = settings.season ?? (file ? undefined : madeSeason);
    const cutAt = Math.floor((1 - heldOutShare) * count);
    const shape = trained?.windows ?? shapeOf(settings, columns, series, cutAt);
    const { past, future } = shape;
    if (cutAt < past + future || count - cutAt < future) {
      const least = Math.ceil(Math.max((past + future) / (1 - heldOutShare), (future + 1) / heldOutShare));
      throw refusal(
        name,
        `has ${count} steps`,
        `${least} or more to read ${past} and forecast ${future}`,
        "give more of them, or take fewer time steps or steps to forecast",
      );
    }
    const training = windows(series, { ...shape, to: cutAt });
    const stride = Math.max(1, Math.ceil((count - future - cutAt + 1) / mostHeldOut));
    const heldOut = windows(series, { ...shape, from: cutAt, stride });
    const { steps, inputs, outputs } = windowSize(shape);
    const size = { steps, batch, inputs };
    const evaluation = { steps, batch: Math.min(heldOutRows?.(steps) ?? batch, heldOut.length), weights: true };
    const naive = (target: string, at: number) =>
      naiveForecast(Array.from(series[target]!).slice(0, at), future, season ?? 1);
    const { weights: _, ...example } = paddedBatch(heldOut.slice(0, 1), { ...size, batch: 1 });
    const scale = shape.scaler!.columns;
    // Answered at levels that lie evenly about a half, the loss of one and the same number is half of its error.
    const losses = heldOut.flatMap(({ at }) =>
      shape.targets.flatMap((target) =>
        Array.from(
          naive(target, at),
          (value, i) => Math.abs(value - series[target]![at + i]!) / scale[target]!.scale / 2,
        ),
      ),
    );
    const { constant } = shape.scaler!;
    const description = [
      `${whole(count)} steps of ${shape.targets.join(", ")}`,
      ...(shape.features ? [`beside ${shape.features.filter((one) => !shape.targets.includes(one)).join(", ")}`] : []),
      ...(shape.known ? [`${shape.known.join(", ")} known ahead`] : []),
      `the next ${future} forecast from ${past}`,
      `the last ${whole(count - cutAt)} held out`,
      ...(constant.length > 0 ? [`${constant.join(", ")} never changed`] : []),
      ...said,
    ];
    return {
      name,
      description: description.join(", "),
      trainedOn: trainedOnSeries(shape),
      network: { inputs, outputs, input: "features", readout: "last-step", loss: forecastLoss() },
      steps,
      weights: true,
      training: (position) => shuffledBatches(training, { ...size, seed, position }),
      heldOut: () => batchesOnce(heldOut, { ...evaluation, inputs }),
      evaluation,
      tokensPerStep: (training.length * steps) / Math.ceil(training.length / batch),
      baseline: {
        meaning: season === undefined ? "repeating the last value" : `repeating the last ${season} steps`,
        loss: losses.reduce((sum, loss) => sum + loss / losses.length, 0),
      },
      example: {
        batch: example as Batch,
        labels: Array.from({ length: steps }, (_, t) => example.inputs[t * inputs]!.toFixed(1)),
      },
      asking: windowQuestions(series, shape, heldOut),
      judge(answers) {
        const all = answers.flatMap((rows) =>
          Array.from({ length: rows.length / outputs }, (_, row) => {
            return rows.subarray(row * outputs, (row + 1) * outputs);
          }),
        );
        return judged(
          series,
          shape,
          heldOut.map((window, i) => ({ at: window.at, forecast: forecastOf(window, all[i]!, shape) })),
          season,
        );
      },
    };
  };
}

/** Steps of the past that are shown before a forecast, at most. */
const mostPast = 120;

/** The number of a held-out window as a question: what comes after it. */
function windowQuestions(series: Series, shape: WindowShape, heldOut: ReturnType<typeof windows>): Asking {
  const [target] = shape.targets as [string];
  return {
    reads: "window",
    count: heldOut.length,
    example: (at) => String((at % heldOut.length) + 1),
    read(question) {
      const window = heldOut[Number(question) - 1];
      if (!window) {
        const expected = `a whole number from 1 to ${heldOut.length}`;
        throw refusal("The question", `is ${shown(question)}`, expected, "name a window that is held out");
      }
      const { at, features } = window;
      const values = (from: number, to: number) => Array.from(series[target]!).slice(from, to);
      const first = at - Math.min(shape.past, mostPast);
      return {
        inputs: features,
        answer(prediction) {
          const [low, middle, high] = forecastOf(window, prediction.values!, shape)[target]!.map((each) =>
            Array.from(each),
          );
          const forecast = { low: low!, middle: middle!, high: high! };
          return {
            kind: "forecast",
            name: target,
            first,
            past: values(first, at),
            truth: values(at, at + shape.future),
            forecast,
          };
        },
      };
    },
  };
}

type Columns = Pick<WindowShape, "targets" | "features" | "known">;

/** The columns that settings name. @throws where there is no such column. */
function columnsOf({ columns, features, known }: Settings, file: SeriesFile | undefined): Columns {
  const named = (said: string) => namesIn(said).map((name) => (file ? columnNamed(file, name) : name));
  const [first] = file ? file.columns.keys() : ["load"];
  const targets = columns.trim() === "" ? [first!] : named(columns);
  const beside = named(features).filter((name) => !targets.includes(name));
  const ahead = known.trim() === "" && !file && targets.join() === "load" ? ["warmth"] : named(known);
  return {
    targets,
    ...(beside.length > 0 && { features: [...targets, ...beside] }),
    ...(ahead.length > 0 && { known: ahead }),
  };
}

/** A table with what becomes of its columns of numbers. */
function withRoles(table: TableView, { targets, features = [], known = [] }: Columns): TableView {
  const roleOf = (name: string) =>
    targets.includes(name)
      ? "forecast"
      : features.includes(name)
        ? "beside"
        : known.includes(name)
          ? "known"
          : "left out";
  const columns = table.columns.map(({ name, role }) => ({ name, role: role === "read" ? roleOf(name) : role }));
  return { ...table, columns };
}

/** Read relative to the last value, and scaled by what is trained on. */
function shapeOf({ steps, future }: Settings, columns: Columns, series: Series, cutAt: number): WindowShape {
  const used = [...columns.targets, ...(columns.features ?? []), ...(columns.known ?? [])];
  const missing = used.find((name) => !Object.hasOwn(series, name));
  if (missing !== undefined) {
    throw refusal(
      "The made series",
      `has no column ${quoted(missing)}`,
      Object.keys(series).join(" or "),
      "name one of them",
    );
  }
  const of = Object.fromEntries(used.map((name) => [name, series[name]!]));
  const relative = { targets: columns.targets, future };
  return {
    past: steps,
    future,
    ...columns,
    quantiles: forecastQuantiles,
    relative: true,
    scaler: standardise(of, { to: Math.max(1, cutAt), relative }),
  };
}

function made() {
  return { name: "A made series", series: madeSeries() as Series, said: [`a season of ${madeSeason}`] };
}

/**
 * The steps of a file from the first in which no column is missing up to the last that has a target; those of what is known ahead
 * go on. Gaps between are filled, and it says so.
 * @throws where more is missing.
 */
export function seriesOf(file: SeriesFile, { targets, features = targets, known = [] }: Columns) {
  const named = (names: readonly string[]) => names.map((name) => [name, columnNamed(file, name)] as const);
  const [past, ahead] = [named([...new Set([...targets, ...features])]), named(known)];
  const lengthOf = (column: string) => file.columns.get(column)!.findLastIndex(Number.isFinite) + 1;
  const count = named(targets).reduce((most, [, column]) => Math.max(most, lengthOf(column)), 0);
  const from = firstWhole(
    file,
    [...past, ...ahead].map(([, column]) => column),
  );
  const said = [...file.said];
  if (from > 0) said.push(`the first ${from === 1 ? "row" : `${whole(from)} rows`} left out, where values are missing`);
  const stretches = [
    ...past.map(([name, column]) => ({ name, column, to: count })),
    ...ahead.map(([name, column]) => ({ name, column, to: file.rows.length })),
  ];
  const values = withoutGaps(file, stretches, from, said);
  const series: Series = Object.fromEntries(
    stretches.map(({ name, column, to }) => [name, values.get(column)!.subarray(from, to)]),
  );
  const future = file.rows.length - count;
  if (future > 0) said.push(`${whole(future)} rows without a value of ${targets.join(", ")} are the future`);
  return { name: file.name, series, said };
}

interface Judged {
  at: number;
  forecast: Forecast;
}

/** Mean absolute errors beside those of forecasts that know nothing, and how much of what came lies in the intervals. */
function judged(
  series: Series,
  { targets, future }: WindowShape,
  all: readonly Judged[],
  season: number | undefined,
): Judgement {
  const numbers: Record<string, unknown> = {};
  const lines = targets.map((target) => {
    const actual = Array.from(series[target]!);
    const count = all.length * future;
    const errorOf = (forecastAt: (judged: Judged) => ArrayLike<number>) =>
      all.reduce((sum, judged) => {
        const values = Array.from(forecastAt(judged));
        return sum + values.reduce((error, value, i) => error + Math.abs(value - actual[judged.at + i]!), 0);
      }, 0) / count;
    const meanAbsoluteError = errorOf(({ forecast }) => forecast[target]![1]!);
    const lastValue = errorOf(({ at }) => naiveForecast(actual.slice(0, at), future));
    const lastSeason =
      season === undefined ? null : errorOf(({ at }) => naiveForecast(actual.slice(0, at), future, season));
    const within = all.reduce((sum, { at, forecast }) => {
      const [low, , high] = forecast[target]!;
      return sum + low!.filter((value, i) => value <= actual[at + i]! && actual[at + i]! <= high![i]!).length;
    }, 0);
    const coverage = within / count;
    numbers[target] = { meanAbsoluteError, lastValue, lastSeason, coverage };
    const seasonal = lastSeason === null ? "" : `; repeating the last ${season} steps ${lastSeason.toPrecision(4)}`;
    return (
      `${target}: held-out mean absolute error ${meanAbsoluteError.toPrecision(4)}${seasonal}, the last value ` +
      `${lastValue.toPrecision(4)}; the interval of 80% holds ${(100 * coverage).toFixed(1)}%`
    );
  });
  return { lines, numbers: { forecast: numbers } };
}
