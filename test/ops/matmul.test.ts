import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describe as planned } from "../../src/gpu/describe";
import { matmul } from "../../src/ops/matmul";
import * as reference from "../../src/reference/matmul";
import { rowSum } from "../../src/reference/row-sum";
import { numbers, worstError } from "../numbers";
import { sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 130 });
const shapes = fc.record({ rows: size, depth: size, width: size, seed: fc.nat(1e6) });
const runs = { numRuns: 15 };

describe("matmul", () => {
  test("A·B is the reference's for any sizes, from any first row of A", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(9), async ({ rows, depth, width, seed }, first) => {
        const bench = new Workbench(gpu());
        const a = numbers((first + rows) * depth, seed);
        const b = numbers(depth * width, seed + 1);
        const out = bench.tensor("out", [rows, width]);
        const operand = { tensor: bench.tensor("a", [first + rows, depth], a), rows: [first, rows] } as const;
        const right = { tensor: bench.tensor("b", [depth, width], b) };
        matmul(bench.plan, { label: "A·B", a: operand, b: right, out: { tensor: out } });
        const got = await bench.run({ out });
        const expected = reference.matmul(a.subarray(first * depth), b, rows, depth, width);
        expect(worstError(got.out, expected)).toBeLessThan(1e-5);
      }),
      runs,
    );
  });

  test("A·B + bias adds the bias to every row", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, depth, width, seed }) => {
        const bench = new Workbench(gpu());
        const a = numbers(rows * depth, seed);
        const b = numbers(depth * width, seed + 1);
        const bias = numbers(width, seed + 2);
        const out = bench.tensor("out", [rows, width]);
        matmul(bench.plan, {
          label: "A·B + bias",
          a: { tensor: bench.tensor("a", [rows, depth], a) },
          b: { tensor: bench.tensor("b", [depth, width], b) },
          bias: bench.tensor("bias", [width], bias),
          out: { tensor: out },
        });
        const got = await bench.run({ out });
        expect(worstError(got.out, reference.matmul(a, b, rows, depth, width, bias))).toBeLessThan(1e-5);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    [64, 64, "one stretch of depth"],
    [125, 61, "twice as deep, and columns without a neighbour"],
    [259, 126, "several stretches, the last a rest"],
  ])("A·B + bias, added, and A·Bᵀ of many rows, %i deep and %i wide, are the reference's: %s", async (depth, width) => {
    const bench = new Workbench(gpu());
    const rows = 301;
    const [a, b, before] = [numbers(rows * depth, 1), numbers(depth * width, 2), numbers(rows * width, 3)];
    const bias = numbers(width, 4);
    const transposed = b.map((_, i) => b[(i % depth) * width + Math.floor(i / depth)]!);
    const left = { tensor: bench.tensor("a", [rows, depth], a) };
    const out = bench.tensor("out", [rows, width], before);
    const outOfTransposed = bench.tensor("out of Bᵀ", [rows, width]);
    matmul(bench.plan, {
      label: "A·B + bias, added",
      a: left,
      b: { tensor: bench.tensor("b", [depth, width], b) },
      bias: bench.tensor("bias", [width], bias),
      out: { tensor: out },
      accumulate: true,
    });
    const right = { tensor: bench.tensor("bᵀ", [width, depth], transposed) };
    matmul(bench.plan, { label: "A·Bᵀ", transpose: "b", a: left, b: right, out: { tensor: outOfTransposed } });
    const got = await bench.run({ out, outOfTransposed });
    const expected = reference.matmul(a, b, rows, depth, width, bias);
    expect(
      worstError(
        got.out,
        expected.map((x, i) => x + before[i]!),
      ),
    ).toBeLessThan(1e-5);
    expect(worstError(got.outOfTransposed, reference.matmul(a, b, rows, depth, width))).toBeLessThan(1e-5);
  });

  test("A·Bᵀ is the reference's for any sizes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, depth, width, seed }) => {
        const bench = new Workbench(gpu());
        const a = numbers(rows * depth, seed);
        const b = numbers(width * depth, seed + 1);
        const out = bench.tensor("out", [rows, width]);
        const left = { tensor: bench.tensor("a", [rows, depth], a) };
        const right = { tensor: bench.tensor("b", [width, depth], b) };
        matmul(bench.plan, { label: "A·Bᵀ", transpose: "b", a: left, b: right, out: { tensor: out } });
        const got = await bench.run({ out });
        expect(worstError(got.out, reference.matmulTransposeB(a, b, rows, depth, width))).toBeLessThan(1e-5);
      }),
      runs,
    );
  });

  test("Aᵀ·B and the sum of B's rows are the reference's for any sizes, in one slab or as the sum of several", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 5 }), async ({ rows, depth, width, seed }, count) => {
        const bench = new Workbench(gpu());
        const a = numbers(depth * rows, seed);
        const b = numbers(depth * width, seed + 1);
        const { parts, slabs, biasSlabs, biasRow } = bench.slabs("slabs", [rows, width], count);
        matmul(bench.plan, {
          bSum: biasSlabs,
          label: "Aᵀ·B",
          transpose: "a",
          a: { tensor: bench.tensor("a", [depth, rows], a) },
          b: { tensor: bench.tensor("b", [depth, width], b) },
          out: slabs,
        });
        const got = (await bench.run({ parts })).parts;
        const sum = sumOfSlabs(got, [rows, width], count);
        expect(worstError(sum, reference.matmulTransposeA(a, b, rows, depth, width))).toBeLessThan(1e-5);
        expect(worstError(sumOfSlabs(got, [width], count, biasRow), rowSum(b, width))).toBeLessThan(1e-5);
      }),
      runs,
    );
  });

  test("parts of the width of A, B and C, and parts of the rows of B, stand for themselves; products add up", async () => {
    const small = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(small, small, small, fc.nat(1e6), async (rows, depth, width, seed) => {
        const bench = new Workbench(gpu());
        const a = numbers(rows * 2 * depth, seed); // two parts side by side
        const b = numbers(2 * depth * width, seed + 1); // two parts below each other
        const out = bench.tensor("out", [rows, 3 * width], undefined, { parts: 3 });
        const left = bench.tensor("a", [rows, 2 * depth], a, { parts: 2 });
        const right = bench.tensor("b", [2 * depth, width], b, { rowParts: 2 });
        for (const part of [0, 1]) {
          matmul(bench.plan, {
            label: "part",
            a: { tensor: left, parts: [part, 1] },
            b: { tensor: right, rowPart: part },
            out: { tensor: out, parts: [1, 1] },
            accumulate: part === 1,
          });
        }
        const whole = reference.matmul(a, b, rows, 2 * depth, width);
        const expected = new Float64Array(rows * 3 * width);
        for (let row = 0; row < rows; row++) {
          expected.set(whole.subarray(row * width, (row + 1) * width), (3 * row + 1) * width);
        }
        expect(worstError((await bench.run({ out })).out, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 10 },
    );
  });

  test("Sizes that do not fit are refused by name before anything is dispatched", () => {
    const bench = new Workbench(gpu());
    const a = { tensor: bench.tensor("left", [3, 4]) };
    const b = { tensor: bench.tensor("right", [5, 6]) };
    const out = { tensor: bench.tensor("out", [3, 6]) };
    expect(() => matmul(bench.plan, { label: "bad", a, b, out })).toThrow(
      'matmul: the columns of "left" are 4, expected 5, the rows of "right".',
    );
    const fitting = { tensor: bench.tensor("a", [2, 5]) };
    expect(() => matmul(bench.plan, { label: "bad", a: fitting, b, out })).toThrow(
      'matmul: "out" [3, 6] takes 3 × 6, expected [M, N] = [2, 6].',
    );
    expect(() => matmul(bench.plan, { label: "bad", transpose: "a", a, b, out })).toThrow(
      'matmul: the rows of "left" are 3, expected 5, the rows of "right".',
    );
    const long = { tensor: bench.tensor("long", [9, 6]) };
    const into = { tensor: bench.tensor("into", [4, 6]) };
    const some = (rows: readonly [number, number]) => {
      const of = { tensor: bench.tensor("of", [rows[1], 4]) };
      matmul(bench.plan, { label: "bad", transpose: "a", a: of, b: { ...long, rows }, out: into });
    };
    expect(() => some([0, 3])).toThrow(
      'matmul: 3 rows of "long" are summed over, expected a multiple of four or its last',
    );
    expect(planned(bench.plan).total.dispatches).toBe(0);
    for (const rows of [
      [2, 4],
      [6, 3],
    ] as const)
      expect(() => some(rows)).not.toThrow();
    bench.destroy();
  });
});
