import fc from "fast-check";
import { expect, test } from "vitest";
import { adaptScale, lossScales, takeScaleBack } from "../../src/ops/loss-scale";
import * as reference from "../../src/reference/loss-scale";
import { numbers } from "../numbers";
import { stepOf, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const one = { type: "u32" } as const;

test("adaptScale halves where gradients alone overflow, doubles after a while, and leaves what is not finite standing", async () => {
  const exponent = fc.integer({ min: 0, max: 24 });
  const losses = fc.constantFrom(1.5, 0, Number.NaN, Number.POSITIVE_INFINITY);
  const noted = fc.constantFrom(0, 7, 7, 3); // step 7 or an earlier one
  await fc.assert(
    fc.asyncProperty(exponent, fc.nat(4), losses, noted, fc.nat(9), async (power, steps, loss, notFinite, count) => {
      const bench = new Workbench(gpu());
      const data = numbers(4, 1);
      data[count % 4] = loss;
      const tensors = {
        scaling: bench.tensor("scaling", [2], [2 ** power, steps]),
        notFinite: bench.tensor("notFinite", [1], [notFinite], one),
        overflowed: bench.tensor("overflowed", [1], [5], one),
        recorded: bench.tensor("recorded", [1], [count + 1], one),
        ring: bench.tensor("ring", [4], data),
      };
      const interval = 4;
      adaptScale(bench.plan, { ...tensors, step: stepOf(bench) }, interval);
      const expected = reference.adaptScale(
        { scale: 2 ** power, steps },
        { step: 7, loss, notFinite },
        { ...lossScales, interval },
      );
      const got = await bench.run(tensors);
      expect([...got.scaling]).toEqual([expected.scale, expected.steps]);
      expect(got.notFinite[0]).toBe(expected.notFinite);
      expect(got.overflowed[0]).toBe(expected.overflowed);
    }),
    { numRuns: 40 },
  );
});

test("takeScaleBack divides gradients by the scale, exactly", async () => {
  const bench = new Workbench(gpu());
  const data = numbers(700, 2);
  const scaling = bench.tensor("scaling", [2], [2 ** 13, 4]);
  const gradient = bench.tensor("gradient", [700], data);
  takeScaleBack(bench.plan, { gradient, scaling });
  const got = await bench.run({ gradient, scaling });
  expect([...got.gradient]).toEqual([...reference.takeScaleBack(data, 2 ** 13)]);
  expect([...got.scaling]).toEqual([2 ** 13, 4]);
});
