import fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  accuracy,
  adam,
  type Batch,
  binaryCrossEntropy,
  confusionMatrix,
  evaluate,
  f1,
  labelAccuracy,
  type Metrics,
  mae,
  Network,
  type ReferenceForward,
  referenceForward,
  rmse,
  Trainer,
  topK,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers, rowWeightsOf } from "../numbers";
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

const metricsOfClasses = {
  ...{ right: accuracy(), top1: topK(1), top3: topK(3), all: topK(6) },
  ...{ confusion: confusionMatrix(), f1: f1() },
};

test("metrics of classes are those of the reference's outputs, weights and lengths included", async () => {
  const cases = fc.record({ everyStep: fc.boolean(), weighted: fc.boolean(), seed: fc.nat(1e6) });
  await fc.assert(
    fc.asyncProperty(cases, async ({ everyStep, weighted, seed }) => {
      const own = { ...options, readout: everyStep ? ("every-step" as const) : ("last-step" as const), seed };
      const network = await Network.create(gpu(), own);
      const rows = everyStep ? 15 : 3;
      const batches = [0, 1].map(
        (i): Batch => ({
          inputs: integers(15, seed + i, 0, 5),
          targets: integers(rows, seed + 7 * i, -1, 5).fill(2, 0, 1),
          lengths: integers(3, seed + i, 1, 5),
          ...(weighted && { weights: rowWeightsOf(rows, seed + i).fill(1, 0, 1) }),
        }),
      );
      const got = await evaluate(network, { ...size, weights: weighted }, batches, { metrics: metricsOfClasses });
      const matrix = Array.from({ length: 6 }, () => new Array<number>(6).fill(0));
      const parameters = await parametersOf(network);
      let [sum, top3] = [0, 0];
      for (const batch of batches) {
        const { probabilities } = referenceForward(network.config, parameters, { ...batch, ...size });
        for (const [i, target] of batch.targets.entries()) {
          if (!counts(batch, own, i)) continue;
          const p = [...probabilities.subarray(6 * i, 6 * i + 6)];
          const weight = batch.weights?.[i] ?? 1;
          const order = p.map((_, k) => k).sort((a, b) => p[b]! - p[a]!);
          matrix[target]![order[0]!]! += weight;
          sum += weight;
          if (order.indexOf(target) < 3) top3 += weight;
        }
      }
      const right = matrix.reduce((all, row, k) => all + row[k]!, 0);
      expect(got.right).toBeCloseTo(right / sum, 6);
      expect(got.top1).toBe(got.right);
      expect(got.top3).toBeCloseTo(top3 / sum, 6);
      expect(got.all).toBe(1);
      for (const [y, row] of matrix.entries()) {
        for (const [c, weight] of row.entries()) expect(got.confusion[y]![c]).toBeCloseTo(weight, 5);
      }
      expect(got.f1).toBeGreaterThanOrEqual(0);
      network.destroy();
    }),
    { numRuns: 8 },
  );
});

test("metrics of values and of labels are those of the reference's outputs", async () => {
  for (const loss of ["mean-squared-error", binaryCrossEntropy()] as const) {
    const labels = typeof loss === "object";
    const network = await Network.create(gpu(), { ...options, outputs: 3, loss });
    const targets = integers(45, 2, 0, 1);
    const batch: Batch = {
      inputs: integers(15, 1, 0, 5),
      targets: Float32Array.from(targets),
      lengths: integers(3, 5, 1, 5),
    };
    const metrics: Metrics = { mae: mae(), rmse: rmse(), ...(labels && { right: labelAccuracy() }) };
    const got = await evaluate(network, size, [batch], { metrics });
    const { logits } = referenceForward(network.config, await parametersOf(network), { ...batch, ...size });
    const live = [...targets.keys()].filter((i) => Math.floor(i / 9) < batch.lengths![Math.floor(i / 3) % 3]!);
    const predicted = Array.from(logits, (o) => (labels ? 1 / (1 + Math.exp(-o)) : o));
    const mean = (of: (i: number) => number) => live.reduce((sum, i) => sum + of(i), 0) / live.length;
    expect(got.mae).toBeCloseTo(
      mean((i) => Math.abs(predicted[i]! - targets[i]!)),
      5,
    );
    expect(got.rmse).toBeCloseTo(Math.sqrt(mean((i) => (predicted[i]! - targets[i]!) ** 2)), 5);
    if (labels)
      expect(got.right).toBeCloseTo(
        mean((i) => Number(predicted[i]! >= 0.5 === (targets[i] === 1))),
        6,
      );
    network.destroy();
  }
});

test("outputs are read back for metrics that need them alone, and what was made is used again", async () => {
  const network = await Network.create(gpu(), options);
  const batch: Batch = { inputs: integers(15, 1, 0, 5), targets: integers(15, 2, 0, 5) };
  const logits = 15 * 6 * 4;
  const bytes: number[] = [];
  const read = vi.spyOn(GPUBuffer.prototype, "mapAsync");
  const all: Metrics = {
    own: { name: "own", of: "classes", needs: ["outputs"], begin: () => ({ add() {}, value: () => 1 }) },
  };
  for (const metrics of [{}, { right: accuracy() }, all, {}, { right: accuracy() }, all]) {
    const { buffers } = gpu().live;
    read.mockClear();
    await evaluate(network, size, [batch], { metrics });
    bytes.push(read.mock.calls.reduce((sum, [, , mapped = 0]) => sum + mapped, 0));
    if (bytes.length > 3) expect(gpu().live.buffers).toBe(buffers);
  }
  read.mockRestore();
  expect(bytes[0]).toBeLessThan(bytes[1]!);
  expect(bytes[1]).toBeLessThan(logits);
  expect(bytes[2]).toBeGreaterThan(logits);
  network.destroy();
});

test("metrics that are none, or of another loss, are refused by name", async () => {
  const network = await Network.create(gpu(), options);
  const batch: Batch = { inputs: integers(15, 1, 0, 5), targets: integers(15, 2, 0, 5) };
  const refused: [metrics: unknown, message: string][] = [
    [[accuracy()], "evaluate: metrics is an array, expected an object of metrics by name"],
    [{ loss: accuracy() }, 'metrics has "loss", expected another name'],
    [{ right: accuracy }, "metrics.right is a function, expected what accuracy()"],
    [{ error: mae() }, 'metrics.error is "mae", of values, expected one of classes'],
    [{ right: labelAccuracy() }, 'metrics.right is "labelAccuracy", of labels, expected one of classes'],
  ];
  for (const [metrics, message] of refused) {
    await expect(evaluate(network, size, [batch], { metrics: metrics as Metrics })).rejects.toThrow(message);
  }
  network.destroy();
});
