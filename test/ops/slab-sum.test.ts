import fc from "fast-check";
import { expect, test } from "vitest";
import { slabSum } from "../../src/ops/slab-sum";
import { lossRecord } from "../../src/reference/loss-record";
import * as reference from "../../src/reference/slab-sum";
import { numbers, worstError } from "../numbers";
import { stepOf, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("slabSum adds slabs in order and records the loss, if there is one, for any sizes", async () => {
  const sizes = [fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 130 })] as const;
  await fc.assert(
    fc.asyncProperty(...sizes, fc.nat(1e6), fc.boolean(), async (slabs, size, seed, records) => {
      const bench = new Workbench(gpu());
      const data = numbers(slabs * size, seed);
      const parts = bench.tensor("parts", [slabs, size], data);
      const sum = bench.tensor("sum", [1, size]);
      const losses = numbers(7 * size, seed + 1);
      const rowLoss = bench.tensor("rowLoss", [losses.length], losses);
      const ring = bench.tensor("ring", [2]);
      const recorded = bench.tensor("recorded", [1], [3], { type: "u32" });
      const notFinite = bench.tensor("notFinite", [1], [0], { type: "u32" });
      slabSum(bench.plan, {
        label: "sum",
        parts,
        sum,
        noting: { notFinite, step: stepOf(bench) },
        loss: records ? { rowLoss, recorded, ring } : undefined,
      });
      const got = await bench.run({ sum, ring, notFinite });
      expect(got.notFinite[0]).toBe(0);
      expect(worstError(got.sum, reference.slabSum(data, size))).toBeLessThan(1e-6);
      expect(worstError(got.ring, [0, records ? lossRecord(losses) : 0])).toBeLessThan(1e-5);
    }),
    { numRuns: 15 },
  );
});
