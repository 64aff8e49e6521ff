// Writes letters with a pen (after Graves 2013): a network reads which letter, and how the pen moved last, and answers a mixture of
// Gaussians for its next move. Some begin a T with its bar and some with its stem: no single guess is right (Bishop 1994). It learns by
// the likelihood of what came; loss and derivative are plain TypeScript between the halves of a training step.

import { adam, everyStep, features, gru, Network, noLoss, openGpu, Trainer } from "tempograd";

type Point = readonly [x: number, y: number];
/** Strokes of each letter, by their corners. */
export const font: Record<string, Point[][]> = {
  L: [[[0, 1], [0, 0], [0.6, 0]]], // biome-ignore format: a stroke a list
  N: [[[0, 0], [0, 1], [0.7, 0], [0.7, 1]]], // biome-ignore format: likewise
  V: [[[0, 1], [0.4, 0], [0.8, 1]]], // biome-ignore format: likewise
  Z: [[[0, 1], [0.7, 1], [0, 0], [0.7, 0]]], // biome-ignore format: likewise
  T: [[[0, 1], [0.8, 1]], [[0.4, 1], [0.4, 0]]], // biome-ignore format: likewise
  X: [[[0, 1], [0.7, 0]], [[0.7, 1], [0, 0]]], // biome-ignore format: likewise
};
export const letters = Object.keys(font);

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

const [points, batch, components] = [18, 32, 4];
const moves = points - 1;
const inputs = 3 + letters.length; // the last move: dx, dy, and 1 where the pen was up; which letter
const outputs = 5 * components + 1; // of each component a logit of its share π, two means and two ln σ; a logit of whether the pen is up
const scale = 8; // a move is about 1 long

/** A letter as a hand writes it: either stroke first, wider or narrower, leaning, trembling. */
function write(letter: string): Point[][] {
  const strokes = uniform() < 0.5 ? font[letter]! : font[letter]!.toReversed();
  const [width, height, lean] = [0.9 + 0.2 * uniform(), 0.9 + 0.2 * uniform(), 0.2 * (uniform() - 0.5)];
  const count = points / strokes.length;
  return strokes.map((corners) =>
    Array.from({ length: count }, (_, i): Point => {
      const at = (i / (count - 1)) * (corners.length - 1);
      const side = Math.min(Math.floor(at), corners.length - 2);
      const [[x0, y0], [x1, y1]] = [corners[side]!, corners[side + 1]!];
      const [x, y] = [x0 + (at - side) * (x1 - x0), y0 + (at - side) * (y1 - y0)];
      return [width * x + lean * y + 0.01 * normal(), height * y + 0.01 * normal()];
    }),
  );
}

/** Letters side by side, time-major: the move before each move, which letter it is, and the move. */
function draw() {
  const [read, came] = [new Float32Array(moves * batch * inputs), new Float32Array(moves * batch * 3)];
  for (let row = 0; row < batch; row++) {
    const letter = Math.floor(uniform() * letters.length);
    const path = write(letters[letter]!).flatMap((stroke) =>
      stroke.map(([x, y], i) => [x, y, i === 0 ? 1 : 0] as const),
    );
    for (let t = 0; t < moves; t++) {
      const [[x0, y0], [x1, y1, up]] = [path[t]!, path[t + 1]!];
      const at = t * batch + row;
      came.set([scale * (x1 - x0), scale * (y1 - y0), up], 3 * at);
      if (t > 0) read.set(came.subarray(3 * (at - batch), 3 * (at - batch) + 3), inputs * at);
      read[inputs * at + 3 + letter] = 1;
    }
  }
  return { inputs: read, came };
}

const sigmoid = (o: number) => 1 / (1 + Math.exp(-o));
const logSum = (of: number[]) =>
  Math.max(...of) + Math.log(of.reduce((all, v) => all + Math.exp(v - Math.max(...of)), 0));
/** The numbers of each component in a row of outputs. */
const mixture = (o: Float32Array, row: number) =>
  Array.from({ length: components }, (_, k) =>
    [0, 1, 2, 3, 4].map((part) => o[row * outputs + part * components + k]!),
  );

