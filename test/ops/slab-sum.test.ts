import fc from "fast-check";
import { expect, test } from "vitest";
import { slabSum } from "../../src/ops/slab-sum";
import * as reference from "../../src/reference/slab-sum";
import { numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("slabSum adds slabs in order, for any sizes", async () => {
  const shape = [fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 130 }), fc.nat(1e6)] as const;
  await fc.assert(
    fc.asyncProperty(...shape, async (slabs, size, seed) => {
      const bench = new Workbench(gpu());
      const data = numbers(slabs * size, seed);
      const parts = bench.tensor("parts", [slabs, size], data);
      const sum = bench.tensor("sum", [1, size]);
      slabSum(bench.plan, { label: "sum", parts, sum });
      expect(worstError((await bench.run({ sum })).sum, reference.slabSum(data, size))).toBeLessThan(1e-6);
    }),
    { numRuns: 15 },
  );
});
