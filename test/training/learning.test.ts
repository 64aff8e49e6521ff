import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import {
  adam,
  adamw,
  type Batch,
  Network,
  type Optimizer,
  type ReferenceOptimizerOptions,
  readCheckpoint,
  readSafetensors,
  referenceOptimizer,
  referenceTrainStep,
  rmsprop,
  saveCheckpoint,
  sgd,
  Trainer,
  type TrainerOptions,
  type UniformOptions,
  writeSafetensors,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";
import { options as small, shape as smallShape, batchOf as tokensOf } from "./small";

const gpu = useGpu();

/** Each with ε so large that rounding is not made large where a gradient is small. */
const optimizers: Record<string, { options: ReferenceOptimizerOptions; make: () => Optimizer }> = {
  sgd: { options: { kind: "sgd", learningRate: 0.1 }, make: () => sgd({ learningRate: 0.1 }) },
  momentum: {
    options: { kind: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 },
    make: () => sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  },
  nesterov: {
    options: { kind: "sgd", learningRate: 0.1, momentum: 0.9, nesterov: true },
    make: () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  },
  rmsprop: {
    options: { kind: "rmsprop", learningRate: 0.02, epsilon: 0.01 },
    make: () => rmsprop({ learningRate: 0.02, epsilon: 0.01 }),
  },
  adam: {
    options: { kind: "adam", learningRate: 0.02, epsilon: 0.01 },
    make: () => adam({ learningRate: 0.02, epsilon: 0.01 }),
  },
  adamw: {
    options: { kind: "adamw", learningRate: 0.02, epsilon: 0.01, weightDecay: 0.1 },
    make: () => adamw({ learningRate: 0.02, epsilon: 0.01, weightDecay: 0.1 }),
  },
};

const cases = fc.record({
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman" },
    { cell: "gru", reset: "after" },
    { cell: "gru", reset: "before" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  input: fc.constantFrom("tokens" as const, "features" as const),
  readout: fc.constantFrom("every-step" as const, "last-step" as const),
  hidden: fc.integer({ min: 1, max: 9 }),
  /** For each parameter: whether it is frozen, has the optimizer's rate, or one of its own. */
  fates: fc.array(fc.constantFrom(undefined, 0, 0.01, 0.07, "common" as const), { minLength: 30, maxLength: 30 }),
  clipNorm: fc.constantFrom(undefined, 0.05),
  clipValue: fc.constantFrom(undefined, 0.01),
  seed: fc.nat(1e6),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const size = { steps: 5, batch: 4 };
const sizes = { inputs: 6, outputs: 3 };

function batchOf({ input, readout, seed }: Case, step: number): Batch {
  const rows = (readout === "every-step" ? size.steps : 1) * size.batch;
  const inputs = size.steps * size.batch;
  return {
    inputs: input === "tokens" ? integers(inputs, seed + step, 0, 5) : numbers(inputs * 6, seed + step),
    targets: integers(rows, seed + step + 1, 0, 2),
  };
}

const float64 = async (network: Network) =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));

async function lossesOf(trainer: Trainer, batches: Iterable<Batch>): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of trainer.train(batches)) losses.push(loss);
  return losses;
}

/** A trainer of a small network that is destroyed after its use. */
async function used<T>(
  options: Partial<TrainerOptions>,
  use: (trainer: Trainer, network: Network) => Promise<T>,
  of: UniformOptions = { ...small, layers: 2 },
): Promise<T> {
  const network = await Network.create(gpu(), of);
  try {
    const trainer = await Trainer.create(network, { ...smallShape, optimizer: sgd({ learningRate: 0.1 }), ...options });
    return await use(trainer, network);
  } finally {
    network.destroy();
  }
}

const tokens = (count: number, from = 0) => Array.from({ length: count }, (_, i) => tokensOf(from + i));

