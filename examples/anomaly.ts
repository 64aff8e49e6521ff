// Watches sensors for what is not normal: a network learns of normal data alone to say what comes eight steps later, and where a sensor
// is further off than it ever was in normal data that were held out, there is an alarm. What was alarming is not believed: the network
// reads on with what it had expected. Beside it, an alarm by the rolling z-score, whose threshold is chosen likewise.

import { adam, cosine, features, fit, gru, lastStep, Network, openGpu, type Window, windows } from "tempograd";

const [sensors, length, past, ahead] = [24, 300, 36, 8];

let state = 1;
const uniform = (low = 0, high = 1) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return low + ((high - low) * (state + 0.5)) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** What the sensor of a machine tells of its cycle, which each has of its own. */
function sensor() {
  const [height, period, phase] = [uniform(0.8, 1.2), uniform(18, 30), uniform(0, 2 * Math.PI)];
  return Float64Array.from({ length }, (_, t) => {
    const angle = phase + (2 * Math.PI * t) / period;
    return height * (Math.sin(angle) + 0.4 * Math.sin(2 * angle)) + 0.06 * normal();
  });
}

const kinds = {
  spike: (value: number) => value + 0.9,
  drift: (value: number, since: number) => value + 0.05 * since,
  stuck: (_: number, __: number, first: number) => first,
};
const steps = { spike: 1, drift: 25, stuck: 15 };
type Kind = keyof typeof kinds;

/** Breaks a sensor for a while. @returns of what kind, from where, and up to where. */
function breakOne(values: Float64Array, i: number): { kind: Kind; from: number; to: number } {
  const kind = (Object.keys(kinds) as Kind[])[i % 3]!;
  const from = Math.floor(uniform(100, length - 100));
  const to = from + steps[kind];
  for (let t = from; t < to; t++) values[t] = kinds[kind](values[t]!, t - from + 1, values[from]!);
  return { kind, from, to };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(1), layers: [gru(32)], readout: lastStep(ahead), loss: "mean-squared-error" },
});
const learned = Array.from({ length: sensors }, sensor);
const items = learned.flatMap((value): Window[] =>
  windows({ value }, { past, future: ahead, targets: ["value"], stride: 2 }),
);
const updates = 600;
await fit(network, items, {
  ...{
    updates,
    optimizer: adam({ learningRate: 0.01 }),
    learningRateSchedule: cosine({ steps: updates }),
    clipNorm: 1,
  },
  onProgress({ update, loss }) {
    if (update % 100 === 0) console.log(`update ${update}: off by ${Math.sqrt(loss).toFixed(3)}`);
  },
});

/** How far each value is from what was expected of it eight steps before; beyond `limit` it is not believed. All sensors side by side. */
async function errorsOf(values: Float64Array[], limit: number): Promise<Float64Array[]> {
  using predictor = await network.predictor({ steps: past, batch: sensors });
  const believed = values.map((all) => all.slice());
  const errors = values.map((all) => new Float64Array(all.length));
  for (let t = past + ahead - 1; t < length; t++) {
    const first = t - ahead - past + 1;
    const inputs = Float32Array.from({ length: past * sensors }, (_, i) => {
      return believed[i % sensors]![first + Math.floor(i / sensors)]!;
    });
    const expected = (await predictor.run({ inputs })).values;
    for (let row = 0; row < sensors; row++) {
      const value = expected[row * ahead + ahead - 1]!;
      errors[row]![t] = Math.abs(values[row]![t]! - value);
      if (errors[row]![t]! > limit) believed[row]![t] = value;
    }
  }
  return errors;
}

/** How many deviations each value is from the mean of those before it. */
const rollingZ = (values: Float64Array) =>
  values.map((value, t) => {
    if (t < past + ahead) return 0;
    const before = values.subarray(t - past, t);
    const mean = before.reduce((sum, v) => sum + v, 0) / past;
    return Math.abs(value - mean) / Math.sqrt(before.reduce((sum, v) => sum + (v - mean) ** 2, 0) / past);
  });

const most = (scores: Float64Array[]) => scores.reduce((top, of) => of.reduce((a, b) => Math.max(a, b), top), 0);
const held = Array.from({ length: sensors }, sensor);
const threshold = most(await errorsOf(held, Number.POSITIVE_INFINITY));
const thresholdOfZ = most(held.map(rollingZ));

const watched = Array.from({ length: sensors }, sensor);
const broken = watched.map(breakOne);

/** Alarms within a window of each other are one: how many are right, and of how much that is broken there is one. */
function judge(scores: Float64Array[], limit: number) {
  const found = { right: 0, wrong: 0, seen: 0 };
  for (const [row, { from, to }] of broken.entries()) {
    let quietSince = Number.NEGATIVE_INFINITY;
    let seen = 0;
    for (const [t, score] of scores[row]!.entries()) {
      if (score <= limit) continue;
      const right = t >= from && t < to + ahead;
      if (t > quietSince + past) found[right ? "right" : "wrong"]++;
      if (t >= from && t < to) seen = 1;
      quietSince = t;
    }
    found.seen += seen;
  }
  return { precision: found.right / Math.max(1, found.right + found.wrong), recall: found.seen / sensors };
}
export const byNetwork = judge(await errorsOf(watched, threshold), threshold);
export const byZ = judge(watched.map(rollingZ), thresholdOfZ);
const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
for (const [name, { precision, recall }] of Object.entries({ "the network": byNetwork, "the rolling z-score": byZ })) {
  console.log(
    `${name}: ${percent(precision)} of its alarms are right, and it sees ${percent(recall)} of what is broken`,
  );
}
gpu.destroy();
