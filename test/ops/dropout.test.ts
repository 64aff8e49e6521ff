import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "../../src/gpu/tensor";
import { dropout, dropoutGradient } from "../../src/ops/dropout";
import { dropoutMask } from "../../src/reference/dropout";
import { numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("dropout multiplies with the reference's mask, forward and backward, for any size, rate and place", async () => {
  const cases = fc.record({
    steps: fc.integer({ min: 1, max: 6 }),
    batch: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 40 }),
    parts: fc.constantFrom(1, 2),
    rate: fc.constantFrom(0, 0.1, 0.5, 0.9),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
    layer: fc.integer({ min: 1, max: 4 }),
    step: fc.integer({ min: 1, max: 0xffffffff }),
    firstRow: fc.nat(9),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ steps, batch, width, parts, rate, seed, layer, step, firstRow }) => {
      const bench = new Workbench(gpu());
      const rows = steps * batch;
      const wide = parts * width;
      const x = numbers((rows + batch) * wide, 1);
      const dOut = numbers(rows * wide, 2);
      const hidden = bench.tensor("hidden", [steps + 1, batch, wide], x, { parts });
      const tensors = {
        out: bench.tensor("out", [steps, batch, wide], undefined, { parts }),
        dOut: bench.tensor("dOut", [steps, batch, wide], dOut, { parts }),
      };
      const mask = { label: "", step: bench.tensor("step", [2], [step, firstRow], { type: "u32" }), rate, seed, layer };
      dropout(bench.plan, { ...mask, x: { tensor: hidden, rows: [batch, rows] }, out: tensors.out });
      dropoutGradient(bench.plan, { ...mask, dOut: tensors.dOut });
      const got = await bench.run(tensors);
      const m = dropoutMask({ rows: firstRow + rows, parts, width, rate, seed, layer, step }).slice(firstRow * wide);
      expect([...got.out]).toEqual([...m].map((factor, i) => Math.fround(x[batch * wide + i]! * factor)));
      expect([...got.dOut]).toEqual([...m].map((factor, i) => Math.fround(dOut[i]! * factor)));
    }),
    { numRuns: 20 },
  );
});

test("dropout refuses rows or parts that differ", () => {
  const bench = new Workbench(gpu());
  const step = bench.tensor("step", [2], [1, 0], { type: "u32" });
  const out = bench.tensor("out", [2, 10], undefined, { parts: 2 });
  const add = (x: Tensor) => () =>
    dropout(bench.plan, { label: "", step, rate: 0.5, seed: 1, layer: 1, x: { tensor: x }, out });
  expect(add(bench.tensor("x", [3, 10], undefined, { parts: 2 }))).toThrow('"out" has 2 rows, expected 3');
  expect(add(bench.tensor("x", [2, 10]))).toThrow('"out" has 2 parts, expected 1');
  bench.destroy();
});

test("a mask keeps its share, and each step, layer and seed has another", () => {
  const base = { rows: 500, parts: 1, width: 200, rate: 0.3, seed: 5, layer: 1, step: 1 };
  const kept = (mask: Float64Array) => mask.filter((factor) => factor > 0).length / mask.length;
  const mask = dropoutMask(base);
  expect(Math.abs(kept(mask) - 0.7)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / mask.length));
  for (const other of [{ step: 2 }, { layer: 2 }, { seed: 6 }]) {
    const another = dropoutMask({ ...base, ...other });
    const same = another.filter((factor, i) => factor === mask[i]).length / mask.length;
    expect(Math.abs(same - (0.7 * 0.7 + 0.3 * 0.3))).toBeLessThan(0.01); // as two independent masks agree
  }
  expect(dropoutMask({ ...base, rate: 0 }).every((factor) => factor === 1)).toBe(true);
});
