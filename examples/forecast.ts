// Forecasts a series with an interval: windows of its past and future, three quantiles for each step, beside the forecast that
// repeats the last season.

import {
  adam,
  type Batch,
  batchesOnce,
  forecastOf,
  Network,
  naiveForecast,
  openGpu,
  quantile,
  readTensors,
  shuffledBatches,
  standardise,
  Trainer,
  windowSize,
  windows,
} from "tempograd";

const season = 12;
let state = 1;
const noise = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
};
const sales = Array.from(
  { length: 1200 },
  (_, t) => 100 + 0.2 * t + 20 * Math.sin((2 * Math.PI * t) / season) + 6 * noise(),
);

const to = 960; // what comes later is held out
const quantiles = [0.1, 0.5, 0.9];
const relative = { targets: ["sales"], future: 6 };
const shape = { past: 24, ...relative, quantiles, relative: true, scaler: standardise({ sales }, { to, relative }) };
const { steps, inputs, outputs } = windowSize(shape);

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ cell: "gru", inputs, hidden: 16, outputs, input: "features", readout: "last-step" },
  loss: quantile(quantiles),
});
const size = { steps, batch: 32, inputs };
const trainer = await Trainer.create(network, {
  ...{ steps, batch: 32, weights: true },
  optimizer: adam({ learningRate: 0.01 }),
});
const batches = shuffledBatches(windows({ sales }, { ...shape, to }), { ...size, seed: 1 });
for await (const { step, loss } of trainer.train(batches, { steps: 300 })) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(4)}`);
}

const heldOut = windows({ sales }, { ...shape, from: to, stride: 6 });
const pass = await network.pass({ steps, batch: heldOut.length, weights: true });
const [all] = batchesOnce(heldOut, { steps, batch: heldOut.length, inputs });
pass.write(all as Batch);
pass.run();
const [answers] = await readTensors(gpu, [pass.tensors.logits]);
const found = { error: 0, seasonal: 0, within: 0 };
for (const [row, window] of heldOut.entries()) {
  const [low, middle, high] = forecastOf(window, answers!.subarray(row * outputs, (row + 1) * outputs), shape).sales!;
  const seasonal = naiveForecast(sales.slice(0, window.at), 6, season);
  for (const [i, value] of sales.slice(window.at, window.at + 6).entries()) {
    found.error += Math.abs(middle![i]! - value) / (6 * heldOut.length);
    found.seasonal += Math.abs(seasonal[i]! - value) / (6 * heldOut.length);
    found.within += (low![i]! <= value && value <= high![i]! ? 1 : 0) / (6 * heldOut.length);
  }
}
export const { error, seasonal, within } = found;
console.log(`mean absolute error ${error.toFixed(2)}, repeating the last season ${seasonal.toFixed(2)}`);
console.log(`${(100 * within).toFixed(1)}% of what came lies in the interval, expected 80%`);
gpu.destroy();
