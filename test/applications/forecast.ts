// The passengers of the next six months, with an interval that holds 80% of them.
import {
  adam,
  features,
  fit,
  forecast,
  forecastOf,
  gru,
  lastStep,
  Network,
  openGpu,
  quantile,
  standardise,
  windowSize,
  windows,
} from "tempograd";
import { passengers } from "./data";

export const series = { passengers: passengers() };
export const to = 800; // what comes later is held out
const shape = { past: 24, future: 6, targets: ["passengers"], relative: true, quantiles: [0.1, 0.5, 0.9] };
const scaled = { ...shape, scaler: standardise(series, { to, relative: shape }) };
const { inputs, outputs } = windowSize(shape);

const network = await Network.create(await openGpu(), {
  ...{ input: features(inputs), layers: [gru(24)], readout: lastStep(outputs) },
  loss: quantile(shape.quantiles),
});
export const { history } = await fit(network, windows(series, { ...scaled, to }), {
  ...{ optimizer: adam({ learningRate: 0.01 }), epochs: 12, validation: 0.1, patience: 4, restoreBest: true },
});
export const heldOut = windows(series, { ...scaled, from: to, stride: 6 });
const answers = await network.predict(heldOut.map(({ features }) => features));
export const forecasts = heldOut.map((window, i) => forecastOf(window, answers[i]!.values, scaled).passengers!);
export const next = await forecast(network, series, scaled);
network.gpu.destroy();
