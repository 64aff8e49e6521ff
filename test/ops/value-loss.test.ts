import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueLoss } from "../../src/ops/value-loss";
import * as reference from "../../src/reference/value-loss";
import { losses } from "../losses/losses";
import { integers, numbers, rowWeightsOf, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 20 });

describe.each(losses.map((loss) => [loss.toJSON(), loss] as const))("valueLoss, %s,", (_, loss) => {
  test("is the reference's for any sizes and scales, zero past the end of a sequence", async () => {
    const shapes = fc.record({
      steps: size,
      batch: size,
      outputs: size,
      seed: fc.nat(1e6),
      scale: fc.constantFrom(1, 90),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ steps, batch, outputs, seed, scale }) => {
        const bench = new Workbench(gpu());
        const shape = [steps, batch, outputs];
        const rows = steps * batch;
        const logits = numbers(rows * outputs, seed, scale);
        const targets = numbers(rows * outputs, seed + 1, scale).map((value) =>
          loss.range ? Number(value > 0) : value,
        );
        const lengths = integers(batch, seed + 2, 1, steps);
        const weights = seed % 2 === 0 ? rowWeightsOf(rows, seed + 4) : undefined;
        const rowWeights = weights ?? new Float32Array(rows).fill(1);
        const rowLoss = bench.tensor("rowLoss", [rows]);
        const dLogits = bench.tensor("dLogits", shape);
        valueLoss(bench.plan, loss, {
          logits: bench.tensor("logits", shape, logits),
          targets: bench.tensor("targets", shape, targets),
          lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
          lossScale: bench.tensor("lossScale", [1], [0.25]),
          ...(weights && { weights: bench.tensor("weights", [rows], weights) }),
          rowLoss,
          dLogits,
        });
        const got = await bench.run({ rowLoss, dLogits });
        const counted = rowWeights.map((weight, row) => (Math.floor(row / batch) < lengths[row % batch]! ? weight : 0));
        const expected = reference.valueLoss(loss, logits, targets, outputs, 0.25, counted);
        expect(worstError(got.rowLoss, expected.rowLoss)).toBeLessThan(1e-5);
        expect(worstError(got.dLogits, expected.dLogits)).toBeLessThan(1e-5);
      }),
      { numRuns: 10 },
    );
  });
});