describe.each(Object.entries(optimizers))("with %s, what learns and at which rate", (_, { options, make }) => {
  test("is as the reference has it, and what is frozen stays to the bit, for any network and choice", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (shape) => {
        const { cell, fates, clipNorm, clipValue, ...rest } = shape;
        const network = await Network.create(gpu(), { ...cell, ...rest, ...sizes });
        const before = await network.read();
        const names = [...before.keys()];
        const fateOf = (name: string) =>
          name === names[shape.seed % names.length] ? 0.03 : fates[names.indexOf(name)];
        const trainable = (name: string) => fateOf(name) !== undefined;
        const learningRates = (name: string) => {
          const fate = fateOf(name);
          return fate === "common" ? undefined : fate;
        };
        const clips = { ...(clipNorm && { clipNorm }), ...(clipValue && { clipValue }) };
        const factor = (step: number) => 1 / step;
        const trainer = await Trainer.create(network, {
          ...{ ...size, optimizer: make(), trainable, learningRates, learningRateSchedule: factor },
          ...clips,
        });
        const parameters = await float64(network);
        const twin = referenceOptimizer({ ...options, ...clips, learningRates });
        const steps = [1, 2, 3, 4];
        const expected = steps.map((step) => {
          const data = { ...size, ...batchOf(shape, step) } as never;
          const update: typeof twin = (moved, by) => twin(moved, by, options.learningRate * factor(step), factor(step));
          return referenceTrainStep(network.config, parameters, data, update, trainable).loss;
        });
        const losses = await lossesOf(
          trainer,
          steps.map((step) => batchOf(shape, step)),
        );
        expect(worstError(losses, expected)).toBeLessThan(1e-4);
        const learning = names.filter(trainable);
        for (const [name, { data }] of await network.read()) {
          if (trainable(name)) expect(worstError(data, parameters[name]!), name).toBeLessThan(1e-4);
          else expect(data, name).toEqual(before.get(name)!.data);
        }
        expect(Object.keys(trainer.pass.gradients!.tensors)).toEqual(learning);
        const { tensors } = (await trainer.snapshot()).trainer;
        const kinds = new Set([...tensors.keys()].map((name) => name.split(".")[1]!));
        expect([...tensors.keys()].sort()).toEqual(
          [...kinds].flatMap((kind) => learning.map((name) => `trainer.${kind}.${name}`)).sort(),
        );
        network.destroy();
      }),
      { numRuns: 6 },
    );
  });
});

describe("a trainer of which all learns at one rate", () => {
  test("is to the bit what it is without the options, in as many dispatches and as much memory", async () => {
    const run = (options: Partial<TrainerOptions>) =>
      used({ optimizer: adam({ learningRate: 0.1 }), ...options }, async (trainer, network) => {
        const losses = await lossesOf(trainer, tokens(10));
        const { parameters, trainer: state } = await trainer.snapshot();
        const memory = await Trainer.memoryOf(network, {
          ...{ ...smallShape, optimizer: adam({ learningRate: 0.1 }) },
          ...options,
        });
        return { losses, parameters, tensors: state.tensors, memory, plan: trainer.pass.program.describe(), state };
      });
    const { state, ...plain } = await run({});
    expect(state.trainable).toBeUndefined();
    expect(state.learningRates).toBeUndefined();
    expect(plain.plan.lines.filter(({ label }) => label.startsWith("update"))).toHaveLength(1);
    for (const options of [
      { trainable: ["layer", "output"] },
      { trainable: () => true, learningRates: {} },
      { learningRates: { "": 0.1 } },
      { learningRates: () => 0.1 },
    ]) {
      const { state: _, ...other } = await run(options);
      expect(other).toEqual(plain);
    }
  });
});

