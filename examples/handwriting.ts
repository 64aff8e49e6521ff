// Writes by hand: a network that has seen letters drawn, move by move, draws new ones, each a little different. The next move of a pen
// is told by a mixture of Gaussians in two dimensions, and whether it is lifted then (Graves 2013, arXiv 1308.0850): a letter may be
// begun in several ways, and the mean of two ways is none.

import { adam, cosine, everyStep, features, lstm, Network, noLoss, openGpu, Trainer } from "tempograd";

type Point = readonly [x: number, y: number];
type Letter = readonly (readonly Point[])[];

const bowl: Point[] = [[0.75, 0.8], [0.45, 1], [0.1, 0.7], [0.1, 0.3], [0.45, 0], [0.75, 0.25]]; // biome-ignore format: a stroke
const stem: Point[] = [[0.75, 2], [0.75, 1], [0.75, 0]]; // biome-ignore format: likewise
const ring = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i): Point => {
  const angle = (2 * Math.PI * i) / 8;
  return [0.45 + 0.4 * Math.sin(angle), 0.5 + 0.5 * Math.cos(angle)];
});
/** Strokes by the points that they go through, the baseline at 0 and the height of an x at 1; an o in two ways. */
const letters: Record<string, readonly Letter[]> = {
  d: [[bowl, stem]],
  e: [[[[0.1, 0.5], [0.8, 0.5], [0.75, 0.85], [0.45, 1], [0.15, 0.8], [0.1, 0.4], [0.45, 0], [0.8, 0.2]]]], // biome-ignore format: a stroke
  h: [[[[0.1, 2], [0.1, 1], [0.1, 0], [0.1, 0.6], [0.4, 1], [0.7, 0.7], [0.7, 0]]]], // biome-ignore format: likewise
  l: [[[[0.2, 2], [0.2, 1], [0.2, 0.2], [0.45, 0]]]], // biome-ignore format: likewise
  o: [[ring], [ring.slice().reverse()]],
  r: [[[[0.1, 1], [0.1, 0], [0.1, 0.6], [0.35, 0.95], [0.65, 0.9]]]], // biome-ignore format: likewise
  w: [[[[0, 1], [0.25, 0], [0.5, 0.8], [0.75, 0], [1, 1]]]], // biome-ignore format: likewise
};
const names = Object.keys(letters);

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

/** A move, and what comes of the pen then: 0 it stays down, 1 it is lifted for the next move, 2 the letter ends. */
interface Move {
  readonly x: number;
  readonly y: number;
  readonly pen: number;
}

/** The curve through some points (Catmull and Rom 1974), at about equal distances. */
function curve(points: readonly Point[]): Point[] {
  const at = (i: number) => points[Math.min(Math.max(i, 0), points.length - 1)]!;
  return points.slice(1).flatMap((_, i) => {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const count = Math.max(1, Math.round(Math.hypot(c[0] - b[0], c[1] - b[1]) / 0.25));
    return Array.from({ length: count }, (_, k) => {
      const t = (k + 1) / count;
      const on = (j: 0 | 1) =>
        b[j] +
        (t * (c[j] - a[j] + t * (2 * a[j] - 5 * b[j] + 4 * c[j] - d[j] + t * (3 * (b[j] - c[j]) + d[j] - a[j])))) / 2;
      return [on(0), on(1)] as const;
    });
  });
}

/** A letter as a hand draws it: narrow or wide, leaning, trembling. The first move goes from the baseline to where it begins. */
function draw(strokes: Letter, hand = 1): Move[] {
  const [wide, high, lean] = [1 + 0.1 * hand * normal(), 1 + 0.08 * hand * normal(), 0.1 * hand * normal()];
  let [px, py] = [0, 0];
  return strokes.flatMap((stroke, s) => {
    const points = [stroke[0]!, ...curve(stroke)];
    return points.map(([x, y], i) => {
      const nx = wide * x + lean * y + 0.012 * hand * normal();
      const ny = high * y + 0.012 * hand * normal();
      const move = { x: nx - px, y: ny - py, pen: i < points.length - 1 ? 0 : s < strokes.length - 1 ? 1 : 2 };
      [px, py] = [nx, ny];
      return move;
    });
  });
}

const [steps, batch, components] = [32, 32, 6];
const outputs = 3 + 6 * components; // logits of the pen, then of each component its share, two means, two ln σ, and ρ before tanh
const inputs = 2 + 3 + names.length;

