import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  type Batch,
  embedding,
  everyStep,
  lstm,
  Network,
  type Optimizer,
  type PartsOptions,
  type ReferenceOptimizerOptions,
  readCheckpoint,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  rmsprop,
  saveCheckpoint,
  sgd,
  Trainer,
  type TrainerOptions,
} from "../../src/index";
import { integers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const tokens = 40;

const network = (sparse: boolean, encoded = false): PartsOptions => ({
  input: embedding(tokens, 6, { sparse }),
  layers: [lstm(7)],
  readout: everyStep(tokens),
  ...(encoded && { encoder: { input: embedding(tokens, 5, { sparse }), layers: [lstm(7)] } }),
});

const shape = { steps: 4, batch: 3 };

/** Few of the tokens occur, some several times. */
function batchOf(seed: number, encoded = false): Batch {
  const some = (count: number, own: number) => integers(count, seed + own, 0, 12).map((token) => 3 * token);
  const source = encoded && { source: some(2 * shape.batch, 3) };
  return { inputs: some(12, 0), targets: integers(12, seed + 1, -1, tokens - 1), ...source };
}

/** Each with ε so large that rounding is not made large where a gradient is small. */
const optimizers: Record<string, { options: ReferenceOptimizerOptions; make: () => Optimizer }> = Object.fromEntries(
  [
    { kind: "sgd", learningRate: 0.1 } as const,
    { kind: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 } as const,
    { kind: "rmsprop", learningRate: 0.02, epsilon: 0.01 } as const,
    { kind: "adam", learningRate: 0.02, epsilon: 0.01 } as const,
    { kind: "adamw", learningRate: 0.02, epsilon: 0.01, weightDecay: 0.1 } as const,
  ].map((options) => {
    const { kind, ...given } = options;
    return [JSON.stringify(options), { options, make: () => ({ sgd, rmsprop, adam, adamw })[kind](given) }];
  }),
);

const asReference = (values: Iterable<[string, { data: Float32Array }]>) =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

async function train(options: PartsOptions, given: TrainerOptions, batches: readonly Batch[]) {
  const made = await Network.create(gpu(), options);
  const trainer = await Trainer.create(made, given);
  const losses: number[] = [];
  for await (const { loss } of trainer.train(batches)) losses.push(loss);
  const after = asReference(await made.read());
  const saved = await saveCheckpoint(trainer);
  trainer.destroy();
  made.destroy();
  return { losses, after, saved };
}

describe("a sparse embedding", () => {
  test("has the gradient of the tokens that occur, in order, and no other, also in segments and of an encoder", async () => {
    const cases = fc.record({ seed: fc.nat(1e6), way: fc.constantFrom("whole", "segments", "encoder") });
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, way }) => {
        const encoded = way === "encoder";
        const made = await Network.create(gpu(), network(true, encoded));
        const data = batchOf(seed, encoded);
        const more = { ...(way === "segments" && { checkpointEvery: 2 }), ...(encoded && { sourceSteps: 2 }) };
        const pass = await made.pass({ ...shape, ...more, gradients: true });
        pass.write(data);
        pass.program.run();
        const parameters = asReference(await made.read());
        const twin = { ...shape, ...data, ...(encoded && { sourceSteps: 2 }) };
        const expected = referenceBackward(
          made.config,
          parameters,
          twin,
          referenceForward(made.config, parameters, twin),
        ).parameters;
        const names = [
          ["embeddingWeight", data.inputs, 6],
          ...(encoded ? [["encoder.embeddingWeight", data.source!, 5] as const] : []),
        ] as const;
        for (const [name, given, width] of names) {
          const gradient = pass.gradients!.tensors[name]!;
          const occurring = [...new Set(given)].sort((a, b) => a - b);
          expect(gradient.shape).toEqual([given.length, width]);
          const [got] = await readTensors(gpu(), [gradient], "test");
          const rows = Array.from({ length: given.length }, (_, i) => {
            const token = occurring[i];
            return token === undefined
              ? new Float64Array(width)
              : expected[name]!.subarray(token * width, (token + 1) * width);
          });
          expect(
            worstError(
              got!,
              rows.flatMap((row) => [...row]),
            ),
          ).toBeLessThan(1e-5);
        }
        pass.destroy();
        made.destroy();
      }),
      { numRuns: 8 },
    );
  });

  test.each(Object.keys(optimizers))(
    "is updated as its reference in the rows that occur alone, by %s",
    async (name) => {
      const { options, make } = optimizers[name]!;
      const clip = { clipNorm: 0.5 };
      const batches = [1, 2, 3, 4].map((seed) => batchOf(seed));
      const made = await Network.create(gpu(), network(true));
      const parameters = asReference(await made.read());
      made.destroy();
      const before = parameters.embeddingWeight!.slice();
      const update = referenceOptimizer({ ...options, ...clip });
      const losses = batches.map(
        (data) => referenceTrainStep(made.config, parameters, { ...shape, ...data }, update).loss,
      );
      const got = await train(network(true), { ...shape, optimizer: make(), ...clip }, batches);
      expect(worstError(got.losses, losses)).toBeLessThan(1e-5);
      for (const [parameter, expected] of Object.entries(parameters)) {
        expect(worstError(got.after[parameter]!, expected), parameter).toBeLessThan(1e-4);
      }
      const occur = new Set(batches.flatMap(({ inputs }) => [...inputs]));
      expect(occur.size).toBeLessThan(tokens / 2);
      for (let i = 0; i < before.length; i++) {
        if (!occur.has(Math.floor(i / 6))) expect(got.after.embeddingWeight![i]).toBe(before[i]);
      }
    },
  );

  test("learns as one that is not sparse by gradient descent, and otherwise by Adam", async () => {
    const batches = [1, 2, 3, 4, 5].map((seed) => batchOf(seed));
    const apart = async (optimizer: Optimizer) => {
      const [lazy, whole] = [
        await train(network(true), { ...shape, optimizer }, batches),
        await train(network(false), { ...shape, optimizer }, batches),
      ];
      return worstError(lazy.after.embeddingWeight!, whole.after.embeddingWeight!);
    };
    expect(await apart(sgd({ learningRate: 0.5 }))).toBeLessThan(1e-6);
    expect(await apart(adam({ learningRate: 0.02 }))).toBeGreaterThan(1e-3);
  });

  test("goes on from a checkpoint to the bit", async () => {
    const batches = Array.from({ length: 12 }, (_, seed) => batchOf(seed));
    const given = { ...shape, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 };
    const whole = await train(network(true), given, batches);
    const first = await train(network(true), given, batches.slice(0, 5));
    const checkpoint = await readCheckpoint(first.saved);
    const made = await Network.create(gpu(), checkpoint.network);
    const trainer = await Trainer.create(made, given);
    trainer.restore(checkpoint);
    for await (const _ of trainer.train(batches.slice(5)));
    expect(await saveCheckpoint(trainer)).toEqual(whole.saved);
    trainer.destroy();
    made.destroy();
  });

  test("keeps no gradient of other rows: of 100,000 tokens and a batch of 12, it takes less than a kilobyte", async () => {
    const large = { ...network(true), input: embedding(100_000, 6, { sparse: true }) };
    const made = await Network.create(gpu(), large);
    const { buffers } = await made.memoryOf({ ...shape, gradients: true });
    const dense = await Network.create(gpu(), { ...large, input: embedding(100_000, 6) });
    const whole = await dense.memoryOf({ ...shape, gradients: true });
    const gradients = (of: typeof buffers) => of.find(({ label }) => label === "gradients")!.bytes;
    expect(gradients(whole.buffers) - gradients(buffers)).toBeGreaterThan(100_000 * 8 * 4 - 1000);
    made.destroy();
    dense.destroy();
  });

  test("is refused where it would be a wrong answer", async () => {
    const tied = { ...network(true), layers: [lstm(6)], readout: everyStep(tokens, { tied: true }) };
    await expect(Network.create(gpu(), tied)).rejects.toThrow(/tied to a sparse embedding/);
    const odd = { ...network(true), input: { kind: "tokens", tokens: 5, width: 5, sparse: true } } as const;
    await expect(Network.create(gpu(), odd)).rejects.toThrow(/sparse is true for tokens, expected an embedding/);
    const made = await Network.create(gpu(), network(true));
    const { sparse: _, ...own } = adam({ learningRate: 0.1 });
    await expect(Trainer.create(made, { ...shape, optimizer: { ...own, kind: "own" } })).rejects.toThrow(
      /optimizer "own" is not sparse and "embeddingWeight" is/,
    );
    made.destroy();
  });
});
