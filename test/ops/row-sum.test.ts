import fc from "fast-check";
import { expect, test } from "vitest";
import { rowSum } from "../../src/ops/row-sum";
import * as reference from "../../src/reference/row-sum";
import { numbers, worstError } from "../numbers";
import { stepOf, sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

const cases = fc.record({
  before: fc.integer({ min: 0, max: 2 }),
  count: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 70 }),
  slabs: fc.integer({ min: 1, max: 5 }),
  accumulate: fc.boolean(),
  seed: fc.nat(1e6),
});

test("rowSum has the reference's sums, for any sizes, in any number of slabs, added to what is there or not", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ before, count, batch, width, slabs, accumulate, seed }) => {
      const bench = new Workbench(gpu());
      const data = numbers((before + count) * batch * width, seed);
      const rows = bench.tensor("rows", [before + count, batch, width], data);
      const { parts, slabs: sum } = bench.slabs("sum", [count, width], slabs);
      for (let run = 0; run < 2; run++)
        rowSum(bench.plan, { label: "sum", rows, first: before, sum: { ...sum, accumulate } });
      const got = await bench.run({ parts });
      const expected = reference.rowSum(data.slice(before * batch * width), count, width);
      const runs = accumulate ? 2 : 1;
      const sums = sumOfSlabs(got.parts, [count, width], slabs);
      expect(
        worstError(
          sums,
          expected.map((value) => runs * value),
        ),
      ).toBeLessThan(1e-5);
    }),
    { numRuns: 15 },
  );
});

test("rowSum notes the training step whose sum is not finite", async () => {
  const bench = new Workbench(gpu());
  const rows = bench.tensor("rows", [1, 2, 3], [1, Number.NaN, 1, 1, 1, 1]);
  const notFinite = bench.tensor("notFinite", [1], [0], { type: "u32" });
  const sum = bench.tensor("sum", [1, 3]);
  const noting = { notFinite, step: stepOf(bench) };
  rowSum(bench.plan, { label: "sum", rows, first: 0, sum: { tensor: sum, count: 1, strideBytes: 0, noting } });
  expect((await bench.run({ notFinite })).notFinite[0]).toBe(7);
});

test("rowSum refuses what the rows do not have, by name", () => {
  const bench = new Workbench(gpu());
  const rows = bench.tensor("rows", [2, 3, 4]);
  const sum = { tensor: bench.tensor("sum", [2, 4]), count: 1, strideBytes: 0 };
  expect(() => rowSum(bench.plan, { label: "sum", rows, first: 1, sum })).toThrow(
    'rowSum: "rows" has 2 slabs, expected 3 for 2 from slab 1 on.',
  );
  bench.destroy();
});
