// Forecasts of networks that were trained: better than repeating the season, and intervals that hold what they promise.

import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  batchesOnce,
  cosine,
  forecastOf,
  Network,
  naiveForecast,
  quantile,
  readTensors,
  type Series,
  shuffledBatches,
  standardise,
  Trainer,
  type WindowShape,
  windowSize,
  windows,
} from "../../src/index";
import { useGpu } from "../workbench";
import { levelShift, sales, trendAndSeason } from "./series-made";

const gpu = useGpu();

const quantiles = [0.1, 0.5, 0.9];

interface Case {
  series: Series;
  season: number;
  shape: WindowShape;
}

const cases: [string, Case][] = [
  [
    "a trend and a season",
    {
      series: trendAndSeason(2400, 1),
      season: 12,
      shape: { past: 24, future: 6, targets: ["y"], relative: true, quantiles },
    },
  ],
  [
    "a level that shifts",
    {
      series: levelShift(3000, 2),
      season: 8,
      shape: { past: 24, future: 4, targets: ["y"], relative: true, quantiles },
    },
  ],
  [
    "a value that a known one moves",
    {
      series: sales(1600, 3),
      season: 8,
      shape: { past: 16, future: 4, targets: ["sold"], features: ["sold", "shop"], known: ["price"], quantiles },
    },
  ],
];

describe.each(cases)("of %s", (_, { series, season, shape: unscaled }) => {
  test("the forecast beats the naive and the seasonal naive one, and its intervals of 80% cover 70 to 90%", async () => {
    const [target] = unscaled.targets as [string];
    const actual = series[target]!;
    const cutAt = Math.round(0.75 * actual.length);
    const shape = {
      ...unscaled,
      scaler: standardise(series, { to: cutAt, relative: unscaled.relative ? unscaled : undefined }),
    };
    const items = windows(series, { ...shape, to: cutAt });
    const heldOut = windows(series, { ...shape, from: cutAt, stride: shape.future });
    const { steps, inputs, outputs } = windowSize(shape);
    const network = await Network.create(gpu(), {
      ...{ cell: "gru", inputs, hidden: 24, outputs, input: "features", readout: "last-step", seed: 1 },
      loss: quantile(quantiles),
    });
    const trainer = await Trainer.create(network, {
      ...{ steps, batch: 32, weights: true, clipNorm: 1 },
      optimizer: adam({ learningRate: 0.01 }),
      learningRateSchedule: cosine({ steps: 300 }),
    });
    for await (const _ of trainer.train(shuffledBatches(items, { steps, batch: 32, inputs, seed: 1 }), { steps: 300 }));
    trainer.destroy();

    const pass = await network.pass({ steps, batch: heldOut.length, weights: true });
    const [batch] = batchesOnce(heldOut, { steps, batch: heldOut.length, inputs });
    pass.write(batch as Batch);
    pass.run();
    const [answers] = await readTensors(gpu(), [pass.tensors.logits]);
    const off = { network: 0, seasonal: 0, last: 0 };
    let [within, count] = [0, 0];
    for (const [row, window] of heldOut.entries()) {
      const [low, middle, high] = forecastOf(window, answers!.subarray(row * outputs, (row + 1) * outputs), shape)[
        target
      ]!;
      const past = Array.from(actual).slice(0, window.at);
      const seasonal = naiveForecast(past, shape.future, season);
      for (let step = 0; step < shape.future; step++) {
        const value = actual[window.at + step]!;
        off.network += Math.abs(middle![step]! - value);
        off.seasonal += Math.abs(seasonal[step]! - value);
        off.last += Math.abs(past.at(-1)! - value);
        within += low![step]! <= value && value <= high![step]! ? 1 : 0;
        count++;
      }
    }
    expect(off.network).toBeLessThan(0.9 * off.seasonal);
    expect(off.network).toBeLessThan(0.9 * off.last);
    expect(within / count).toBeGreaterThan(0.7);
    expect(within / count).toBeLessThan(0.9);
    network.destroy();
  });
});