/** What is read of a move, of which letter; before the first one the pen is lifted. */
function fill(into: Float32Array, row: number, { x, y, pen }: Move, letter: number): void {
  into.fill(0, row * inputs, (row + 1) * inputs);
  into.set([x, y], row * inputs);
  into[row * inputs + 2 + pen] = 1;
  into[row * inputs + 5 + letter] = 1;
}
const before: Move = { x: 0, y: 0, pen: 1 };

/** A mixture, by the outputs of a row. */
function mixtureOf(o: Float32Array, row: number) {
  const at = row * outputs + 3;
  const part = (of: number) => Array.from({ length: components }, (_, k) => o[at + of * components + k]!);
  const [logits, muX, muY, lnX, lnY, rho] = [part(0), part(1), part(2), part(3), part(4), part(5)] as const;
  return { pen: softmax([...o.subarray(at - 3, at)]), shares: softmax(logits!), muX: muX!, muY: muY!, lnX: lnX!, lnY: lnY!, rho: rho!.map((r) => 0.95 * Math.tanh(r)) }; // biome-ignore format: a line
}
function softmax(logits: readonly number[]): number[] {
  const all = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return all.map((one) => one / all.reduce((sum, each) => sum + each));
}

/** −ln p of the moves that came, its mean, and its derivative with respect to each output (equations 24 to 37 there). */
function negativeLogLikelihood(o: Float32Array, moves: readonly (Move | undefined)[]) {
  const dOutputs = new Float32Array(o.length);
  const count = moves.filter((move) => move).length;
  let sum = 0;
  for (const [row, move] of moves.entries()) {
    if (!move) continue; // the letter has ended
    const { pen, shares, muX, muY, lnX, lnY, rho } = mixtureOf(o, row);
    const joint = shares.map((share, k) => {
      const [x, y] = [(move.x - muX[k]!) / Math.exp(lnX[k]!), (move.y - muY[k]!) / Math.exp(lnY[k]!)];
      const c = 1 / (1 - rho[k]! ** 2);
      const z = x * x + y * y - 2 * rho[k]! * x * y;
      const ln = Math.log(share + 1e-30) - Math.log(2 * Math.PI) - lnX[k]! - lnY[k]! + (Math.log(c) - c * z) / 2;
      return { ln, x, y, c, z };
    });
    const most = Math.max(...joint.map(({ ln }) => ln));
    const likelihood = joint.reduce((all, { ln }) => all + Math.exp(ln - most), 0);
    sum -= most + Math.log(likelihood) + Math.log(pen[move.pen]! + 1e-30);
    const at = row * outputs;
    for (let p = 0; p < 3; p++) dOutputs[at + p] = (pen[p]! - (p === move.pen ? 1 : 0)) / count;
    for (const [k, { ln, x, y, c, z }] of joint.entries()) {
      const blame = Math.exp(ln - most) / likelihood;
      const put = (part: number, value: number) => {
        dOutputs[at + 3 + part * components + k] = value / count;
      };
      const r = rho[k]!;
      put(0, shares[k]! - blame);
      put(1, (-blame * c * (x - r * y)) / Math.exp(lnX[k]!));
      put(2, (-blame * c * (y - r * x)) / Math.exp(lnY[k]!));
      put(3, blame * (1 - c * x * (x - r * y)));
      put(4, blame * (1 - c * y * (y - r * x)));
      put(5, -blame * c * (x * y + r * (1 - c * z)) * (0.95 - r ** 2 / 0.95));
    }
  }
  return { loss: sum / count, dOutputs };
}

/** Letters side by side, and the moves that are to be told: one step ahead. */
function drawBatch() {
  const read = new Float32Array(steps * batch * inputs);
  const moves: (Move | undefined)[] = new Array(steps * batch).fill(undefined);
  for (let b = 0; b < batch; b++) {
    const letter = Math.floor(names.length * uniform());
    const ways = letters[names[letter]!]!;
    const drawn = draw(ways[Math.floor(ways.length * uniform())]!).slice(0, steps);
    for (const [t, move] of drawn.entries()) {
      fill(read, t * batch + b, t === 0 ? before : drawn[t - 1]!, letter);
      moves[t * batch + b] = move;
    }
  }
  return { inputs: read, moves };
}

const gpu = await openGpu();
const network = await Network.create(gpu, {
  ...{ input: features(inputs), layers: [lstm(64, { forgetBias: 1 })], readout: everyStep(outputs), loss: noLoss() },
});
const updates = 1800;
const trainer = await Trainer.create(network, {
  ...{ steps, batch, clipNorm: 1, optimizer: adam({ learningRate: 0.01 }) },
  learningRateSchedule: cosine({ steps: updates }),
});
for (let step = 1; step <= updates; step++) {
  const { inputs, moves } = drawBatch();
  const { loss, dOutputs } = negativeLogLikelihood(await trainer.forward({ inputs }), moves);
  await trainer.backward(dOutputs);
  if (step % 100 === 0) console.log(`update ${step}: ${loss.toFixed(2)} nats a move`);
}

