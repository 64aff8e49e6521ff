import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allRows, matmul, matmulTransposeA, matmulTransposeB } from "../../src/ops/matmul";
import { oneSlab } from "../../src/ops/operands";
import * as reference from "../../src/reference/matmul";
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
        const operand = { tensor: bench.tensor("a", [first + rows, depth], a), first, count: rows };
        matmul(bench.plan, { label: "A·B", a: operand, b: bench.tensor("b", [depth, width], b), out });
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
          a: allRows(bench.tensor("a", [rows, depth], a)),
          b: bench.tensor("b", [depth, width], b),
          bias: bench.tensor("bias", [width], bias),
          out,
        });
        const got = await bench.run({ out });
        expect(worstError(got.out, reference.matmul(a, b, rows, depth, width, bias))).toBeLessThan(1e-5);
      }),
      { numRuns: 10 },
    );
  });

  test("A·Bᵀ is the reference's for any sizes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, depth, width, seed }) => {
        const bench = new Workbench(gpu());
        const a = numbers(rows * depth, seed);
        const b = numbers(width * depth, seed + 1);
        const out = bench.tensor("out", [rows, width]);
        const operand = allRows(bench.tensor("a", [rows, depth], a));
        matmulTransposeB(bench.plan, { label: "A·Bᵀ", a: operand, b: bench.tensor("b", [width, depth], b), out });
        const got = await bench.run({ out });
        expect(worstError(got.out, reference.matmulTransposeB(a, b, rows, depth, width))).toBeLessThan(1e-5);
      }),
      runs,
    );
  });

  test("Aᵀ·B is the reference's for any sizes, in one slab or as the sum of several", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 5 }), async ({ rows, depth, width, seed }, count) => {
        const bench = new Workbench(gpu());
        const a = numbers(depth * rows, seed);
        const b = numbers(depth * width, seed + 1);
        const { parts, slabs } = bench.slabs("slabs", [rows, width], count);
        matmulTransposeA(bench.plan, {
          label: "Aᵀ·B",
          a: allRows(bench.tensor("a", [depth, rows], a)),
          b: bench.tensor("b", [depth, width], b),
          out: slabs,
        });
        const sum = sumOfSlabs((await bench.run({ parts })).parts, [rows, width], count);
        expect(worstError(sum, reference.matmulTransposeA(a, b, rows, depth, width))).toBeLessThan(1e-5);
      }),
      runs,
    );
  });

  test("Shapes that do not fit are refused by name before anything is dispatched", () => {
    const bench = new Workbench(gpu());
    const a = bench.tensor("left", [3, 4]);
    const b = bench.tensor("right", [5, 6]);
    const out = bench.tensor("out", [3, 6]);
    expect(() => matmul(bench.plan, { label: "bad", a: allRows(a), b, out })).toThrow(
      'matmul: "left" is 4 wide, expected 5, the K of b.',
    );
    expect(() => matmul(bench.plan, { label: "bad", a: allRows(bench.tensor("a", [2, 5])), b, out })).toThrow(
      'matmul: "out" has shape [3, 6], expected [2, 6] for [M, N].',
    );
    expect(() => matmulTransposeA(bench.plan, { label: "bad", a: allRows(a), b, out: oneSlab(out) })).toThrow("rows");
    expect(bench.plan.describe().total.dispatches).toBe(0);
    bench.plan.destroy();
  });
});
