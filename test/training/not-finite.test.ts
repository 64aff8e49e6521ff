import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  type Batch,
  evaluate,
  generate,
  Network,
  type Optimizer,
  type ParameterValues,
  rmsprop,
  type StepReport,
  saveCheckpoint,
  saveNetwork,
  sgd,
  TempogradError,
  Trainer,
  type TrainerOptions,
  type UniformOptions,
} from "../../src/index";
import { numbers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const shape = { steps: 6, batch: 2 };
const options: UniformOptions = {
  cell: "lstm",
  inputs: 3,
  hidden: 5,
  outputs: 2,
  input: "features",
  readout: "every-step",
  loss: "mean-squared-error",
};

const batchOf = (seed: number): Batch => ({
  inputs: Float32Array.from(numbers(36, seed)),
  targets: Float32Array.from(numbers(24, seed + 100)),
});
/** Its loss is beyond float32. */
const hugeBatch: Batch = { ...batchOf(50), targets: new Float32Array(24).fill(3e38) };

/** Batches 1 to 12, of which those named are huge. */
const withHuge = (...huge: number[]) =>
  Array.from({ length: 12 }, (_, i) => (huge.includes(i + 1) ? hugeBatch : batchOf(i + 1)));

/** One of the user's own, which moves parameters whatever the gradient is. */
const drift: Optimizer = {
  ...sgd({ learningRate: 0.5 }),
  kind: "drift",
  scalars: (rate) => [rate],
  add(plan, { update, parameter }) {
    const source = `
      @group(0) @binding(0) var<uniform> update: vec4f;
      @group(0) @binding(1) var<storage, read_write> parameter: array<f32>;
      @compute @workgroup_size(64)
      fn drift(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < size && parameter[id.x] != 0.0) { parameter[id.x] += 0.01 * update.x; }
      }`;
    const size = parameter.shape[0]!;
    const kernel = { shader: "drift", source, constants: { size }, flags: {} };
    const workgroups = [Math.ceil(size / 64)] as const;
    plan.add({ label: "drift", kernel, bindings: { update, parameter }, workgroups, flops: size });
    return {};
  },
};

const optimizers: [string, Optimizer][] = [
  ["sgd", sgd({ learningRate: 0.1 })],
  ["sgd with momentum and decay", sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true })],
  ["rmsprop", rmsprop({ learningRate: 0.01 })],
  ["adam", adam({ learningRate: 0.01, weightDecay: 0.1 })],
  ["adamw", adamw({ learningRate: 0.01 })],
  ["an optimizer of one's own", drift],
];

async function made(more: Partial<TrainerOptions> & { network?: Partial<UniformOptions> } = {}) {
  const { network: other, ...training } = more;
  const network = await Network.create(gpu(), { ...options, ...other });
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }), ...training });
  const close = () => {
    trainer.destroy();
    network.destroy();
  };
  return { network, trainer, close };
}

async function train(trainer: Trainer, batches: Batch[], notFinite: "stop" | "skip" = "stop") {
  const reports: StepReport[] = [];
  let error: unknown;
  try {
    for await (const report of trainer.train(batches, { notFinite })) reports.push(report);
  } catch (thrown) {
    error = thrown;
  }
  return { reports, error };
}

const refused = { code: "not-finite" };

/** A number of the network's first parameter, written past all checks. */
function spoil(network: Network, value: number): void {
  gpu().write(network.parameters.buffer, 0, () => Float32Array.of(value));
}

