import fc from "fast-check";
import { expect, test } from "vitest";
import { rowSum } from "../../src/ops/row-sum";
import * as reference from "../../src/reference/row-sum";
import { numbers, worstError } from "../numbers";
import { stepOf, sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("rowSum is the reference's for any sizes, parts of a width and slabs, adding to what was there or not", async () => {
  const cases = fc.record({
    ...{
      rows: fc.integer({ min: 1, max: 90 }),
      part: fc.integer({ min: 1, max: 80 }),
      slabs: fc.integer({ min: 1, max: 5 }),
    },
    ...{ parts: fc.integer({ min: 1, max: 4 }), accumulate: fc.boolean(), seed: fc.nat(1e6) },
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, part, slabs: count, parts, accumulate, seed }) => {
      const bench = new Workbench(gpu());
      const data = numbers(rows * parts * part, seed);
      const first = seed % parts;
      const taken = 1 + (seed % (parts - first));
      const x = bench.tensor("x", [rows, parts * part], data, { parts });
      // As parts of a gradient are stored: each in a multiple of four.
      const spec = { shape: [taken * part], parts: taken };
      const sums = bench.tensor(
        "sums",
        [count, taken * part],
        accumulate ? numbers(count * taken * part, seed + 1) : undefined,
        {
          parts: taken,
        },
      );
      const strideBytes = 4 * taken * Math.ceil(part / 4) * 4;
      const tensor = { ...sums, ...spec, size: sums.size - (count - 1) * strideBytes };
      const before = sumOfSlabs(
        accumulate ? numbers(count * taken * part, seed + 1) : new Float32Array(count * taken * part),
        [taken * part],
        count,
      );
      rowSum(bench.plan, {
        label: "sum",
        x: { tensor: x, parts: [first, taken] },
        sum: { tensor, count, strideBytes, accumulate },
      });
      const wanted = data.filter((_, i) => {
        const column = Math.floor((i % (parts * part)) / part);
        return column >= first && column < first + taken;
      });
      const expected = reference.rowSum(wanted, taken * part).map((value, i) => value + before[i]!);
      const got = sumOfSlabs((await bench.run({ sums })).sums, [taken * part], count);
      expect(worstError(got, expected)).toBeLessThan(1e-5);
    }),
    { numRuns: 30 },
  );
});

test("rowSum notes the step of a sum that is not finite, and refuses a sum of another width", async () => {
  for (const value of [1, Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
    const bench = new Workbench(gpu());
    const x = bench.tensor(
      "x",
      [3, 8],
      Float32Array.from({ length: 24 }, (_, i) => (i % 8 === 5 ? value : 1)),
    );
    const sum = bench.tensor("sum", [8]);
    const notFinite = bench.tensor("notFinite", [1], [0], { type: "u32" });
    const slabs = { count: 1, strideBytes: 0, noting: { notFinite, step: stepOf(bench) } };
    expect(() =>
      rowSum(bench.plan, { label: "sum", x: { tensor: x }, sum: { tensor: { ...sum, shape: [7] }, ...slabs } }),
    ).toThrow('rowSum: "sum" has shape [7], expected [N] or [P, N] = [8]');
    rowSum(bench.plan, { label: "sum", x: { tensor: x }, sum: { tensor: sum, ...slabs } });
    expect((await bench.run({ notFinite })).notFinite[0], `${value}`).toBe(value === 1 ? 0 : 7);
  }
});

test.each([
  [1, 1, 1, 1],
  [3, 300, 13, 1],
  [2, 129, 70, 3],
])("sums %i matrices of %i × %i over their rows, into %i slabs", async (count, batch, width, slabCount) => {
  const bench = new Workbench(gpu());
  const data = numbers((2 + count) * batch * width, 1);
  const parts = bench.tensor("parts", [2 + count, batch, width], data);
  const rows = [2 * batch, count * batch] as const;
  const { parts: sums, slabs } = bench.slabs("sum", [count, width], slabCount);
  rowSum(bench.plan, { label: "sums", x: { tensor: parts, rows }, sum: slabs });
  rowSum(bench.plan, { label: "the same again", x: { tensor: parts, rows }, sum: { ...slabs, accumulate: true } });
  const got = await bench.run({ sums });
  const once = reference.rowSum(data.slice(2 * batch * width), width, count);
  const twice = once.map((value) => 2 * value);
  expect(worstError(sumOfSlabs(got.sums, [count, width], slabCount), twice)).toBeLessThan(1e-5);
});

test("rowSum refuses more sums than there are matrices", () => {
  const bench = new Workbench(gpu());
  const x = { tensor: bench.tensor("parts", [2, 5, 3]), rows: [5, 10] as const };
  const sum = { tensor: bench.tensor("sum", [2, 3]), count: 1, strideBytes: 0 };
  expect(() => rowSum(bench.plan, { label: "sums", x, sum })).toThrow('"parts" has 10 rows, expected 2 times as many');
  bench.destroy();
});
