// Orthogonal matrices by random rotations: how they are distributed, and that a seed says all of them.

import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { describe, expect, test } from "vitest";
import { generatorOf } from "../../src/network/generator";
import { orthogonal } from "../../src/network/orthogonal";

/** Square matrices of a seed, one after the other. */
function* matrices(size: number, seed = 1): Generator<Float32Array, never> {
  const generator = generatorOf(seed);
  for (;;) {
    const data = new Float32Array(size * size);
    for (const _ of orthogonal(data, size, size, 0, () => uniformFloat64(generator)));
    yield data;
  }
}

const product = (a: ArrayLike<number>, b: ArrayLike<number>, size: number) =>
  Float64Array.from({ length: size * size }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[at - (at % size) + k]! * b[k * size + (at % size)]!;
    return sum;
  });
const trace = (a: ArrayLike<number>, size: number) =>
  Array.from({ length: size }, (_, i) => a[i * (size + 1)]!).reduce((sum, value) => sum + value, 0);
/** The trace of a product, of which nothing else is needed. */
function traceOf(a: ArrayLike<number>, b: ArrayLike<number>, size: number): number {
  let sum = 0;
  for (let at = 0; at < size * size; at++) sum += a[at]! * b[(at % size) * size + Math.floor(at / size)]!;
  return sum;
}
const columnsAgainstEachOther = (a: Float32Array, size: number) =>
  product(
    Float64Array.from(a, (_, at) => a[(at % size) * size + Math.floor(at / size)]!),
    a,
    size,
  );

test.each([1, 2, 3, 17, 64, 65, 130, 300])("UᵀU = 1 within 1e-6: %i rows", (size) => {
  const errors = columnsAgainstEachOther(matrices(size).next().value, size).map((value, at) =>
    Math.abs(value - (at % (size + 1) === 0 ? 1 : 0)),
  );
  expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-6);
});

test("a block is written where it stands, and nothing beside it", () => {
  const [size, stride, first] = [70, 75, 2];
  const generator = generatorOf(1);
  const data = new Float32Array(size * stride).fill(9);
  for (const _ of orthogonal(data, size, stride, first, () => uniformFloat64(generator)));
  const alone = matrices(size).next().value;
  const expected = data.map((_, at) => {
    const column = (at % stride) - first;
    return column < 0 || column >= size ? 9 : alone[Math.floor(at / stride) * size + column]!;
  });
  expect(data).toEqual(expected);
});

test("a seed's bits are the same on every machine", () => {
  const hash = (size: number) => createHash("sha256").update(matrices(size).next().value).digest("hex").slice(0, 16);
  expect([5, 64, 131].map(hash)).toEqual(["b9d6081f5c5ff188", "4c3049e68b176a3d", "df324ba1bce4140f"]);
});

test("it mirrors as often as it does not", () => {
  const drawn = matrices(2);
  const determinants = Array.from({ length: 1000 }, () => {
    const [a, b, c, d] = drawn.next().value as unknown as [number, number, number, number];
    return Math.round(a * d - b * c);
  });
  expect(new Set(determinants)).toEqual(new Set([1, -1]));
  expect(Math.abs(determinants.reduce((sum, sign) => sum + sign, 0))).toBeLessThan(4 * Math.sqrt(1000));
});

/**
 * What is known of uniformly distributed (Haar) orthogonal matrices: traces of powers k have the moments of normal variates with
 * variance k, about 1 where k is even (Diaconis and Shahshahani 1994); a bilinear form of unit vectors is an entry of another
 * such matrix, whose fourth moment is 3 / (n·(n + 2)).
 */
const moments: Record<string, [expected: (size: number) => number, of: (a: Float32Array, size: number) => number]> = {
  "the trace": [() => 0, trace],
  "the square of the trace": [() => 1, (a, n) => trace(a, n) ** 2],
  "the fourth power of the trace": [() => 3, (a, n) => trace(a, n) ** 4],
  "the trace of U²": [() => 1, (a, n) => traceOf(a, a, n)],
  "its square, about 1": [() => 2, (a, n) => (traceOf(a, a, n) - 1) ** 2],
  "the square of the trace of U³": [() => 3, (a, n) => traceOf(product(a, a, n), a, n) ** 2],
  "the trace by that of U²": [() => 0, (a, n) => trace(a, n) * traceOf(a, a, n)],
  "the square of the first entry": [(n) => 1 / n, (a) => a[0]! ** 2],
  "the fourth power of an entry": [
    (n) => 3 / (n * (n + 2)),
    (a) => a.reduce((sum, value) => sum + value ** 4, 0) / a.length,
  ],
  "the square of the mean of all entries": [(n) => 1 / n ** 3, (a) => (sumOf(a) / a.length) ** 2],
  "the fourth power of a bilinear form": [(n) => 3 / (n * (n + 2)), (a, n) => (sumOf(a) / n) ** 4],
  "squares of two entries of a row": [(n) => 1 / (n * (n + 2)), (a) => (a[0]! * a[1]!) ** 2],
  "squares of two entries of a diagonal": [
    (n) => (n + 1) / ((n - 1) * n * (n + 2)),
    (a, n) => (a[0]! * a[n + 1]!) ** 2,
  ],
};
const sumOf = (a: Float32Array) => a.reduce((sum, value) => sum + value, 0);

describe.each([
  [8, 4000],
  [33, 500],
  [128, 60],
])("of %i rows, over %i matrices, it is as if no direction were preferred:", (size, count) => {
  const generator = matrices(size, size);
  const drawn = Array.from({ length: count }, () => generator.next().value);
  test.each(Object.entries(moments))("%s", (_, [expected, of]) => {
    const values = drawn.map((a) => of(a, size));
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
    expect(Math.abs(mean - expected(size)) / (deviation / Math.sqrt(count))).toBeLessThan(4);
  });
});
