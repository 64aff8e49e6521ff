// Orthogonal matrices from a seed, by random rotations: 3·n²·(2·log₂ n + 20) multiplications and additions, where reflections
// (Stewart 1980) take 4/3·n³ and Gram and Schmidt's process, twice against rounding, 4·n³.

/** A number from 0 to 1. */
export type Draw = () => number;

/** Columns that are turned together: few enough to stay in the cache from one rotation to the next. */
const panelWidth = 64;

/**
 * Fills a square block of columns of a row-major matrix with an orthogonal matrix: UᵀU = 1 within 1e-6.
 *
 * It is a random walk of rotations (Kac 1956) from a diagonal of random signs: in each of 2·⌈log₂ n⌉ + 20 rounds the rows are
 * paired at random, and each pair is turned by an angle of its own, uniform on the circle. A round halves, in the mean, how far
 * the squares of a column's entries are from alike. So no direction is preferred: columns, low moments and the moments of the
 * traces of powers are those of the uniform (Haar) distribution. The whole is not quite: with more than some 40 rows there
 * are fewer angles than an orthogonal matrix has degrees of freedom.
 * @param data [size, stride], out
 * @param first the block's first column
 * @yields after every few milliseconds
 */
export function* orthogonal(data: Float32Array, size: number, stride: number, first: number, draw: Draw) {
  const signs = Int8Array.from({ length: size }, () => (draw() < 0.5 ? -1 : 1));
  const { pairs, turns } = yield* rotations(size, draw);
  for (let begin = 0; begin < size; begin += panelWidth) {
    yield;
    const width = Math.min(panelWidth, size - begin);
    const panel = new Float64Array(size * width);
    for (let j = 0; j < width; j++) panel[(begin + j) * width + j] = signs[begin + j]!;
    turn(panel, width, pairs, turns);
    for (let row = 0; row < size; row++)
      data.set(panel.subarray(row * width, (row + 1) * width), row * stride + first + begin);
  }
}

/** Draws pairs of rows, one rotation's after another's, and the cosine and the sine of each. */
function* rotations(size: number, draw: Draw) {
  const rounds = 2 * Math.ceil(Math.log2(size)) + 20;
  const paired = size - (size % 2);
  const pairs = new Uint32Array(rounds * paired);
  const turns = new Float64Array(pairs.length);
  const rows = Uint32Array.from({ length: size }, (_, i) => i);
  for (let begin = 0; begin < pairs.length; begin += paired) {
    yield;
    for (let i = size - 1; i > 0; i--) {
      const other = Math.floor(draw() * (i + 1));
      const row = rows[i]!;
      rows[i] = rows[other]!;
      rows[other] = row;
    }
    pairs.set(rows.subarray(0, paired), begin);
    for (let at = begin; at < begin + paired; at += 2) direction(turns, at, draw);
  }
  return { pairs, turns };
}

/** Draws the cosine and the sine of an angle: of a point that is uniform in the unit disc, but for its midst. */
function direction(turns: Float64Array, at: number, draw: Draw): void {
  for (;;) {
    const x = 2 * draw() - 1;
    const y = 2 * draw() - 1;
    const squared = x * x + y * y;
    if (squared < 1e-6 || squared > 1) continue;
    const length = Math.sqrt(squared);
    turns[at] = x / length;
    turns[at + 1] = y / length;
    return;
  }
}

/** Turns the rows of a panel, pair by pair. */
function turn(panel: Float64Array, width: number, pairs: Uint32Array, turns: Float64Array): void {
  for (let at = 0; at < pairs.length; at += 2) {
    const one = pairs[at]! * width;
    const other = pairs[at + 1]! * width;
    const cosine = turns[at]!;
    const sine = turns[at + 1]!;
    for (let j = 0; j < width; j++) {
      const x = panel[one + j]!;
      const y = panel[other + j]!;
      panel[one + j] = cosine * x - sine * y;
      panel[other + j] = sine * x + cosine * y;
    }
  }
}
