import fc from "fast-check";
import { expect, test } from "vitest";
import { sgd } from "../../src/ops/sgd";
import * as reference from "../../src/reference/sgd";
import { numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

test("sgd moves every parameter by −α times its gradient, for any sizes", async () => {
  const size = fc.integer({ min: 1, max: 130 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.nat(1e6), async (rows, width, seed) => {
      const bench = new Workbench(gpu());
      const before = numbers(rows * width, seed);
      const dParameter = numbers(rows * width, seed + 1);
      const parameter = bench.tensor("parameter", [rows, width], before);
      const gradient = bench.tensor("gradient", [rows, width], dParameter);
      sgd(bench.plan, { learningRate: bench.tensor("learningRate", [1], [0.25]), gradient, parameter });
      const expected = Float64Array.from(before);
      reference.sgd(expected, dParameter, 0.25);
      expect(worstError((await bench.run({ parameter })).parameter, expected)).toBeLessThan(1e-6);
    }),
    { numRuns: 15 },
  );
});
