import fc from "fast-check";
import { expect, test } from "vitest";
import {
  adam,
  type Batch,
  evaluate,
  Network,
  type ReferenceForward,
  referenceForward,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const size = { steps: 5, batch: 3 };
const options: UniformOptions = {
  cell: "lstm",
  layers: 2,
  dropout: 0.4,
  inputs: 6,
  hidden: 7,
  outputs: 6,
  input: "tokens",
  readout: "every-step",
};

const parametersOf = async (network: Network) =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** Whether target number `i` of a batch counts. */
const counts = ({ targets, lengths }: Batch, { readout }: UniformOptions, i: number) =>
  targets[i]! >= 0 && (readout === "last-step" || !lengths || Math.floor(i / size.batch) < lengths[i % size.batch]!);

test("loss, accuracy and perplexity are those of all batches as one, by the reference", async () => {
  const cases = fc.record({
    readout: fc.constantFrom("every-step" as const, "last-step" as const),
    carried: fc.boolean(),
    ragged: fc.boolean(),
    labelSmoothing: fc.constantFrom(0, 0.2),
    weighted: fc.boolean(),
    seed: fc.nat(1e6),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ readout, carried, ragged, labelSmoothing, weighted, seed }) => {
      const classWeights = [1, 2, 3, 0.5, 1, 0.25];
      const own = { ...options, readout, labelSmoothing, seed, ...(weighted && { classWeights }) };
      const network = await Network.create(gpu(), own);
      const batches = [0, 1, 2].map((i): Batch => {
        const rows = readout === "last-step" ? 3 : 15;
        return {
          inputs: integers(15, seed + 3 * i, 0, 5),
          targets: integers(rows, seed + 3 * i + 1, -1, 5).fill(2, 0, 1), // one at least counts
          ...(ragged && { lengths: integers(3, seed + 3 * i + 2, 1, 5) }),
        };
      });
      const got = await evaluate(network, { ...size, carryState: carried }, batches);
      const parameters = await parametersOf(network);
      let before: ReferenceForward | undefined;
      let [loss, weight, surprise, correct, count] = [0, 0, 0, 0, 0];
      for (const batch of batches) {
        const state = before && { initialState: before.finalState, initialCellState: before.finalCellState };
        const run = referenceForward(network.config, parameters, { ...batch, ...size, ...state });
        if (carried) before = run;
        let weightOfBatch = 0;
        for (const [i, target] of batch.targets.entries()) {
          if (!counts(batch, own, i)) continue;
          const probabilities = run.probabilities.subarray(6 * i, 6 * i + 6);
          weightOfBatch += weighted ? classWeights[target]! : 1;
          surprise -= Math.log(probabilities[target]!);
          if (probabilities.indexOf(Math.max(...probabilities)) === target) correct++;
          count++;
        }
        loss += run.loss * weightOfBatch;
        weight += weightOfBatch;
      }
      expect(got.count).toBe(count);
      expect(got.accuracy).toBe(correct / count);
      expect(got.loss).toBeCloseTo(loss / weight, 4);
      expect(got.perplexity).toBeCloseTo(Math.exp(surprise / count), 4);
      network.destroy();
    }),
    { numRuns: 12 },
  );
});

test("targets that weigh nothing are refused", async () => {
  const network = await Network.create(gpu(), { ...options, classWeights: [1, 1, 0, 1, 1, 1] });
  const batch = { inputs: integers(15, 1, 0, 5), targets: new Int32Array(15).fill(2) };
  await expect(evaluate(network, size, [batch])).rejects.toThrow("the 15 targets that count have class weights of 0");
  network.destroy();
});

test("of values it is the mean squared error, and neither accuracy nor perplexity", async () => {
  const { dropout: _, ...rest } = options;
  const network = await Network.create(gpu(), { ...rest, outputs: 2, loss: "mean-squared-error" });
  const batches = [1, 2].map((seed): Batch => ({ inputs: integers(15, seed, 0, 5), targets: numbers(30, seed) }));
  const parameters = await parametersOf(network);
  const losses = batches.map((batch) => referenceForward(network.config, parameters, { ...batch, ...size }).loss);
  const got = await evaluate(network, size, batches);
  expect(got).toEqual({ loss: expect.any(Number), perplexity: null, accuracy: null, count: 60 });
  expect(got.loss).toBeCloseTo((losses[0]! + losses[1]!) / 2, 5);
  network.destroy();
});

test("between training steps it changes no loss that follows, to the bit, with dropout and carried state", async () => {
  const losses = async (looking: boolean) => {
    const network = await Network.create(gpu(), options);
    const trainer = await Trainer.create(network, {
      ...size,
      carryState: true,
      optimizer: adam({ learningRate: 0.01 }),
    });
    const all: number[] = [];
    for (let step = 0; step < 6; step++) {
      const batch = { inputs: integers(15, step, 0, 5), targets: integers(15, step + 1, 0, 5) };
      for await (const { loss } of trainer.train([batch])) all.push(loss);
      if (looking) await evaluate(network, { ...size, carryState: true }, [batch]);
    }
    trainer.destroy();
    network.destroy();
    return all;
  };
  expect(await losses(true)).toEqual(await losses(false));
});
