import fc from "fast-check";
import { expect, test } from "vitest";
import { lengthMask } from "../../src/ops/length-mask";
import * as reference from "../../src/reference/length-mask";
import { integers, numbers } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("lengthMask zeroes what is past a sequence's end, for any sizes", async () => {
  const sizes = [
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 70 }),
  ] as const;
  await fc.assert(
    fc.asyncProperty(...sizes, fc.nat(1e6), async (steps, batch, width, seed) => {
      const bench = new Workbench(gpu());
      const data = numbers(steps * batch * width, seed);
      const lengths = integers(batch, seed + 1, 1, steps);
      const values = bench.tensor("values", [steps, batch, width], data);
      lengthMask(bench.plan, {
        label: "mask",
        values,
        lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
      });
      expect([...(await bench.run({ values })).values]).toEqual([...reference.lengthMask(data, lengths, width)]);
    }),
    { numRuns: 15 },
  );
});
