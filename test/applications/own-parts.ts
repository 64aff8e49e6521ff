// A cell and a loss of one's own: a leaky integrator, and a loss that grows like a logarithm, so that outliers count little.
import {
  adam,
  defineCell,
  defineLoss,
  features,
  fit,
  lastStep,
  layer,
  log1p,
  Network,
  openGpu,
  sigmoid,
} from "tempograd";
import { readings } from "./data";

const leaky = defineCell({
  name: "leaky",
  gates: ["leak", "read"],
  states: ["h"],
  step({ leak, read }, { h }) {
    return { h: sigmoid(leak).times(h).plus(read) };
  },
});
const cauchy = defineLoss({
  name: "cauchy",
  options: { width: 0.1 },
  value({ o, y }, { width }) {
    const error = o.minus(y).over(width);
    return log1p(error.times(error));
  },
});
const network = await Network.create(await openGpu(), {
  ...{ input: features(1), layers: [layer(leaky, 8)], readout: lastStep(1), loss: cauchy() },
});
await fit(network, readings(800, 1), { optimizer: adam({ learningRate: 0.01 }), epochs: 20 });
export const unseen = readings(200, 2);
export const answers = await network.predict(unseen.map(({ features }) => features));
network.gpu.destroy();
