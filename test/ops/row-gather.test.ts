import fc from "fast-check";
import { expect, test } from "vitest";
import { rowGather, rowGatherGradient } from "../../src/ops/row-gather";
import * as reference from "../../src/reference/row-gather";
import { numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 90 });

/** Some of so many rows, each once, in any order, and some of none. */
function someRows(count: number, seed: number): number[] {
  const keys = numbers(count, seed);
  const order = Array.from({ length: count }, (_, row) => row).sort((a, b) => keys[a]! - keys[b]!);
  return order.map((row, i) => (i % 4 === 2 ? -1 : row));
}

test("rows are taken, and their gradient is added where they come from, for any sizes", async () => {
  const first = fc.constantFrom(0, 3);
  await fc.assert(
    fc.asyncProperty(size, size, first, fc.nat(1e6), async (count, width, first, seed) => {
      const bench = new Workbench(gpu());
      const places = someRows(count, seed);
      const [x, before] = [numbers((first + count) * width, seed + 1), numbers((first + count) * width, seed + 2)];
      const dOut = numbers(count * width, seed + 3);
      const rows = bench.tensor("rows", [count], places, { type: "i32" });
      const out = bench.tensor("out", [count, width]);
      const dx = bench.tensor("dx", [first + count, width], before);
      const of = { label: "rows", rows, first };
      rowGather(bench.plan, { ...of, x: bench.tensor("x", [first + count, width], x), out });
      rowGatherGradient(bench.plan, { ...of, dOut: bench.tensor("dOut", [count, width], dOut), dx });
      const got = await bench.run({ out, dx });
      expect(got.out).toEqual(Float32Array.from(reference.rowGather(x, places, width, first)));
      const added = Float64Array.from(before);
      reference.rowGatherGradient(added, dOut, places, width, first);
      expect(worstError(got.dx, added)).toBeLessThan(1e-6);
    }),
    { numRuns: 15 },
  );
});

test("is refused where rows are not as many as are taken", () => {
  const bench = new Workbench(gpu());
  const rows = bench.tensor("rows", [3], [0, 1, 2], { type: "i32" });
  const [x, out] = [bench.tensor("x", [5, 4]), bench.tensor("out", [4, 4])];
  expect(() => rowGather(bench.plan, { label: "rows", rows, x, out })).toThrow(
    /"rows" has shape \[3\], expected \[R\]/,
  );
});
