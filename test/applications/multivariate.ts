// Bicycles hired in the coming week, from past days, other columns, and the rain that is forecast.
import {
  adam,
  features,
  fit,
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
import { bicycles } from "./data";

export const series = bicycles();
export const to = 800;
const [past, future, quantiles] = [14, 7, [0.1, 0.5, 0.9]];
const columns = { targets: ["hired"], features: ["hired", "visitors"], known: ["rain"] };
const shape = { past, future, ...columns, quantiles, scaler: standardise(series, { to }) };
const { inputs, outputs } = windowSize(shape);

const network = await Network.create(await openGpu(), {
  ...{ input: features(inputs), layers: [gru(16)], readout: lastStep(outputs), loss: quantile(quantiles) },
});
await fit(network, windows(series, { ...shape, to }), {
  ...{ optimizer: adam({ learningRate: 0.01 }), epochs: 8, validation: 0.1, patience: 4, restoreBest: true },
});
export const heldOut = windows(series, { ...shape, from: to, stride: future });
const answers = await network.predict(heldOut.map(({ features }) => features));
export const forecasts = heldOut.map((window, i) => forecastOf(window, answers[i]!.values, shape).hired!);
network.gpu.destroy();
