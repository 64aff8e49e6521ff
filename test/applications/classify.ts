// Finds the traces with a shock in them, one in twelve: classes that are rare count more, and it stops where it gets no better.
import {
  adam,
  batchesOnce,
  confusionMatrix,
  crossEntropy,
  evaluate,
  f1,
  features,
  fit,
  lastStep,
  lstm,
  Network,
  openGpu,
} from "tempograd";
import { traces } from "./data";

const [learned, unseen] = [traces(600, 1), traces(240, 2)];
const network = await Network.create(await openGpu(), {
  ...{ input: features(1), layers: [lstm(24)], readout: lastStep(2) },
  loss: crossEntropy({ classWeights: [12 / 11, 12] }),
});
export const { best, history, stopped } = await fit(network, learned, {
  ...{ optimizer: adam({ learningRate: 0.01 }), epochs: 60, validation: 0.2, patience: 6, restoreBest: true },
  ...{ metrics: { f1: f1() }, monitor: "f1" },
});
const size = { steps: 28, batch: 60 };
export const measured = await evaluate(network, size, batchesOnce(unseen, size), {
  metrics: { f1: f1(), confusion: confusionMatrix() },
});
network.gpu.destroy();
