// Seeded numbers for tests, and how far two lists of numbers lie apart.

/** The worst |a − b| / (1 + |b|), infinite where anything is not a number or lengths differ. */
export function worstError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return worst;
}

/** Seeded numbers in ±scale, for tests: a linear congruential generator. */
export function numbers(length: number, seed: number, scale = 1): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** Seeded logits in offset ± scale: the offset changes no probability, and drowns what is added to it. */
export const logitsOf = (
  length: number,
  seed: number,
  { scale, offset }: { scale: number; offset: number },
): Float32Array => numbers(length, seed, scale).map((value) => value + offset);

/** Seeded integers from `least` to `most`. */
export function integers(length: number, seed: number, least: number, most: number): Int32Array {
  return Int32Array.from(numbers(length, seed), (value) =>
    Math.min(most, least + Math.floor(((value + 1) / 2) * (most - least + 1))),
  );
}

/** What rows count, from 0 to 2: a quarter of them nothing. */
export const rowWeightsOf = (rows: number, seed: number): Float32Array =>
  numbers(rows, seed).map((value) => Math.max(0, (value + 0.5) * (4 / 3)));
