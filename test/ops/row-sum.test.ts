import { expect, test } from "vitest";
import { rowSum } from "../../src/ops/row-sum";
import * as reference from "../../src/reference/row-sum";
import { numbers, worstError } from "../numbers";
import { stepOf, sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test.each([
  [1, 1, 1, 1],
  [3, 300, 13, 1],
  [2, 129, 70, 3],
])("sums %i matrices of %i × %i over their rows, into %i slabs", async (count, batch, width, slabCount) => {
  const bench = new Workbench(gpu());
  const data = numbers((2 + count) * batch * width, 1);
  const parts = bench.tensor("parts", [2 + count, batch, width], data);
  const { parts: sums, slabs } = bench.slabs("sum", [count, width], slabCount);
  rowSum(bench.plan, { label: "sums", parts, first: 2, sum: slabs });
  rowSum(bench.plan, { label: "the same again", parts, first: 2, sum: { ...slabs, accumulate: true } });
  const got = await bench.run({ sums });
  const once = reference.rowSum(data.slice(2 * batch * width), count, width);
  const twice = once.map((value) => 2 * value);
  expect(worstError(sumOfSlabs(got.sums, [count, width], slabCount), twice)).toBeLessThan(1e-5);
});

test.each([
  [1, 0],
  [Number.POSITIVE_INFINITY, 7],
])("with a %s among them, notes %i", async (value, noted) => {
  const bench = new Workbench(gpu());
  const data = numbers(2 * 5 * 3, 1);
  data[29] = value;
  const parts = bench.tensor("parts", [2, 5, 3], data);
  const tensor = bench.tensor("sum", [2, 3]);
  const notFinite = bench.tensor("notFinite", [1], undefined, { type: "u32" });
  const noting = { notFinite, step: stepOf(bench) };
  rowSum(bench.plan, { label: "sums", parts, first: 0, sum: { tensor, count: 1, strideBytes: 0, noting } });
  const got = await bench.run({ notFinite });
  expect(got.notFinite[0]).toBe(noted);
});

test("refuses a sum of more matrices than there are", () => {
  const bench = new Workbench(gpu());
  const parts = bench.tensor("parts", [2, 5, 3]);
  const tensor = bench.tensor("sum", [2, 3]);
  const sum = { tensor, count: 1, strideBytes: 0 };
  expect(() => rowSum(bench.plan, { label: "sums", parts, first: 1, sum })).toThrow("expected [P, H] = [1, 3]");
  bench.destroy();
});
