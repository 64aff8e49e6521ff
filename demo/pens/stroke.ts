// Closed strokes in the square from −1 to 1: some to choose from, and the batches that a network learns one from.

import { type Batch, type BatchStream, batchStream, type Random } from "../../src/index";

export type Point = readonly [x: number, y: number];

/** Points of a closed stroke. */
export const strokePoints = 64;

/** Closed curves by name, by an angle. */
const curves = {
  "figure-eight": (angle) => [0.8 * Math.sin(angle), 0.75 * Math.sin(2 * angle)],
  heart: (angle) => [
    0.8 * Math.sin(angle) ** 3,
    0.65 * Math.cos(angle) - 0.25 * Math.cos(2 * angle) - 0.1 * Math.cos(3 * angle) + 0.1,
  ],
  clover: (angle) => [0.85 * Math.cos(3 * angle) * Math.cos(angle), 0.85 * Math.cos(3 * angle) * Math.sin(angle)],
} satisfies Record<string, (angle: number) => Point>;

export type FigureName = keyof typeof curves;

/** The points of a figure: f32 [strokePoints, 2]. */
export function figure(name: FigureName): Float32Array<ArrayBuffer> {
  const turn = name === "clover" ? Math.PI : 2 * Math.PI; // after half a turn a clover of three is back
  return closedStroke(Array.from({ length: 400 }, (_, i) => curves[name]((i / 400) * turn)))!;
}

/**
 * Lays points at equal distances along a line that leads back to its beginning.
 * @returns f32 [strokePoints, 2], or null where the line is too short to follow.
 */
export function closedStroke(line: readonly Point[]): Float32Array<ArrayBuffer> | null {
  const ends = [...line, line[0] ?? [0, 0]];
  const reached = [0]; // the length of the line up to each end
  for (let i = 1; i < ends.length; i++) {
    const [[x0, y0], [x1, y1]] = [ends[i - 1]!, ends[i]!];
    reached.push(reached[i - 1]! + Math.hypot(x1 - x0, y1 - y0));
  }
  const length = reached.at(-1)!;
  if (length < 0.5) return null;
  const points = new Float32Array(2 * strokePoints);
  let i = 1;
  for (let n = 0; n < strokePoints; n++) {
    const at = (n / strokePoints) * length;
    while (reached[i]! <= at) i++;
    const share = (at - reached[i - 1]!) / (reached[i]! - reached[i - 1]!);
    const [from, to] = [ends[i - 1]!, ends[i]!];
    points.set([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])], 2 * n);
  }
  return points;
}

/**
 * Batches without end: each row follows the stroke from anywhere, and is to tell the next point. What it reads lies
 * beside the stroke, far at first, so that it learns to come back to it.
 */
export function strokeBatches(
  stroke: Float32Array,
  given: { steps: number; batch: number; seed: number },
): BatchStream {
  return batchStream({
    stream: "stroke",
    given,
    source: (random) => ({
      next: () => strokeBatch(stroke, given, random),
      where: () => ({ random: random.state, place: [] }),
    }),
    isPlace: (place) => place.length === 0,
  });
}

function strokeBatch(stroke: Float32Array, { steps, batch }: { steps: number; batch: number }, random: Random): Batch {
  const inputs = new Float32Array(steps * batch * 2); // [steps, batch, 2]
  const targets = new Float32Array(steps * batch * 2); // [steps, batch, 2]
  for (let row = 0; row < batch; row++) {
    const start = random.integer(0, strokePoints - 1);
    for (let step = 0; step < steps; step++) {
      const astray = 0.05 + 0.6 * 0.5 ** step;
      for (const axis of [0, 1]) {
        const at = (step * batch + row) * 2 + axis;
        const point = (offset: number) => stroke[((start + step + offset) % strokePoints) * 2 + axis]!;
        inputs[at] = point(0) + astray * (2 * random.uniform() - 1);
        targets[at] = point(1);
      }
    }
  }
  return { inputs, targets };
}
