// Adaptive softmax: networks on the GPU against the float64 reference, and both against PyTorch.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  type Batch,
  type ClassPrediction,
  crossEntropy,
  embedding,
  evaluate,
  everyStep,
  type FloatTensor,
  features,
  fromPyTorch,
  generate,
  huber,
  lastStep,
  lstm,
  Network,
  networkConfig,
  type PartsOptions,
  readCheckpoint,
  readSafetensors,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  saveCheckpoint,
  sgd,
  Trainer,
  tokens,
  toPyTorch,
  unigramEntropy,
} from "../../src/index";
import { integers, numbers, rowWeightsOf, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const asReference = (values: Iterable<[string, { data: Float32Array }]>) =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

const cases = fc
  .record({
    frequent: fc.integer({ min: 1, max: 12 }),
    counts: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 3 }),
    divValue: fc.constantFrom(1, 1.5, 2),
    hidden: fc.integer({ min: 8, max: 14 }),
    bidirectional: fc.boolean(),
    bias: fc.boolean(),
    readout: fc.constantFrom(everyStep, lastStep),
    steps: fc.integer({ min: 1, max: 9 }),
    batch: fc.integer({ min: 1, max: 17 }),
    ragged: fc.boolean(),
    weighted: fc.boolean(),
    traced: fc.boolean(),
    seed: fc.nat(1e6),
  })
  .map((shape) => ({ ...shape, bidirectional: shape.bidirectional && shape.readout === everyStep }));
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never;

function networkOf({ frequent, counts, divValue, hidden, bidirectional, bias, readout, seed }: Case): PartsOptions {
  const cutoffs = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, frequent));
  const outputs = counts.reduce((sum, count) => sum + count, frequent);
  return {
    input: features(5),
    layers: [lstm(hidden, { bidirectional })],
    readout: readout(outputs, { bias, adaptive: { cutoffs, divValue } }),
    seed,
  };
}

function batchOf({ steps, batch, ragged, weighted, readout, frequent, counts, seed }: Case): Batch {
  const outputs = counts.reduce((sum, count) => sum + count, frequent);
  const rows = readout === everyStep ? steps * batch : batch;
  return {
    inputs: numbers(steps * batch * 5, seed),
    targets: integers(rows, seed + 1, -1, outputs - 1),
    ...(ragged && { lengths: integers(batch, seed + 2, 1, steps) }),
    ...(weighted && { weights: rowWeightsOf(rows, seed + 3) }),
  };
}

