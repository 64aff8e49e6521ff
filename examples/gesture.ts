// Recognises gestures by the pointer's traces, of any length, and says while one is drawn what it is likely to become. A step is how
// far the pointer went, so it does not matter where a gesture begins.

import { adam, features, fit, gru, lastStep, Network, openGpu } from "tempograd";

/** Corners of each, from the one where it begins; the circle has many. */
const shapes: Record<string, [x: number, y: number][]> = {
  circle: Array.from({ length: 25 }, (_, i) => [Math.sin((2 * Math.PI * i) / 24), Math.cos((2 * Math.PI * i) / 24)]),
  triangle: [[0, 1], [0.9, -0.6], [-0.9, -0.6], [0, 1]], // biome-ignore format: a corner each
  square: [[-0.8, 0.8], [0.8, 0.8], [0.8, -0.8], [-0.8, -0.8], [-0.8, 0.8]], // biome-ignore format: likewise
  check: [[-0.8, 0], [-0.3, -0.7], [0.9, 0.9]], // biome-ignore format: likewise
  zigzag: [[-0.9, 0.8], [0.9, 0.8], [-0.9, -0.8], [0.9, -0.8]], // biome-ignore format: likewise
};
const names = Object.keys(shapes);

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const between = (low: number, high: number) => low + (high - low) * uniform();

/** A gesture as a hand draws it: larger or smaller, leaning, quicker or slower, trembling. [steps, 2] */
function draw(label: number) {
  const corners = shapes[names[label]!]!;
  const [size, lean, steps] = [between(0.6, 1.4), between(-0.3, 0.3), Math.floor(between(16, 32))];
  const lengths = corners.slice(1).map(([x, y], i) => Math.hypot(x - corners[i]![0], y - corners[i]![1]));
  const total = lengths.reduce((sum, length) => sum + length);
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    let left = (step / steps) * total;
    let side = 0;
    while (side < lengths.length - 1 && left > lengths[side]!) left -= lengths[side++]!;
    const [[fromX, fromY], [toX, toY]] = [corners[side]!, corners[side + 1]!];
    const share = left / lengths[side]!;
    const [x, y] = [fromX + share * (toX - fromX), fromY + share * (toY - fromY)];
    const tremble = () => between(-0.06, 0.06);
    return [
      size * (x * Math.cos(lean) - y * Math.sin(lean)) + tremble(),
      size * (x * Math.sin(lean) + y * Math.cos(lean)) + tremble(),
    ];
  });
  const moves = points.slice(1).flatMap(([x, y], i) => [4 * (x! - points[i]![0]!), 4 * (y! - points[i]![1]!)]);
  return { label, features: Float32Array.from(moves) };
}

const gestures = (each: number) => names.flatMap((_, label) => Array.from({ length: each }, () => draw(label)));
const whole = gestures(60);
/** Half of a gesture has its name too, so that the network learns to say early what it may be. */
const halves = whole.map(({ label, features }) => ({
  label,
  features: features.slice(0, 2 * Math.ceil(features.length / 4)),
}));
const heldOut = gestures(20);

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(2), layers: [gru(24)], readout: lastStep(names.length) },
});
await fit(network, [...whole, ...halves], {
  ...{ epochs: 12, validation: heldOut, evaluateEvery: 60, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 },
  onProgress({ update, entry }) {
    const { accuracy } = entry?.validation ?? {};
    if (accuracy) console.log(`update ${update}: ${(100 * accuracy).toFixed(0)}% of gestures that it has not seen`);
  },
});
const told = await network.predict(heldOut.map((gesture) => gesture.features));
export const share = told.filter(({ classes }, i) => classes[0] === heldOut[i]!.label).length / heldOut.length;

// As in an app, where each move of the pointer is a step: the predictor keeps its state from one to the next.
using predictor = await network.predictor({ carryState: true });
export const gesture = draw(names.indexOf("square"));
export const likely: Float32Array[] = [];
for (let at = 0; at < gesture.features.length; at += 2) {
  const { classes, probabilities } = await predictor.run({ inputs: gesture.features.subarray(at, at + 2) });
  likely.push(probabilities.slice()); // the arrays are the predictor's own
  const chosen = classes[0]!;
  if (at % 8 === 6)
    console.log(`after ${at / 2 + 1} moves: ${names[chosen]}, by ${(100 * probabilities[chosen]!).toFixed(0)}%`);
}
predictor.begin(); // the pointer is up: the next move is another gesture's first

export const { probabilities: atOnce } = await network.predict(gesture.features);
console.log(`right of ${(100 * share).toFixed(0)}% of whole gestures that it has not seen`);
gpu.destroy();