/** One of several, as likely as they say. */
function choose(shares: readonly number[]): number {
  let left = uniform();
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return i;
  }
  return 0;
}

/** Draws letters, each move by what the network tells of it. @param bias towards what is likely: a neater hand. */
async function write(text: readonly number[], bias: number): Promise<Move[][]> {
  const predictor = await network.predictor({ batch: text.length, carryState: true });
  const read = new Float32Array(text.length * inputs);
  const drawn = text.map((): Move[] => []);
  const sharper = (shares: readonly number[]) => softmax(shares.map((one) => (1 + bias) * Math.log(one + 1e-30)));
  for (let t = 0; t < steps; t++) {
    for (const [b, letter] of text.entries()) fill(read, b, drawn[b]!.at(-1) ?? before, letter);
    const { values } = await predictor.run({ inputs: read });
    for (const [b, moves] of drawn.entries()) {
      if (moves.at(-1)?.pen === 2) continue;
      const { pen, shares, muX, muY, lnX, lnY, rho } = mixtureOf(values, b);
      const k = choose(sharper(shares));
      const [u, v, r] = [normal(), normal(), rho[k]!];
      const x = muX[k]! + Math.exp(lnX[k]! - bias) * u;
      const y = muY[k]! + Math.exp(lnY[k]! - bias) * (r * u + Math.sqrt(1 - r * r) * v);
      moves.push({ x, y, pen: choose(sharper(pen)) });
    }
  }
  predictor.destroy();
  return drawn;
}

/** Where the pen was down. */
function ink(moves: readonly Move[]): Point[] {
  let [x, y, down] = [0, 0, false];
  return moves.flatMap((move) => {
    const parts = down ? 4 : 1;
    const [fromX, fromY] = [x, y];
    [x, y, down] = [x + move.x, y + move.y, move.pen === 0];
    return Array.from({ length: parts }, (_, i): Point => {
      const share = (i + 1) / parts;
      return [fromX + share * move.x, fromY + share * move.y];
    });
  });
}
/** As wide and as high as any other. */
function fitted(points: readonly Point[]): Point[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, low, right, high] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  return points.map(([x, y]) => [(x - left) / (right - left + 0.1), (y - low) / (high - low + 0.1)]);
}
const apart = (a: readonly Point[], b: readonly Point[]) =>
  a.reduce((sum, [x, y]) => sum + Math.min(...b.map(([u, v]) => Math.hypot(x - u, y - v))), 0) / a.length;
const templates = names.map((name) => fitted(ink(draw(letters[name]![0]!, 0))));
/** Which letter a drawing is nearest to. */
function nearest(moves: readonly Move[]): number {
  const drawn = fitted(ink(moves));
  const distances = templates.map((template) => apart(drawn, template) + apart(template, drawn));
  return distances.indexOf(Math.min(...distances));
}

const asked = names.flatMap((_, letter) => new Array<number>(20).fill(letter));
const written = await write(asked, 1);
export const share = written.filter((moves, i) => nearest(moves) === asked[i]).length / asked.length;
/** An o may be drawn either way round: how many go to the right first. */
const circles = written.filter((_, i) => names[asked[i]!] === "o");
export const toTheRight = circles.filter(([, second]) => second!.x > 0).length / circles.length;
console.log(`${(100 * share).toFixed(0)}% of its letters are nearest to what they should be`);
console.log(`${(100 * toTheRight).toFixed(0)}% of its o go to the right first, of those that it learned of half`);

/** A line of writing in dots of Braille, two by four a character. */
const word = "hello world";
const own = await write([...word].filter((name) => name !== " ").map((name) => names.indexOf(name)), 1); // biome-ignore format: a line
const [columns, rows] = [2 * 56, 4 * 6];
const dots = new Set<number>();
let left = 0.2;
for (const name of word) {
  if (name !== " ") {
    for (const [x, y] of ink(own.shift()!)) dots.add(Math.round(19 - 8 * y) * columns + Math.round(8 * (left + x)));
  }
  left += 1.15;
}
for (let row = 0; row < rows; row += 4) {
  const bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
  const characters = Array.from({ length: columns / 2 }, (_, i) =>
    bits.reduce(
      (all, bit, dot) => all + (dots.has((row + (dot >> 1)) * columns + 2 * i + (dot & 1)) ? bit : 0),
      0x2800,
    ),
  );
  console.log(String.fromCharCode(...characters));
}
gpu.destroy();
