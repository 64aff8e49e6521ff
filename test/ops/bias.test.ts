import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { biasGradient } from "../../src/ops/bias";
import * as reference from "../../src/reference/bias";
import { numbers, worstError } from "../numbers";
import { sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 130 });

describe("biasGradient", () => {
  test("is the sum of all rows, for any sizes and slabs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        size,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1e6),
        async (rows, width, count, seed) => {
          const bench = new Workbench(gpu());
          const dOut = numbers(rows * width, seed);
          const { parts, slabs } = bench.slabs("dBias", [1, width], count);
          biasGradient(bench.plan, {
            label: "db",
            dOut: bench.tensor("dOut", [rows, width], dOut),
            dBias: { ...slabs, tensor: { ...slabs.tensor, shape: [width] } },
          });
          const sum = sumOfSlabs((await bench.run({ parts })).parts, [1, width], count);
          expect(worstError(sum, reference.biasGradient(dOut, width))).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("loses little of 32,768 equal rows to rounding", async () => {
    const bench = new Workbench(gpu());
    const rows = 2 ** 15;
    const dOut = new Float32Array(4 * rows).fill(0.3 / rows);
    const dBias = bench.tensor("dBias", [4]);
    const slabs = { tensor: dBias, count: 1, strideBytes: 0 };
    biasGradient(bench.plan, { label: "db", dOut: bench.tensor("dOut", [rows, 4], dOut), dBias: slabs });
    const got = (await bench.run({ dBias })).dBias;
    const [exact] = reference.biasGradient(dOut, 4);
    for (const sum of got) expect(Math.abs(sum / exact! - 1)).toBeLessThan(1e-5);
  });
});