describe("an adaptive readout", () => {
  test("has the reference's loss and every gradient, and of all outputs ln ŷ, for any clusters and batches", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (shape) => {
        const { steps, batch, weighted: weights, traced, readout } = shape;
        const network = await Network.create(gpu(), networkOf(shape));
        const data = batchOf(shape);
        const parameters = asReference(await network.read());
        const twin = { steps, batch, ...data };
        const run = referenceForward(network.config, parameters, twin);
        const back = referenceBackward(network.config, parameters, twin, run);
        const wanted = traced ? { traceGradients: true } : { gradients: true };
        for (const options of [wanted, { probabilities: true }]) {
          const pass = await network.pass({ steps, batch, weights, ...options });
          pass.write(data);
          pass.run();
          const [losses] = await readTensors(gpu(), [pass.tensors.losses]);
          expect(worstError(losses!, [run.loss])).toBeLessThan(1e-5);
          if (pass.gradients) {
            const gradients = Object.values(pass.gradients.tensors);
            expect(gradients.map(({ name }) => name).sort()).toEqual(Object.keys(back.parameters).sort());
            for (const [i, values] of (await readTensors(gpu(), gradients)).entries()) {
              const { name } = gradients[i]!;
              expect(worstError(values, back.parameters[name]!), name).toBeLessThan(2e-5);
            }
          } else {
            const [logits, probabilities] = await readTensors(gpu(), [
              pass.tensors.logits,
              pass.tensors.probabilities!,
            ]);
            const outputs = logits!.length / (readout === everyStep ? steps * batch : batch);
            const live = (i: number) => {
              const row = Math.floor(i / outputs);
              return readout !== everyStep || Math.floor(row / batch) < (data.lengths?.[row % batch] ?? steps);
            };
            const only = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => live(i));
            expect(worstError(only(logits!), only(run.logits))).toBeLessThan(2e-5);
            expect(worstError(only(probabilities!), only(run.logits).map(Math.exp))).toBeLessThan(1e-5);
          }
          pass.destroy();
        }
        network.destroy();
      }),
      { numRuns: 8 },
    );
  });

  test("its gradient is the slope of its loss, by finite differences of the reference", () => {
    const shape: Case = {
      ...{ frequent: 3, counts: [4, 5], divValue: 2, hidden: 6, bidirectional: false, bias: true, readout: everyStep },
      ...{ steps: 3, batch: 4, ragged: true, weighted: true, traced: false, seed: 5 },
    };
    const config = networkConfig(networkOf(shape));
    const twin = { steps: 3, batch: 4, ...batchOf(shape) };
    const sizes: Record<string, number> = { outputWeight: 6 * 5, outputBias: 5, "tail0.projectionWeight": 18 };
    const more = { "tail0.outputWeight": 12, "tail1.projectionWeight": 6, "tail1.outputWeight": 5 };
    const ofLayer = { "layer0.inputWeight": 120, "layer0.recurrentWeight": 144, "layer0.bias": 24 };
    const all = { ...ofLayer, ...sizes, ...more };
    const parameters = Object.fromEntries(
      Object.entries(all).map(([name, count], i) => [name, Float64Array.from(numbers(count, i + 3, 0.7))]),
    );
    const lossAt = () => referenceForward(config, parameters, twin).loss;
    const { parameters: gradients } = referenceBackward(
      config,
      parameters,
      twin,
      referenceForward(config, parameters, twin),
    );
    for (const name of Object.keys(all)) {
      const values = parameters[name]!;
      for (let i = 0; i < values.length; i += Math.ceil(values.length / 7)) {
        const at = values[i]!;
        values[i] = at + 1e-5;
        const above = lossAt();
        values[i] = at - 1e-5;
        const slope = (above - lossAt()) / 2e-5;
        values[i] = at;
        expect(Math.abs(slope - gradients[name]![i]!), `${name}[${i}]`).toBeLessThan(1e-8);
      }
    }
  });

  test("and a sparse embedding learn as torch.nn.AdaptiveLogSoftmaxWithLoss and torch.optim.SparseAdam", async () => {
    const file = join(import.meta.dirname, "../recordings/vocabulary/vocabulary.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file));
    const said = (name: string) => JSON.parse(metadata[name]!);
    const { vocabulary, width, hidden, cutoffs, divValue } = said("network");
    const { steps, batch, updates } = said("batch");
    const network = await Network.create(gpu(), {
      input: embedding(vocabulary, width, { sparse: true }),
      layers: [lstm(hidden)],
      readout: everyStep(vocabulary, { adaptive: { cutoffs, divValue } }),
    });
    const parameters = parametersOf(tensors, "", cutoffs.length);
    network.write(parameters);
    const batchNumber = (update: number): Batch => {
      const part = (name: string) =>
        (tensors.get(name)!.data as Int32Array).slice(update * steps * batch, (update + 1) * steps * batch);
      return { inputs: part("tokens"), targets: part("targets") };
    };
    const all = await network.pass({ steps, batch });
    all.write(batchNumber(0));
    all.run();
    const [logits] = await readTensors(gpu(), [all.tensors.logits]);
    expect(worstError(logits!, tensors.get("expected.log_probabilities")!.data)).toBeLessThan(1e-5);
    const pass = await network.pass({ steps, batch, gradients: true });
    pass.write(batchNumber(0));
    pass.run();
    const expected = parametersOf(tensors, "grad.", cutoffs.length);
    const gradients = Object.values(pass.gradients!.tensors).filter(({ name }) => name !== "embeddingWeight");
    for (const [i, values] of (await readTensors(gpu(), gradients)).entries()) {
      const { name } = gradients[i]!;
      expect(worstError(values, expected.get(name)!.data), name).toBeLessThan(1e-5);
    }
    const trainer = await Trainer.create(network, { steps, batch, optimizer: adam(said("training")) });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(Array.from({ length: updates }, (_, i) => batchNumber(i))))
      losses.push(loss);
    expect(worstError(losses, tensors.get("expected.losses")!.data)).toBeLessThan(1e-5);
    const after = parametersOf(tensors, "after.", cutoffs.length);
    for (const [name, { data }] of await network.read()) {
      // An update is 0.02, and Adam makes rounding large where a gradient is small.
      expect(worstError(data, after.get(name)!.data), name).toBeLessThan(2e-3);
    }
    network.destroy();
  });

  test("is trained as its reference whatever cluster the targets of a batch are in, frozen in part or whole", async () => {
    const [steps, batch, outputs] = [12, 13, 60];
    const cutoffs = [10, 30];
    const ends = [0, ...cutoffs, outputs];
    const some = (seed: number) => integers(steps * batch, seed, 0, outputs - 1);
    const within = (cluster: number) => integers(steps * batch, 9 + cluster, ends[cluster]!, ends[cluster + 1]! - 1);
    const batches = [within(0), some(1), within(2), within(1), some(2)].map((targets, i) => ({
      inputs: integers(steps * batch, 20 + i, 0, 11),
      targets,
    }));
    const update = { kind: "sgd", learningRate: 0.5 } as const;
    for (const trainable of [undefined, ["layer0.", "tail1.outputWeight"], ["outputBias"]]) {
      const network = await Network.create(gpu(), {
        input: tokens(12),
        layers: [lstm(8)],
        readout: everyStep(outputs, { adaptive: { cutoffs, divValue: 2 } }),
      });
      const parameters = asReference(await network.read());
      const optimizer = sgd({ learningRate: update.learningRate });
      const trainer = await Trainer.create(network, { steps, batch, optimizer, trainable, stepsPerSubmit: 2 });
      const losses: number[] = [];
      for await (const { loss } of trainer.train(batches)) losses.push(loss);
      const learn = referenceOptimizer(update);
      const expected = batches.map(
        (data) => referenceTrainStep(network.config, parameters, { steps, batch, ...data }, learn, trainable).loss,
      );
      expect(worstError(losses, expected)).toBeLessThan(1e-5);
      for (const [name, { data }] of await network.read()) {
        expect(worstError(data, parameters[name]!), name).toBeLessThan(1e-5);
      }
      trainer.destroy();
      network.destroy();
    }
  });

  const vocabulary = 400;
  const words: PartsOptions = {
    input: embedding(vocabulary, 16, { sparse: true }),
    layers: [lstm(16)],
    readout: everyStep(vocabulary, { adaptive: { cutoffs: [40, 120] } }),
  };
  const shape = { steps: 16, batch: 16 };

  /** Words as frequent as Zipf's law has it, of which each but every fourth follows from the one before. */
  function zipf(count: number, seed: number): Int32Array {
    const uniform = numbers(count, seed).map((value) => (value + 1) / 2);
    const drawn = Int32Array.from(uniform, (u) => Math.min(vocabulary - 1, Math.floor((vocabulary + 1) ** u) - 1));
    return drawn.map((word, i) => (i % 4 === 0 ? word : (drawn[i - (i % 4)]! + (i % 4)) % vocabulary));
  }
  const [text, unseen] = [zipf(40_000, 1), zipf(8_000, 2)];
  const batchAt = (words: Int32Array, number: number): Batch => {
    const rows = (offset: number) =>
      Int32Array.from({ length: 256 }, (_, i) => {
        const [step, row] = [Math.floor(i / 16), i % 16];
        return words[(4 * (number * 67 + row * 131) + step + offset) % (words.length - 40)]!;
      });
    return { inputs: rows(0), targets: rows(1) };
  };

  test("learns words of Zipf's law to less than their unigram entropy, and evaluates, predicts and writes them", async () => {
    const network = await Network.create(gpu(), words);
    const trainer = await Trainer.create(network, { ...shape, optimizer: adamw({ learningRate: 0.02 }), clipNorm: 1 });
    const losses: number[] = [];
    function* batches() {
      for (let number = 0; ; number++) yield batchAt(text, number);
    }
    for await (const { loss } of trainer.train(batches(), { steps: 120 })) losses.push(loss);
    expect(losses[0]!).toBeLessThan(1.05 * Math.log(vocabulary));
    const entropy = unigramEntropy(text, vocabulary);
    const { loss, accuracy } = await evaluate(
      network,
      shape,
      [0, 1, 2].map((number) => batchAt(unseen, number)),
    );
    expect(loss).toBeLessThan(entropy);
    expect(accuracy!).toBeGreaterThan(0.3);
    const { probabilities, classes } = (await network.predict(unseen.subarray(0, 3))) as ClassPrediction;
    for (let step = 0; step < 3; step++) {
      const own = probabilities.subarray(step * vocabulary, (step + 1) * vocabulary);
      expect(Math.abs(own.reduce((sum, p) => sum + p, 0) - 1)).toBeLessThan(1e-4);
      expect(own.indexOf(own.reduce((a, b) => Math.max(a, b)))).toBe(classes[step]);
    }
    const written = await generate(network, { prompt: unseen.subarray(0, 4), length: 8, seed: 1 });
    expect(written.every((word) => word >= 0 && word < vocabulary)).toBe(true);
    trainer.destroy();
    network.destroy();
  });

  test("goes on from a checkpoint to the bit", async () => {
    const optimizer = adam({ learningRate: 0.01 });
    const train = async (network: Network, from: number, to: number, bytes?: Uint8Array) => {
      const trainer = await Trainer.create(network, { ...shape, optimizer });
      if (bytes) trainer.restore(await readCheckpoint(bytes));
      const batches = Array.from({ length: to - from }, (_, i) => batchAt(text, from + i));
      for await (const _ of trainer.train(batches));
      const saved = await saveCheckpoint(trainer);
      network.destroy();
      return saved;
    };
    const whole = await train(await Network.create(gpu(), words), 0, 9);
    const first = await train(await Network.create(gpu(), words), 0, 4);
    const { network } = await readCheckpoint(first);
    expect(await train(await Network.create(gpu(), network), 4, 9, first)).toEqual(whole);
  });

  test("trains 50,000 words at batch 16 and 32 steps within a fifth of a gigabyte", async () => {
    const network = await Network.create(gpu(), {
      input: embedding(50_000, 128, { sparse: true }),
      layers: [lstm(128)],
      readout: everyStep(50_000, { adaptive: { cutoffs: [2_000, 10_000] } }),
    });
    const options = { steps: 32, batch: 16, optimizer: adam({ learningRate: 0.01 }) };
    const { bytes } = await Trainer.memoryOf(network, options);
    expect(4 * network.parameterCount + bytes).toBeLessThan(0.2e9);
    network.destroy();
  });

  test.each<[string, Partial<PartsOptions> & { adaptive?: object; tied?: boolean }, RegExp]>([
    [
      "no cutoffs",
      { adaptive: { cutoffs: [] } },
      /cutoffs are \[\], expected one or more whole numbers between 0 and 20/,
    ],
    ["cutoffs that descend", { adaptive: { cutoffs: [9, 4] } }, /cutoffs are \[9, 4\]/],
    ["a cutoff at the end", { adaptive: { cutoffs: [4, 20] } }, /between 0 and 20/],
    ["a tail without width", { adaptive: { cutoffs: [4, 9], divValue: 4 } }, /tail 1 is 8 \/ 4\^2 wide/],
    ["another option", { adaptive: { cutoffs: [4], cutoff: 1 } }, /cutoff/],
    ["class weights", { loss: crossEntropy({ classWeights: Array(20).fill(1) }) }, /crossEntropy\(\) alone/],
    ["values", { loss: huber() }, /loss of an adaptive readout is huber/],
    ["a tied readout", { input: embedding(20, 8), tied: true }, /none where it is tied/],
  ])("%s is refused", async (_, { adaptive = { cutoffs: [4] }, tied = false, ...more }, message) => {
    const readout = { ...everyStep(20, { tied, bias: true }), adaptive } as PartsOptions["readout"];
    const made = Network.create(gpu(), { input: features(3), layers: [lstm(8)], readout, ...more } as PartsOptions);
    await expect(made).rejects.toThrow(message);
  });

  test("what does not go with it is refused by name", async () => {
    const network = await Network.create(gpu(), words);
    const of = { ...shape, gradients: true };
    await expect(network.pass({ ...of, checkpointEvery: 4 })).rejects.toThrow(/adaptive readout/);
    await expect(network.pass({ ...of, probabilities: true })).rejects.toThrow(/gradients of an adaptive readout/);
    const values = await network.read();
    expect(() => toPyTorch(values, network.config)).toThrow(/an adaptive readout has no twin/);
    network.destroy();
  });
});