describe("a trainer with frozen parameters", () => {
  test("updates each run of neighbours of one rate at once, and no other parameter", async () => {
    const updates = (options: Partial<TrainerOptions>) =>
      used(options, async ({ pass: { program } }) => {
        const { lines } = program.describe();
        return lines.filter(({ label }) => label.startsWith("update")).map(({ flops }) => flops);
      });
    const all = (await updates({}))[0]!;
    const sum = (flops: number[]) => flops.reduce((total, more) => total + more, 0);
    expect(await updates({ learningRates: { layer0: 0.2 } })).toHaveLength(2);
    expect(sum(await updates({ learningRates: { layer0: 0.2 } }))).toBe(all);
    expect(await updates({ learningRates: { "layer1.": 0.2 } })).toHaveLength(3);
    expect(await updates({ learningRates: { "layer0.bias": 0.2, "layer1.inputWeight": 0.2 } })).toHaveLength(3);
    const frozen = await updates({ trainable: ["layer0.inputWeight", "layer1.", "outputBias"] });
    expect(frozen).toHaveLength(3);
    expect(sum(frozen)).toBeLessThan(all);
    expect(await updates({ trainable: ["output"] })).toHaveLength(1);
  });

  test("takes less memory: no gradient, no state", async () => {
    const bytes = (trainable?: string[]) =>
      used({}, async (_, network) => {
        const options = { ...smallShape, optimizer: adam({ learningRate: 0.1 }), trainable };
        const { buffers } = await Trainer.memoryOf(network, options);
        return (label: string) =>
          buffers.filter((buffer) => buffer.label === label).reduce((sum, { bytes }) => sum + bytes, 0);
      });
    const [all, some] = [await bytes(), await bytes(["layer1.recurrentWeight", "outputBias"])];
    for (const label of ["gradients", "mean", "meanSquare"]) {
      expect(all(label)).toBeGreaterThan(0);
      expect(some(label)).toBe(4 * 8 * 8 + 256); // U, and b_o in the least that a tensor takes
    }
  });

  test("clips, measures and checks what learns alone", async () => {
    const norm = (options: Partial<TrainerOptions>) =>
      used(options, async (trainer, network) => {
        const parameters = await float64(network);
        let expected = 0;
        const measure = (_: unknown, gradients: Record<string, Float64Array>) => {
          const all = Object.values(gradients).flatMap((gradient) => [...gradient]);
          expected = Math.sqrt(all.reduce((sum, value) => sum + value * value, 0));
        };
        const data = { ...smallShape, ...tokensOf(1) } as never;
        referenceTrainStep(network.config, parameters, data, measure, options.trainable);
        await lossesOf(trainer, [tokensOf(1)]);
        expect(await trainer.gradientNorm()).toBeCloseTo(expected, 5);
        return expected;
      });
    const whole = await norm({});
    for (const clipNorm of [undefined, 0.01]) {
      const clips = clipNorm === undefined ? {} : { clipNorm };
      expect(await norm({ trainable: ["output"], ...clips })).toBeLessThan(whole);
    }
    // A gradient that overflows ends a training, unless nobody wants it.
    const network: UniformOptions = {
      ...{ cell: "elman", activation: "relu", inputs: 2, hidden: 3, outputs: 1 },
      ...{ input: "features", readout: "every-step", loss: "mean-squared-error" },
    };
    const huge: Batch = {
      inputs: Float32Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 3e38 : 1)),
      targets: new Float32Array(15).fill(1000),
    };
    const train = (trainable: string[] | undefined) =>
      used(
        { trainable },
        async (trainer, made) => {
          const values = await made.read();
          for (const { data } of values.values()) data.fill(0.5);
          values.get("layer0.inputWeight")!.data.fill(0, 0, 3); // what is huge counts for nothing
          made.write(values);
          return lossesOf(trainer, [huge]);
        },
        network,
      );
    await expect(train(undefined)).rejects.toThrow("the gradients of step 1, or their norm, are not finite");
    expect(await train(["layer0.recurrentWeight", "layer0.bias", "output"])).toHaveLength(1);
  });
});

