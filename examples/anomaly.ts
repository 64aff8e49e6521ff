// Finds faults in a sensor's stream. A network forecasts the next value with an interval, as it learned from a time without faults;
// a value that is further outside than any of another such time raises an alarm, and what was expected is read in its place.

import {
  adam,
  batchesOnce,
  features,
  fit,
  forecast,
  gru,
  lastStep,
  Network,
  openGpu,
  quantile,
  shuffledBatches,
  standardise,
  windowSize,
  windows,
} from "tempograd";

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const noise = () => uniform() + uniform() - 1;

/** A pump's pressure: a stroke of 16 steps, a load that comes and goes, and what the sensor adds. */
const stroke = (t: number) => 5 * Math.sin((2 * Math.PI * t) / 16) + 3 * Math.cos((2 * Math.PI * t) / 8);
const sensor = Array.from(
  { length: 1900 },
  (_, t) => 40 + stroke(t) + 2 * Math.sin((2 * Math.PI * t) / 300) + 0.6 * noise(),
);
const [learned, normal] = [1000, 1300]; // to learn from, and to measure what is normal; what comes later is watched

const kinds: ((value: number, last: number) => number)[] = [
  (value) => value + 6, // a spike, of one step; the others last
  (_, last) => last, // stuck
  (value) => value - 4, // shifted
  (value) => 40 + 0.3 * (value - 40), // weak
];
const faults = Array.from({ length: 12 }, (_, i) => {
  const kind = i % kinds.length;
  const from = normal + 30 + 48 * i + Math.floor(10 * uniform());
  return { kind, from, to: from + (kind === 0 ? 1 : 12) };
});
for (const { kind, from, to } of faults) {
  for (let t = from; t < to; t++) sensor[t] = kinds[kind]!(sensor[t]!, sensor[t - 1]!);
}

const quantiles = [0.1, 0.5, 0.9];
const scaler = standardise({ sensor }, { to: learned });
const shape = { past: 24, future: 1, targets: ["sensor"], quantiles, scaler };
const { steps, inputs, outputs } = windowSize(shape);
const size = { steps, batch: 32, inputs };

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(inputs), layers: [gru(16)], readout: lastStep(outputs), loss: quantile(quantiles) },
});
const heldOut = windows({ sensor }, { ...shape, from: learned, to: normal });
await fit(network, shuffledBatches(windows({ sensor }, { ...shape, to: learned }), { ...size, seed: 1 }), {
  ...{ updates: 300, validation: () => batchesOnce(heldOut, size), evaluateEvery: 100 },
  ...{ steps, batch: size.batch, weights: true, optimizer: adam({ learningRate: 0.01 }) },
  onProgress({ update, entry }) {
    if (entry?.validation) console.log(`update ${update}: held out ${entry.validation.loss.toFixed(4)}`);
  },
});

// The watch: each value is beside its forecast, in half widths of the interval.
using predictor = await network.predictor({ steps });
const read = sensor.slice(0, learned);
async function watch(value: number, threshold: number): Promise<{ score: number; alarm: boolean }> {
  const answer = async ({ features }: { features: Float32Array }) => (await predictor.run({ inputs: features })).values;
  const { sensor: next } = await forecast(answer, { sensor: read.slice(-steps) }, shape);
  const [low, middle, high] = next!.map(([first]) => first!);
  const score = Math.abs(value - middle!) / ((high! - low!) / 2);
  const alarm = score > threshold;
  read.push(alarm ? middle! : value); // a fault is nothing to forecast from
  return { score, alarm };
}

let threshold = 0;
for (const value of sensor.slice(learned, normal)) {
  threshold = Math.max(threshold, (await watch(value, Number.POSITIVE_INFINITY)).score);
}
const alarms: number[] = [];
for (let t = normal; t < sensor.length; t++) if ((await watch(sensor[t]!, threshold)).alarm) alarms.push(t);

const isIn = (t: number, { from, to }: { from: number; to: number }) => from <= t && t < to;
export const recall = faults.filter((fault) => alarms.some((t) => isIn(t, fault))).length / faults.length;
export const precision = alarms.filter((t) => faults.some((fault) => isIn(t, fault))).length / alarms.length;
console.log(`alarm beyond ${threshold.toFixed(1)} half widths of the interval`);
console.log(
  `${(100 * recall).toFixed(0)}% of ${faults.length} faults found; ${(100 * precision).toFixed(0)}% of ${alarms.length} alarms are of one`,
);
gpu.destroy();