/** −ln Σ π·N(dx; μ, σ)·N(dy; μ, σ) − ln P(pen), its mean over all moves, and its derivative with respect to each output. */
function negativeLogLikelihood(o: Float32Array, came: Float32Array) {
  const count = came.length / 3;
  const dOutputs = new Float32Array(o.length);
  let sum = 0;
  for (let row = 0; row < count; row++) {
    const [dx, dy, up] = came.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
    const parts = mixture(o, row);
    const total = logSum(parts.map(([logit]) => logit!));
    const z = parts.map(([, x, y, lnX, lnY]) => [(dx - x!) / Math.exp(lnX!), (dy - y!) / Math.exp(lnY!)]);
    const joint = parts.map(
      ([logit, , , lnX, lnY], k) =>
        logit! - total - lnX! - lnY! - Math.log(2 * Math.PI) - Math.hypot(...z[k]!) ** 2 / 2,
    );
    sum -= logSum(joint);
    for (const [k, [logit, , , lnX, lnY]] of parts.entries()) {
      const blame = Math.exp(joint[k]! - logSum(joint)); // how likely the move is of this component
      const [zx, zy] = z[k]!;
      const d = [Math.exp(logit! - total) - blame, (-blame * zx!) / Math.exp(lnX!), (-blame * zy!) / Math.exp(lnY!)];
      d.push(blame * (1 - zx! ** 2), blame * (1 - zy! ** 2));
      for (const [part, value] of d.entries()) dOutputs[row * outputs + part * components + k] = value / count;
    }
    const pen = o[row * outputs + outputs - 1]!;
    sum += Math.log1p(Math.exp(up ? -pen : pen));
    dOutputs[row * outputs + outputs - 1] = (sigmoid(pen) - up) / count;
  }
  return { loss: sum / count, dOutputs };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(inputs), layers: [gru(48)], readout: everyStep(outputs), loss: noLoss() },
});
const trainer = await Trainer.create(network, {
  ...{ steps: moves, batch, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 },
});
for (let step = 1; step <= 250; step++) {
  const { inputs, came } = draw();
  const { loss, dOutputs } = negativeLogLikelihood(await trainer.forward({ inputs }), came);
  await trainer.backward(dOutputs);
  if (step % 50 === 0) console.log(`step ${step}: ${loss.toFixed(3)} nats a move`);
}

const unseen = draw();
export const surprise = negativeLogLikelihood(await trainer.forward({ inputs: unseen.inputs }), unseen.came).loss;

// The network writes: each letter some times side by side, every move drawn of its mixture and read again.
const times = 16;
export const written = Array.from({ length: times * letters.length }, (_, i) => ({
  letter: i % letters.length,
  strokes: [[[0, 0]]] as Point[][],
}));
using predictor = await network.predictor({ batch: written.length, carryState: true });
const moved = new Float32Array(written.length * inputs);
for (const [row, { letter }] of written.entries()) moved[row * inputs + 3 + letter] = 1;
for (let t = 0; t < moves; t++) {
  const { values } = await predictor.run({ inputs: moved });
  for (const [row, { strokes }] of written.entries()) {
    const parts = mixture(values, row);
    const total = logSum(parts.map(([logit]) => logit!));
    const share = (k: number) => Math.exp(parts[k]![0]! - total);
    let [k, left] = [0, uniform() - share(0)];
    while (left >= 0 && k < components - 1) left -= share(++k);
    const [, x, y, lnX, lnY] = parts[k] as [number, number, number, number, number];
    const [dx, dy] = [x + 0.5 * Math.exp(lnX) * normal(), y + 0.5 * Math.exp(lnY) * normal()]; // a calm hand: half of σ
    const up = uniform() < sigmoid(values[row * outputs + outputs - 1]!);
    const [x0, y0] = strokes.at(-1)!.at(-1)!;
    const point: Point = [x0 + dx / scale, y0 + dy / scale];
    if (up) strokes.push([point]);
    else strokes.at(-1)!.push(point);
    moved.set([dx, dy, up ? 1 : 0], row * inputs);
  }
}

/** A line of what it wrote, as a picture. */
const pathOf = (strokes: Point[][], dx: number) =>
  strokes
    .map((stroke) => `M${stroke.map(([x, y]) => `${(40 * x + dx).toFixed(1)},${(60 - 40 * y).toFixed(1)}`).join("L")}`)
    .join("");
export const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${60 * letters.length + 20} 120">
  <path fill="none" stroke="currentColor" d="${written
    .slice(0, letters.length)
    .map(({ strokes }, i) => pathOf(strokes, 60 * i + 20))
    .join("")}"/></svg>`;
console.log(svg);
console.log(`moves that it has not seen: ${surprise.toFixed(3)} nats each`);
gpu.destroy();
