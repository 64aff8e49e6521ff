import fc from "fast-check";
import { expect, test } from "vitest";
import { oneSlab } from "../../src/ops/operands";
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
        rowSum(bench.plan, { label: "sum", parts: rows, first: before, sum: { ...sum, accumulate } });
      const got = await bench.run({ parts });
      const expected = reference.rowSum(data.slice(before * batch * width), count, width);
      const sums = sumOfSlabs(got.parts, [count, width], slabs);
      const wanted = expected.map((value) => (accumulate ? 2 : 1) * value);
      expect(worstError(sums, wanted)).toBeLessThan(1e-5);
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
  rowSum(bench.plan, { label: "sum", parts: rows, first: 0, sum: { ...oneSlab(sum), noting } });
  expect((await bench.run({ notFinite })).notFinite[0]).toBe(7);
});

test("rowSum refuses what the rows do not have, by name", () => {
  const bench = new Workbench(gpu());
  const parts = bench.tensor("parts", [2, 3, 4]);
  const sum = oneSlab(bench.tensor("sum", [2, 4]));
  expect(() => rowSum(bench.plan, { label: "sum", parts, first: 1, sum })).toThrow(
    'rowSum: "sum" has shape [2, 4], expected [P, H] = [1, 4].',
  );
  bench.destroy();
});