/** A recording's parameters by this library's names. @param prefix of their names there */
function parametersOf(tensors: ReturnType<typeof readSafetensors>["tensors"], prefix: string, tails: number) {
  const take = (name: string) => tensors.get(prefix + name) as FloatTensor;
  const transposed = ({ shape: [rows = 0, columns = 0], data }: FloatTensor): FloatTensor => ({
    shape: [columns, rows],
    data: Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!),
  });
  const module = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"].map((name) => [name, take(`lstm.${name}`)] as const);
  const zero = { ...take("lstm.bias_ih_l0"), data: new Float32Array(take("lstm.bias_ih_l0").data.length) };
  const layers = fromPyTorch(new Map([...module, ["bias_hh_l0", zero]]), { head: null });
  const ofTails = Array.from({ length: tails }, (_, i): [string, FloatTensor][] => [
    [`tail${i}.projectionWeight`, transposed(take(`head.tail.${i}.0.weight`))],
    [`tail${i}.outputWeight`, transposed(take(`head.tail.${i}.1.weight`))],
  ]);
  return new Map<string, FloatTensor>([
    ["embeddingWeight", take("embedding.weight")],
    ...layers,
    ["outputWeight", transposed(take("head.head.weight"))],
    ["outputBias", take("head.head.bias")],
    ...ofTails.flat(),
  ]);
}
