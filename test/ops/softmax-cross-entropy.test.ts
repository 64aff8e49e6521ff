import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy";
import * as reference from "../../src/reference/softmax-cross-entropy";
import { integers, logitsOf, numbers, rowWeightsOf, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";

const gpu = useGpu();

interface Case {
  /** ε and w, where they are not 0 and all 1. */
  weighting?: { labelSmoothing: number; classWeights: number[] };
  steps: number;
  batch: number;
  outputs: number;
  seed: number;
  scale: number;
  offset: number;
}

/** Logits in ±scale, a third of the targets ignored, sequences of different lengths. */
async function run({ steps, batch, outputs, seed, weighting, ...range }: Case) {
  const bench = new Workbench(gpu());
  const rows = steps * batch;
  const logits = logitsOf(rows * outputs, seed, range);
  const targets = integers(rows, seed + 1, -Math.ceil(outputs / 2), outputs - 1).map((target) => Math.max(target, -1));
  const lengths = integers(batch, seed + 2, 1, steps);
  const shape = [steps, batch, outputs];
  const weights = seed % 2 === 0 ? rowWeightsOf(rows, seed + 4) : undefined;
  const rowWeights = weights ?? new Float32Array(rows).fill(1);
  const rowLoss = bench.tensor("rowLoss", [rows]);
  const probabilities = bench.tensor("probabilities", shape);
  const dLogits = bench.tensor("dLogits", shape);
  softmaxCrossEntropy(bench.plan, {
    logits: bench.tensor("logits", shape, logits),
    targets: bench.tensor("targets", [steps, batch], targets, { type: "i32" }),
    lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
    lossScale: bench.tensor("lossScale", [1], [0.5]),
    ...(weights && { weights: bench.tensor("weights", [rows], weights) }),
    classWeighting: weighting && {
      classWeights: bench.tensor("classWeights", [outputs], weighting.classWeights),
      labelSmoothing: weighting.labelSmoothing,
    },
    rowLoss,
    probabilities,
    dLogits,
  });
  const live = targets.map((target, row) => (Math.floor(row / batch) < lengths[row % batch]! ? target : -1));
  return {
    got: await bench.run({ rowLoss, probabilities, dLogits }),
    expected: reference.softmaxCrossEntropy(logits, live, outputs, 0.5, rowWeights, weighting),
  };
}

const sizes = {
  steps: fc.integer({ min: 1, max: 12 }),
  batch: fc.integer({ min: 1, max: 12 }),
  outputs: fc.integer({ min: 1, max: 130 }),
  seed: fc.nat(1e6),
  offset: fc.constantFrom(0, 1e4),
};

describe("softmaxCrossEntropy", () => {
  test("is the reference's for any sizes, with ignored targets and ended sequences", async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ ...sizes, scale: fc.constantFrom(0.1, 1, 10) }), async (shape) => {
        const { got, expected } = await run(shape);
        for (const name of ["rowLoss", "probabilities", "dLogits"] as const) {
          expect(worstError(got[name], expected[name]), name).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("is the reference's with label smoothing and class weights", async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(sizes), fc.constantFrom(0, 0.1, 1), async (shape, labelSmoothing) => {
        const classWeights = numbers(shape.outputs, shape.seed + 3).map((weight) => 1 + weight);
        const { got, expected } = await run({
          ...shape,
          scale: 3,
          weighting: { labelSmoothing, classWeights: [...classWeights] },
        });
        for (const name of ["rowLoss", "probabilities", "dLogits"] as const) {
          expect(worstError(got[name], expected[name]), name).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 12 },
    );
  });

  test("is exact for logits of ±1e4, without NaN or infinity", async () => {
    const { got, expected } = await run({ steps: 5, batch: 7, outputs: 50, seed: 9, scale: 1e4, offset: 0 });
    for (const name of ["rowLoss", "probabilities", "dLogits"] as const) {
      expect(worstError(got[name], expected[name]), name).toBeLessThan(1e-5);
    }
  });
});