describe("a step that is not finite", () => {
  test.each(optimizers)("changes neither parameters nor state, and ends the training: %s", async (_, optimizer) => {
    for (const stepsPerSubmit of [1, 4]) {
      const { trainer, close } = await made({ optimizer, stepsPerSubmit });
      const twin = await made({ optimizer, stepsPerSubmit });
      const { reports, error } = await train(trainer, withHuge(6));
      expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
      expect(error).toBeInstanceOf(TempogradError);
      expect(error).toMatchObject(refused);
      expect((error as Error).message).toMatch(
        /^Trainer\.train: the loss of step 6 is Infinity, expected finite numbers; .*learning rate.*clipNorm.*"skip"/,
      );
      await train(twin.trainer, withHuge().slice(0, 5));
      expect(trainer.step).toBe(5);
      expect(await trainer.snapshot()).toEqual(await twin.trainer.snapshot());
      // It goes on from there.
      const rest = [7, 8, 9].map(batchOf);
      await train(trainer, rest);
      await train(twin.trainer, rest);
      expect(await trainer.snapshot()).toEqual(await twin.trainer.snapshot());
      close();
      twin.close();
    }
  });

  test.each(optimizers)("is reported and counted where such steps are skipped: %s", async (_, optimizer) => {
    const { network, trainer, close } = await made({ optimizer, stepsPerSubmit: 1 });
    const before: ParameterValues[] = [];
    const state: unknown[] = [];
    const reports: StepReport[] = [];
    for (const batch of withHuge(3, 4, 7)) {
      const { parameters, trainer: own } = await trainer.snapshot();
      before.push(parameters);
      state.push(own.tensors);
      const { reports: more, error } = await train(trainer, [batch], "skip");
      expect(error).toBeUndefined();
      reports.push(...more);
    }
    expect(reports.filter(({ skipped }) => skipped).map(({ step }) => step)).toEqual([3, 4, 7]);
    expect(reports[2]!.loss).toBe(Number.POSITIVE_INFINITY);
    expect(trainer.skippedSteps).toBe(3);
    for (const step of [3, 4, 7]) {
      expect(before[step]).toEqual(before[step - 1]);
      expect(state[step]).toEqual(state[step - 1]);
    }
    for (const step of [1, 2, 5, 6, 8]) expect(before[step]).not.toEqual(before[step - 1]);
    expect((await evaluate(network, shape, [batchOf(1)])).loss).toBeLessThan(10);
    close();
  });

  test("is skipped alike with many steps a submit, with clipping, slabs of gradients, and segments of time", async () => {
    const sizes = { steps: 64, batch: 64 };
    const long = (seed: number, target?: number): Batch => ({
      inputs: Float32Array.from(numbers(3 * 4096, seed)),
      targets: target ? new Float32Array(2 * 4096).fill(target) : Float32Array.from(numbers(2 * 4096, seed)),
    });
    const kinds = [{}, { clipNorm: 0.1 }, { clipValue: 0.01 }, { clipNorm: 1, checkpointEvery: 16 }];
    for (const kind of kinds) {
      const run = async (batches: Batch[], stepsPerSubmit: number) => {
        const { network, trainer, close } = await made({ ...sizes, ...kind, stepsPerSubmit });
        const { reports } = await train(trainer, batches, "skip");
        const parameters = await network.read();
        close();
        return { parameters, skipped: reports.map(({ skipped }) => skipped) };
      };
      const together = await run([long(1), long(2, 3e38), long(3)], 3);
      expect(together.skipped).toEqual([false, true, false]);
      expect(together.parameters).toEqual((await run([long(1), long(3)], 1)).parameters);
    }
  });

  test("is found by its gradients too, which clipping by value would have hidden", async () => {
    const network: Partial<UniformOptions> = { cell: "elman", hidden: 1, readout: "last-step", loss: "cross-entropy" };
    for (const clip of [{}, { clipValue: 0.1 }, { clipNorm: 1 }]) {
      const on = await made({ ...clip, network, batch: 1 });
      const values = await on.network.read();
      values.get("outputWeight")!.data.set([2e38, -2e38]); // dh is 4e38
      values.get("layer0.bias")!.data.set([-0.3]); // h < 0: the first class is the unlikely one
      on.network.write(values);
      const batch = { inputs: new Float32Array(18), targets: Int32Array.of(0) };
      const { error } = await train(on.trainer, [batch]);
      expect((error as Error).message).toContain("the gradients of step 1, or their norm, are not finite");
      expect(await on.network.read()).toEqual(values);
      on.close();
    }
  });

  test("by the norm of its gradients alone is none to clip by", async () => {
    const network = { cell: "elman", activation: "relu" } as Partial<UniformOptions>;
    const on = await made({ network, clipNorm: 1 });
    // The loss and the gradients fit, the squares of gradients do not.
    const batch = { inputs: new Float32Array(36).fill(1e6), targets: new Float32Array(24).fill(1e18) };
    const { error } = await train(on.trainer, [batch]);
    expect(error).toMatchObject(refused);
    on.close();
    const unclipped = await made({ network, clipValue: 1e-3 });
    const { reports } = await train(unclipped.trainer, [batch, batch]);
    expect(reports).toHaveLength(2);
    unclipped.close();
  });

  test("leaves the state that is carried on as it was", async () => {
    const network: Partial<UniformOptions> = { cell: "elman", activation: "relu" } as Partial<UniformOptions>;
    const on = await made({ network, carryState: true });
    const overflowing = { ...batchOf(2), inputs: new Float32Array(36).fill(3e38) };
    const { reports } = await train(on.trainer, [batchOf(1), overflowing, batchOf(3), batchOf(4)], "skip");
    expect(reports.map(({ skipped }) => skipped)).toEqual([false, true, false, false]);
    const before = await on.trainer.snapshot();
    await train(on.trainer, [overflowing], "skip");
    const { tensors } = (await on.trainer.snapshot()).trainer;
    expect(tensors.get("trainer.state.layer0.hidden")!.data.some((value) => value > 0)).toBe(true);
    expect(tensors).toEqual(before.trainer.tensors);
    on.close();
  });

  test("lets the next one begin as it was to begin: with the state it was given, or anew", async () => {
    const network: Partial<UniformOptions> = { cell: "elman" };
    const training = { network, carryState: true, initialState: true, stepsPerSubmit: 1 };
    const given = { initialState: Float32Array.from(numbers(10, 9)) };
    const lossesOf = async (batches: Batch[], notFinite: "stop" | "skip") => {
      const on = await made({ ...training, optimizer: sgd({ learningRate: 1e-30 }) });
      const ends: number[] = [];
      for (const batch of batches) {
        const { reports } = await train(on.trainer, [batch], notFinite);
        for (const { loss, skipped } of reports) if (!skipped) ends.push(loss);
      }
      on.close();
      return ends;
    };
    const expected = await lossesOf([{ ...batchOf(1), ...given }], "stop");
    expect(expected).not.toEqual(await lossesOf([batchOf(1)], "stop"));
    expect(
      await lossesOf(
        [
          { ...hugeBatch, ...given },
          { ...batchOf(1), ...given },
        ],
        "stop",
      ),
    ).toEqual(expected);
    expect(await lossesOf([{ ...hugeBatch, ...given }, batchOf(1)], "skip")).toEqual(expected);
    const reset = { reset: Int32Array.of(1, 1) };
    const [, anew] = await lossesOf([batchOf(1), { ...batchOf(2), ...reset }], "skip");
    const [, next] = await lossesOf([batchOf(1), batchOf(2)], "skip");
    expect(next).not.toBe(anew);
    expect((await lossesOf([batchOf(1), { ...hugeBatch, ...reset }, batchOf(2)], "skip"))[1]).toBe(anew);
    expect((await lossesOf([batchOf(1), hugeBatch, batchOf(2)], "skip"))[1]).toBe(next);
  });

  test("leaves no gradient norm to ask for, as it was of what changed nothing", async () => {
    const { trainer, close } = await made({ stepsPerSubmit: 1 });
    await train(trainer, withHuge(3));
    expect(await trainer.gradientNorm()).toBeUndefined();
    await train(trainer, [batchOf(1)]);
    expect(await trainer.gradientNorm()).toBeGreaterThan(0);
    close();
  });

  test("that nobody has seen yet is not taken for one that was trained", async () => {
    const { trainer, close } = await made({ stepsPerSubmit: 1 });
    const loop = trainer.train(withHuge(2));
    await loop.next(); // two submits are under way
    await expect(trainer.snapshot()).rejects.toMatchObject(refused);
    await loop.return();
    expect(trainer.step).toBe(1);
    close();
  });
});

