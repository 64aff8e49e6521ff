// Windows of a series, scalers and forecasts, held against their definitions.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  forecast,
  forecastOf,
  minMax,
  naiveForecast,
  type Scaler,
  scaled,
  standardise,
  unscaled,
  type WindowShape,
  windowSize,
  windows,
} from "../../src/index";

const rows = (values: ArrayLike<number>, width: number) =>
  Array.from({ length: values.length / width }, (_, row) => Array.from(values).slice(row * width, (row + 1) * width));

describe("windows", () => {
  const series = {
    a: [0, 1, 2, 3, 4, 5, 6, 7],
    b: [10, 11, 12, 13, 14, 15, 16, 17],
    k: [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5],
  };

  test("have the past of features, what is known ahead, and the future of targets", () => {
    const shape = { past: 2, future: 2, targets: ["a", "b"], features: ["b"], known: ["k"], quantiles: [0.1, 0.9] };
    expect(windowSize(shape)).toEqual({ steps: 2, inputs: 1 + 3, outputs: 2 * 2 * 2 });
    const found = windows(series, { ...shape, stride: 2 });
    expect(found.map(({ at }) => at)).toEqual([2, 4, 6]);
    expect(rows(found[1]!.features, 4)).toEqual([
      [12, 1, 1.5, 2],
      [13, 1.5, 2, 2.5],
    ]);
    expect(rows(found[1]!.values, 2)).toEqual([
      [4, 4],
      [14, 14],
      [5, 5],
      [15, 15],
    ]);
  });

  test("lie, with their futures, within the steps that are asked for, and have their past before", () => {
    fc.assert(
      fc.property(
        fc.record({ length: fc.integer({ min: 12, max: 40 }), past: fc.integer({ min: 1, max: 4 }) }),
        fc.record({
          future: fc.integer({ min: 1, max: 4 }),
          stride: fc.integer({ min: 1, max: 5 }),
          cut: fc.integer({ min: 4, max: 8 }),
        }),
        ({ length, past }, { future, stride, cut }) => {
          const y = Array.from({ length }, (_, step) => step ** 2 % 11);
          const shape = { past, future, targets: ["y"], stride };
          const after = windows({ y }, { ...shape, from: cut });
          expect(after[0]!.at).toBe(cut);
          expect(after.at(-1)!.at + future + stride).toBeGreaterThan(length);
          if (cut >= past + future) {
            const before = windows({ y }, { ...shape, to: cut });
            expect(before[0]!.at).toBe(past);
            expect(before.at(-1)!.at + future).toBeLessThanOrEqual(cut);
          }
          for (const { at, features, values } of after) {
            expect([...features]).toEqual(y.slice(at - past, at));
            expect([...values]).toEqual(y.slice(at, at + future));
          }
        },
      ),
    );
  });

  test("are relative to the last value of their past where that is asked for, each target to its own", () => {
    const shape = { past: 2, future: 1, targets: ["b"], features: ["b", "a"], relative: true };
    const [first] = windows(series, shape);
    expect(rows(first!.features, 2)).toEqual([
      [-1, 0],
      [0, 1],
    ]);
    expect([...first!.values]).toEqual([1]);
    expect(first!.base).toEqual([11]);
  });

  test.each<[object, string | RegExp]>([
    [{ targets: ["c"] }, 'windows: the series has no column "c", expected one of "a", "b", "k"; name one of them.'],
    [{ targets: [] }, "windows: targets is [], expected names of columns, each once"],
    [{ targets: ["a", "a"] }, 'windows: targets is ["a", "a"], expected names'],
    [{ targets: ["toString"] }, 'the series has no column "toString"'],
    [{ known: ["a"] }, 'windows: "a" is in known and in targets or features, expected one of them'],
    [{ past: 7 }, "have no room for 7 past and 2 future steps, expected 9 steps or more"],
    [{ past: 0 }, "windows: past is 0, expected an integer from 1 up."],
    [{ stride: 0.5 }, "windows: stride is 0.5, expected an integer"],
    [{ from: 5, to: 4 }, "windows: from is 5 and to 4, expected whole numbers, 0 ≤ from < to ≤ 8"],
    [{ to: 9 }, "to 9, expected whole numbers"],
    [{ horizon: 3 }, 'windows: unknown option "horizon", expected one of past, future, targets'],
    [
      { quantiles: [0.9, 0.1] },
      "windows: quantiles is [0.9, 0.1], expected the levels of the loss, between 0 and 1, asc",
    ],
    [{ relative: "yes" }, 'windows: relative is "yes", expected true or false.'],
    [{ scaler: { columns: {} } }, 'windows: the scaler has no offset and scale above 0 for "a", expected them'],
    [{ scaler: { columns: { a: { offset: 0, scale: 0 } } } }, 'no offset and scale above 0 for "a"'],
  ])("are refused, by name: %o", (options, message) => {
    expect(() => windows(series, { past: 2, future: 2, targets: ["a"], ...options })).toThrow(message);
  });

  test("are refused of a series that has holes, or columns that are not aligned", () => {
    const shape = { past: 2, future: 1, targets: ["a"] };
    expect(() => windows({ a: [1, 2, Number.NaN, 4] }, shape)).toThrow(
      'windows: "a" is NaN at step 2, expected a finite',
    );
    expect(windows({ a: [1, 2, 3, Number.NaN] }, { ...shape, to: 3 })).toHaveLength(1);
    expect(() => windows({ ...series, b: [1] }, { ...shape, features: ["b"] })).toThrow(
      '"b" has 1 steps, expected 8, as "a"',
    );
    expect(() => windows([1, 2, 3] as never, shape)).toThrow(
      "windows: series is an array, expected columns of numbers by name",
    );
  });
});

