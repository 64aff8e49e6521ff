import { expect, test } from "vitest";
import { rowReset } from "../../src/ops/row-reset";
import * as reference from "../../src/reference/row-reset";
import { integers, numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test.each([
  [1, 1],
  [3, 5],
  [17, 130],
])("rowReset zeroes the rows of %i × %i that begin anew, in slab 0 alone", async (batch, width) => {
  const bench = new Workbench(gpu());
  const data = numbers(3 * batch * width, 1);
  const reset = integers(batch, 2, 0, 1);
  const state = bench.tensor("state", [3, batch, width], data);
  rowReset(bench.plan, { state, reset: bench.tensor("reset", [batch], reset, { type: "i32" }) });
  const first = reference.rowReset(data.slice(0, batch * width), reset);
  expect([...(await bench.run({ state })).state]).toEqual([...first, ...data.slice(batch * width)]);
});

test("rowReset sets the rows of another slab that begin anew to those that are given", async () => {
  const [batch, width] = [5, 7];
  const bench = new Workbench(gpu());
  const data = numbers(3 * batch * width, 1);
  const given = numbers(batch * width, 2);
  const reset = integers(batch, 3, 0, 1);
  const state = bench.tensor("state", [3, batch, width], data);
  const initial = bench.tensor("initial", [batch, width], given);
  const tensors = { state, initial, reset: bench.tensor("reset", [batch], reset, { type: "i32" }) };
  rowReset(bench.plan, { ...tensors, firstRow: 2 * batch });
  const slab = 2 * batch * width;
  const last = reference.rowReset(data.slice(slab), reset, given);
  expect([...(await bench.run({ state })).state]).toEqual([...data.slice(0, slab), ...last]);
});