describe("a network that is not finite", () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])("neither writes on nor is evaluated: %f", async (value) => {
    const writer: UniformOptions = {
      cell: "elman",
      inputs: 5,
      hidden: 4,
      outputs: 5,
      input: "tokens",
      readout: "every-step",
    };
    const network = await Network.create(gpu(), writer);
    const heard: Int32Array[] = [];
    const ask = { prompt: [1], length: 40, onTokens: (tokens: Int32Array) => heard.push(tokens) };
    await generate(network, ask);
    heard.length = 0;
    spoil(network, value); // of a token that is not in the prompt
    await expect(generate(network, ask)).rejects.toMatchObject(refused);
    await expect(generate(network, { prompt: [1], length: 4 })).rejects.toThrow("parameters or logits are not finite");
    expect(heard).toEqual([]);
    const tokens = new Int32Array(12).fill(1);
    await expect(evaluate(network, shape, [{ inputs: tokens, targets: tokens }])).rejects.toMatchObject(refused);
    network.destroy();
  });

  test("is not saved, nor is a training whose state is not", async () => {
    const on = await made({ optimizer: adam({ learningRate: 0.01 }) });
    await train(on.trainer, [batchOf(1)]);
    await saveCheckpoint(on.trainer);
    const mean = (await on.trainer.snapshot()).trainer.tensors.get("trainer.mean.outputBias")!;
    mean.data[1] = Number.NaN;
    const snapshot = await on.trainer.snapshot();
    snapshot.trainer.tensors.set("trainer.mean.outputBias", mean);
    const saved = saveCheckpoint({ network: on.network, snapshot: async () => snapshot } as unknown as Trainer);
    await expect(saved).rejects.toThrow(
      'saveCheckpoint: "trainer.mean.outputBias"[1] is NaN, expected a finite number',
    );
    spoil(on.network, Number.NaN);
    const name = /^save(Network|Checkpoint): "layer0\.inputWeight"\[0\] is NaN/;
    await expect(saveNetwork(on.network)).rejects.toThrow(name);
    await expect(saveCheckpoint(on.trainer)).rejects.toThrow(name);
    await expect(saveCheckpoint(on.trainer)).rejects.toMatchObject(refused);
    on.close();
  });

  test("by what it computes, does not write on either", async () => {
    const writer: UniformOptions = { ...options, inputs: 5, outputs: 5, input: "tokens", loss: "cross-entropy" };
    const network = await Network.create(gpu(), writer);
    const values = await network.read();
    values.get("outputWeight")!.data.fill(3e38);
    values.get("outputBias")!.data.fill(3e38);
    values.get("layer0.bias")!.data.fill(9); // all gates open: h is near 1
    network.write(values);
    await expect(generate(network, { prompt: [1], length: 9 })).rejects.toMatchObject(refused);
    network.destroy();
  });
});

test.each([
  [1e39, "expected 0 or a number from 1.4e-45 to 3.4e38, as float32 has"],
  [1e-50, "expected 0 or a number from 1.4e-45 to 3.4e38, as float32 has"],
])("a learning rate of %f is refused", async (learningRate, message) => {
  for (const optimizer of [sgd, rmsprop, adam, adamw]) expect(() => optimizer({ learningRate })).toThrow(message);
  const { trainer, close } = await made();
  trainer.learningRate = learningRate;
  expect(((await train(trainer, [batchOf(1)])).error as Error).message).toContain(message);
  close();
});

test("a learning rate that a schedule makes too large is refused", async () => {
  const { trainer, close } = await made({ learningRateSchedule: (step) => (step > 2 ? 1e38 : 1), stepsPerSubmit: 1 });
  trainer.learningRate = 100;
  const { reports, error } = await train(trainer, [1, 2, 3].map(batchOf));
  expect(reports).toHaveLength(2);
  expect((error as Error).message).toContain('"learningRate" of optimizer "sgd" at step 3 is 1e+40');
  close();
});
