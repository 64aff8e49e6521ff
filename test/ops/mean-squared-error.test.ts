import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanSquaredError } from "../../src/ops/mean-squared-error";
import * as reference from "../../src/reference/mean-squared-error";
import { integers, numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 20 });

describe("meanSquaredError", () => {
  test("is the reference's for any sizes, zero past the end of a sequence", async () => {
    const shapes = fc.record({ steps: size, batch: size, outputs: size, seed: fc.nat(1e6) });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ steps, batch, outputs, seed }) => {
        const bench = new Workbench(gpu());
        const shape = [steps, batch, outputs];
        const rows = steps * batch;
        const logits = numbers(rows * outputs, seed);
        const targets = numbers(rows * outputs, seed + 1);
        const lengths = integers(batch, seed + 2, 1, steps);
        const rowLoss = bench.tensor("rowLoss", [rows]);
        const dLogits = bench.tensor("dLogits", shape);
        meanSquaredError(bench.plan, {
          logits: bench.tensor("logits", shape, logits),
          targets: bench.tensor("targets", shape, targets),
          lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
          lossScale: bench.tensor("lossScale", [1], [0.25]),
          rowLoss,
          dLogits,
        });
        const got = await bench.run({ rowLoss, dLogits });
        const counts = (row: number) => Math.floor(row / batch) < lengths[row % batch]!;
        const expected = reference.meanSquaredError(logits, targets, outputs, 0.25, counts);
        expect(worstError(got.rowLoss, expected.rowLoss)).toBeLessThan(1e-5);
        expect(worstError(got.dLogits, expected.dLogits)).toBeLessThan(1e-5);
      }),
      { numRuns: 15 },
    );
  });
});
