import fc from "fast-check";
import { expect, test } from "vitest";
import { clipNorm, clipValue } from "../../src/ops/gradient-clip";
import * as reference from "../../src/reference/gradient-clip";
import { numbers, worstError } from "../numbers";
import { stepOf, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 130 });

test.each([
  ["norm", clipNorm, reference.clipNorm],
  ["value", clipValue, reference.clipValue],
] as const)(
  "clipping by %s is the reference's, above the limit and below it, for any sizes",
  async (_, clip, clipReference) => {
    const limits = fc.constantFrom(0.01, 0.5, 1e3);
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(1e6), limits, async (rows, width, seed, limit) => {
        const bench = new Workbench(gpu());
        const data = numbers(rows * width, seed);
        const gradient = bench.tensor("gradient", [rows, width], data);
        clip(bench.plan, gradient, limit, {
          notFinite: bench.tensor("notFinite", [1], [0], { type: "u32" }),
          step: stepOf(bench),
        });
        const expected = Float64Array.from(data);
        clipReference([expected], limit);
        expect(worstError((await bench.run({ gradient })).gradient, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 12 },
    );
  },
);