describe("scalers", () => {
  const column = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 30 });
  const plain = (scaler: Scaler): Scaler => JSON.parse(JSON.stringify(scaler));

  test("bring what they were fitted on to mean 0 and deviation 1, or from 0 to 1, and back, from a file too", () => {
    fc.assert(
      fc.property(column, (y) => {
        const spread = Math.max(...y) - Math.min(...y);
        const z = scaled({ y }, plain(standardise({ y }))).y!;
        const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
        expect(mean).toBeCloseTo(0, 6);
        const deviation = Math.sqrt(z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length);
        if (spread > 1e-3) expect(deviation).toBeCloseTo(1, 6);
        const range = scaled({ y }, plain(minMax({ y }))).y!;
        if (spread > 1e-3) expect([Math.min(...range) + 0, Math.max(...range)]).toEqual([0, 1]); // −0 is 0
        for (const scaler of [standardise({ y }), minMax({ y })]) {
          const back = unscaled(scaled({ y }, scaler), scaler).y!;
          for (const [i, value] of back.entries()) expect(Math.abs(value - y[i]!)).toBeLessThan(1e-9 * (1 + spread));
        }
      }),
    );
  });

  test("know nothing of what is outside of their range", () => {
    const y = [1, 3, 1, 3, 1000];
    expect(standardise({ y }, { to: 4 })).toEqual({
      method: "standardise",
      columns: { y: { offset: 2, scale: 1 } },
      constant: [],
    });
    expect(minMax({ y }, { from: 1, to: 4 }).columns.y).toEqual({ offset: 1, scale: 2 });
    expect(() => standardise({ y: [1, Number.NaN] })).toThrow(
      'standardise: "y" is NaN at step 1, expected a finite number',
    );
  });

  test("fit what windows have as differences to a change of 1 within their future, other columns as ever", () => {
    const y = [0, 1, 3, 3, 0];
    const scaler = standardise({ y, x: y }, { relative: { targets: ["y"], future: 2 } });
    const [once, twice] = [(1 + 4 + 0 + 9) / 4, (9 + 4 + 9) / 3];
    expect(scaler.columns.y!.scale).toBeCloseTo(Math.sqrt((once + twice) / 2), 12);
    expect(scaler.columns.x).toEqual(standardise({ x: y }).columns.x);
  });

  test("shift a column that never changes to 0, and say so", () => {
    const series = { same: [0.1, 0.1, 0.1], other: [1, 2, 3] };
    for (const scaler of [standardise(series), minMax(series)]) {
      expect(scaler.constant).toEqual(["same"]);
      for (const value of scaled(series, scaler).same!) expect(value).toBeCloseTo(0, 12);
      expect(unscaled({ same: [0, 2] }, scaler).same![1]).toBeCloseTo(2.1, 12);
    }
    expect(() => scaled({ y: [1] }, standardise(series))).toThrow(
      'scaled: the scaler has no offset and scale above 0 for "y"',
    );
  });
});