describe("learning rates of their own", () => {
  test("stay where trainer.learningRate changes, and take the schedule's factor with all others", async () => {
    // Moves by the rate itself, whatever the gradient.
    const sign: Optimizer = {
      kind: "sign",
      learningRate: 0.5,
      scalars: (rate) => ({ rate }),
      add(plan, { update, gradient, parameter }) {
        const source = `
          struct Numbers { rate: f32 }
          var<uniform> update: Numbers;
          var<storage, read> gradient: array<f32>;
          var<storage, read_write> parameter: array<f32>;
          @compute @workgroup_size(64)
          fn signed(@builtin(global_invocation_id) id: vec3u) {
            if (id.x < size) { parameter[id.x] -= update.rate * sign(gradient[id.x]); }
          }`;
        const [length = 0] = parameter.shape;
        plan.add({
          label: "sign",
          kernel: { shader: "sign", source, constants: { size: length }, flags: {} },
          bindings: { update, gradient, parameter },
          workgroups: [Math.ceil(length / 64)],
          flops: length,
        });
        return {};
      },
    };
    const learningRates = { "layer0.bias": 0.125, "layer0.": 0.25 };
    await used(
      { optimizer: sign, trainable: ["layer", "outputBias"], learningRates, learningRateSchedule: (step) => 1 / step },
      async (trainer, network) => {
        for (const [step, common] of [
          [1, 0.5],
          [2, 2],
        ] as const) {
          trainer.learningRate = common;
          const before = await network.read();
          await lossesOf(trainer, [tokensOf(step)]);
          for (const [name, { data }] of await network.read()) {
            const moved = Math.max(...data.map((value, i) => Math.abs(value - before.get(name)!.data[i]!)));
            const rate = name === "layer0.bias" ? 0.125 : name.startsWith("layer0.") ? 0.25 : common;
            expect(moved, `${name} at step ${step}`).toBeCloseTo(name === "outputWeight" ? 0 : rate / step, 6);
          }
        }
      },
    );
  });

  test.each<[Partial<Record<keyof TrainerOptions, unknown>>, string | RegExp]>([
    [
      { trainable: [] },
      "Trainer: trainable is empty, expected a list of one or more parameters; of layer0.inputWeight, ",
    ],
    [{ trainable: () => false }, "Trainer: trainable is false for all, expected true for one or more of layer0."],
    [{ trainable: () => 1 }, 'Trainer: trainable("layer0.inputWeight") is 1, expected true or false'],
    [{ trainable: "output" }, 'Trainer: trainable is "output", expected a list'],
    [{ trainable: ["layer7."] }, /trainable has "layer7.", expected names .+: layer0.inputWeight, .+, outputBias\.$/],
    [{ learningRates: { embedding: 0.1 } }, /learningRates has "embedding", expected names .+, outputBias\.$/],
    [{ learningRates: 0.1 }, "Trainer: learningRates is 0.1, expected numbers by names of parameters"],
    [
      { learningRates: { output: -1 } },
      'learningRates of "output" is -1, expected 0 or a number from 1.4e-45 to 3.4e38, as float32 has',
    ],
    [{ learningRates: { output: Number.NaN } }, 'learningRates of "output" is NaN'],
    [
      { learningRates: { output: 1e39 } },
      'learningRates of "output" is 1e+39, expected 0 or a number from 1.4e-45 to 3.4e38, as float32 has',
    ],
    [{ learningRates: { output: 1e-50 } }, 'learningRates of "output" is 1e-50, expected 0 or a number from 1.4e-45'],
    [{ learningRates: { output: "0.1" } }, 'learningRates of "output" is "0.1", expected a number'],
    [{ learningRates: () => null }, 'learningRates of "layer0.inputWeight" is null, expected a number'],
  ])("and what learns are refused where they are %o", async (wrong, message) => {
    await expect(used(wrong as never, async () => 0)).rejects.toThrow(message);
  });
});

