import fc from "fast-check";
import { expect, test } from "vitest";
import { rowCrossEntropy } from "../../src/ops/row-cross-entropy";
import * as reference from "../../src/reference/row-cross-entropy";
import { integers, logitsOf, numbers, rowWeightsOf, worstError } from "../numbers";
import { takenForGpu, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

interface Case {
  count: number;
  columns: number;
  seed: number;
  scale: number;
  offset: number;
}

/** Rows of a batch twice as large, a quarter of them none. */
async function run({ count, columns, seed, ...range }: Case, logits = logitsOf(count * columns, seed, range)) {
  const bench = new Workbench(gpu());
  const places = Array.from({ length: count }, (_, r) => (r % 4 === 3 ? -1 : 2 * ((r * 7 + seed) % count)));
  const own = places.map((row, r) => (places.indexOf(row) < r ? -1 : row)); // each once
  const targets = integers(count, seed + 1, 0, columns - 1);
  const before = numbers(2 * count, seed + 2);
  const weights = seed % 2 === 0 ? rowWeightsOf(2 * count, seed + 3) : undefined;
  const x = bench.tensor("logits", [count, columns], logits);
  const rowLoss = bench.tensor("rowLoss", [2 * count], before);
  rowCrossEntropy(bench.plan, {
    label: "loss",
    logits: x,
    rows: bench.tensor("rows", [count], own, { type: "i32" }),
    targets: bench.tensor("targets", [count], targets, { type: "i32" }),
    lossScale: bench.tensor("lossScale", [1], [0.5]),
    rowLoss,
    ...(weights && { weights: bench.tensor("weights", [2 * count], weights) }),
  });
  const got = await bench.run({ x, rowLoss });
  const expectedLoss = Float64Array.from(before);
  const ones = new Float32Array(2 * count).fill(1);
  const dLogits = reference.rowCrossEntropy(logits, own, targets, 0.5, expectedLoss, weights ?? ones);
  return { got, dLogits, expectedLoss, own };
}

test("adds the loss of some rows and leaves its gradient, as the reference, for any sizes", async () => {
  const cases = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 150 }),
    seed: fc.nat(1e6),
    scale: fc.constantFrom(0.1, 3, 60),
    offset: fc.constantFrom(0, 1e4),
  });
  const agree = fc.asyncProperty(cases, async (shape) => {
    const { got, dLogits, expectedLoss } = await run(shape);
    expect(worstError(got.x, dLogits)).toBeLessThan(1e-5);
    expect(worstError(got.rowLoss, expectedLoss)).toBeLessThan(1e-5);
  });
  await fc.assert(agree, { numRuns: 12 });
  await takenForGpu(gpu(), () => fc.assert(agree, { numRuns: 4 }));
});

test("a logit that is not finite leaves no loss and no gradient of its row that is", async () => {
  const shape = { count: 4, columns: 9, seed: 1, scale: 1, offset: 0 };
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const logits = numbers(36, 5);
    logits[13] = wrong;
    const { got, own } = await run(shape, logits);
    expect(Number.isFinite(got.rowLoss[own[1]!])).toBe(false);
    expect(got.x.subarray(9, 18).some((value) => Number.isFinite(value))).toBe(false);
    expect(got.x.subarray(0, 9).every((value) => Number.isFinite(value))).toBe(true);
  }
});