describe("forecasts", () => {
  const y = Array.from({ length: 20 }, (_, step) => 100 + 3 * step);

  test("are what was answered, in the unit of the series", () => {
    const shape = { past: 3, future: 2, targets: ["y"], relative: true, scaler: standardise({ y }) };
    const [window] = windows({ y }, shape);
    const { y: found } = forecastOf(window!, window!.values, shape);
    for (const [i, value] of found![0]!.entries()) expect(value).toBeCloseTo(y[3 + i]!, 4);
  });

  test("have quantiles in order where those that were answered cross", () => {
    const shape = { past: 1, future: 2, targets: ["a", "b"], quantiles: [0.1, 0.5, 0.9] };
    const answers = [1, 2, 3, 30, 20, 10, 6, 5, 4, 40, 50, 60];
    const found = forecastOf({ base: [0, 0] }, answers, shape);
    const plain = Object.fromEntries(Object.entries(found).map(([name, all]) => [name, all.map((one) => [...one])]));
    expect(plain).toEqual({
      a: [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      b: [
        [10, 40],
        [20, 50],
        [30, 60],
      ],
    });
    expect(() => forecastOf({ base: [0, 0] }, [1, 2], shape)).toThrow(
      "forecastOf: got 2 answers, expected 12 of future",
    );
    expect(() => forecastOf({ base: [0, 0] }, answers.with(3, Number.NaN), shape)).toThrow(
      '"answers" is NaN at step 3',
    );
  });

  /** Goes on in a straight line through the last two values. */
  const straight = (shape: WindowShape) => {
    const { inputs } = windowSize(shape);
    return ({ features }: { features: Float32Array }) => {
      const [before, last] = [features.at(-2 * inputs)!, features.at(-inputs)!];
      return Array.from({ length: shape.future }, (_, i) => last + (i + 1) * (last - before));
    };
  };

  test.each([1, 2, 5])("go on as far as is asked for, %i steps at once, fed back", async (future) => {
    const shape = { past: 3, future, targets: ["y"], relative: true, scaler: minMax({ y }) };
    for (const steps of [1, 5, 7]) {
      const found = (await forecast(straight(shape), { y }, shape, { steps })).y![0]!;
      expect(found).toHaveLength(steps);
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(100 + 3 * (20 + i), 3);
    }
  });

  test("read what is known ahead, of each step that is forecast", async () => {
    const shape = { past: 2, future: 2, targets: ["y"], known: ["k"] };
    const k = Array.from({ length: 26 }, (_, step) => step);
    const ahead = ({ features }: { features: Float32Array }) => [features.at(-2)!, features.at(-1)!];
    const found = await forecast(ahead, { y, k }, shape, { steps: 5 });
    expect([...found.y![0]!]).toEqual([20, 21, 22, 23, 24]);
    await expect(forecast(ahead, { y, k: k.slice(0, 24) }, shape, { steps: 5 })).rejects.toThrow(
      'forecast: "k" has 24 steps, expected 26, of which 6 ahead; say what is known.',
    );
  });

  test("that cannot be fed back are refused, by name", async () => {
    const shape = { past: 3, future: 2, targets: ["y"] };
    const answer = () => [0, 0, 0, 0, 0, 0];
    const series = { y, x: y };
    await expect(forecast(answer, series, { ...shape, quantiles: [0.1, 0.5, 0.9] }, { steps: 3 })).rejects.toThrow(
      "forecast: steps is 3, expected 2 at most, as quantiles are not those of what is fed back; train with a longer",
    );
    await expect(forecast(answer, series, { ...shape, features: ["x"] }, { steps: 3 })).rejects.toThrow(
      'as "x" is not forecast',
    );
    await expect(forecast(answer, { y: [1, 2] }, shape)).rejects.toThrow(
      "the series has 2 steps, expected 3 or more to read",
    );
    await expect(forecast(() => [1], { y }, shape)).rejects.toThrow("forecastOf: got 1 answers, expected 2");
  });

  test("that know nothing repeat the last value, or the last season", () => {
    expect([...naiveForecast([1, 2, 3], 2)]).toEqual([3, 3]);
    expect([...naiveForecast([9, 1, 2, 3], 5, 3)]).toEqual([1, 2, 3, 1, 2]);
    expect(() => naiveForecast([1, 2], 1, 3)).toThrow(
      "naiveForecast: got 2 values, expected 3 or more, a season of them",
    );
    expect(() => naiveForecast([], 1)).toThrow("got 0 values, expected 1 or more");
    expect(() => naiveForecast([1, Number.NaN], 1)).toThrow('"values" is NaN at step 1');
  });
});