describe("a checkpoint of a training with frozen parameters and rates of their own", () => {
  const chosen = { trainable: ["layer0.bias", "layer1.", "outputBias"], learningRates: { "layer1.": 0.02 } };

  test("goes on to the bit, by what it says itself of the options", async () => {
    for (const { make } of Object.values(optimizers)) {
      const whole = await used({ ...chosen, optimizer: make() }, async (trainer) => {
        const losses = await lossesOf(trainer, tokens(12));
        return { losses, bytes: await saveCheckpoint(trainer) };
      });
      const first = await used({ ...chosen, optimizer: make() }, async (trainer) => {
        return { losses: await lossesOf(trainer, tokens(5)), bytes: await saveCheckpoint(trainer) };
      });
      const saved = await readCheckpoint(first.bytes);
      const { trainable, learningRates } = saved.trainer!;
      const second = await used({ trainable, learningRates, optimizer: make() }, async (trainer) => {
        trainer.restore(saved);
        return { losses: await lossesOf(trainer, tokens(7, 5)), bytes: await saveCheckpoint(trainer) };
      });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.bytes).toEqual(whole.bytes);
    }
  });

  test("is refused by name where other parameters learn, or at other rates, and changes nothing", async () => {
    const save = (options: Partial<TrainerOptions>) =>
      used(options, async (trainer) => {
        await lossesOf(trainer, tokens(2));
        return trainer.snapshot();
      });
    const [some, all] = [await save(chosen), await save({})];
    const refused = (options: Partial<TrainerOptions>, checkpoint: typeof some, message: string | RegExp) =>
      used(options, async (trainer, network) => {
        const before = await network.read();
        expect(() => trainer.restore(checkpoint)).toThrow(message);
        expect(await network.read()).toEqual(before);
        expect(trainer.step).toBe(0);
      });
    await refused(
      { trainable: ["output"] },
      some,
      "Trainer.restore: the checkpoint is of a training with trainable [layer0.bias, layer1.inputWeight, " +
        "layer1.recurrentWeight, layer1.bias, outputBias], expected [outputWeight, outputBias]; make the trainer with " +
        "trainable: checkpoint.trainer.trainable, or begin another training: network.write(checkpoint.parameters).",
    );
    await refused({}, some, "outputBias], expected undefined; make");
    await refused(
      { trainable: ["output"] },
      all,
      "with trainable undefined, expected [outputWeight, outputBias]; make",
    );
    await refused(
      { ...chosen, learningRates: {} },
      some,
      /with learningRates \{ layer1.bias: 0.02, .+ \}, expected undefined; make/,
    );
    await refused(
      { learningRates: { outputBias: 1 } },
      all,
      "with learningRates undefined, expected { outputBias: 1 }; make",
    );
  });

  test("is not read where it tells of none of the network's parameters, or no rates", async () => {
    const bytes = await used(chosen, (trainer) => saveCheckpoint(trainer));
    const { metadata, tensors } = readSafetensors(bytes);
    const said = JSON.parse(metadata.trainer!);
    const read = (change: object) =>
      readCheckpoint(writeSafetensors(tensors, { ...metadata, trainer: JSON.stringify({ ...said, ...change }) }));
    expect((await read({})).trainer!.trainable).toContain("outputBias");
    for (const trainable of [[], ["layer9.bias"], ["layer1."], "all", [5], { length: 1 }, "x".repeat(1e6), null]) {
      await expect(read({ trainable })).rejects.toThrow(/^readCheckpoint: metadata "trainer" has trainable .{1,300}$/);
    }
    for (const learningRates of [[1], {}, { constructor: 1 }, { outputBias: "1" }, "x".repeat(1e6), 5, null]) {
      await expect(read({ learningRates })).rejects.toThrow(
        /^readCheckpoint: metadata "trainer" has learningRates .{1,300}$/,
      );
    }
    await expect(read({ learningRates: { outputBias: -1 } })).rejects.toThrow("learningRates of outputBias is -1");
  });
});
