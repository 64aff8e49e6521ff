import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  type BatchStream,
  carriedWindows,
  cosine,
  cut,
  Network,
  type Optimizer,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  rmsprop,
  type StreamPosition,
  saveCheckpoint,
  saveNetwork,
  sgd,
  Trainer,
  type UniformOptions,
  writeSafetensors,
} from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();

const tokens = Int32Array.from({ length: 700 }, (_, i) => (3 * i + (i % 5)) % 7);
const size = { steps: 6, batch: 3 };
const network: UniformOptions = {
  cell: "lstm",
  layers: 2,
  dropout: 0.3,
  inputs: 7,
  hidden: 6,
  outputs: 7,
  input: "tokens",
  readout: "every-step",
};
const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  momentum: () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: () => rmsprop({ learningRate: 0.01 }),
  adam: () => adam({ learningRate: 0.01 }),
  adamw: () => adamw({ learningRate: 0.01 }),
};

interface Setup {
  optimizer: () => Optimizer;
  carryState: boolean;
  stepsPerSubmit?: number;
}

function streamOf({ carryState }: Setup, position?: StreamPosition): BatchStream {
  const from = position === undefined ? {} : { position };
  return carryState
    ? carriedWindows(cut(tokens, 5), { ...size, seed: 2, ...from })
    : randomWindows(tokens, { ...size, seed: 2, ...from });
}

const trainerOf = (made: Network, { optimizer, ...options }: Setup) =>
  Trainer.create(made, {
    ...size,
    ...options,
    optimizer: optimizer(),
    clipNorm: 1,
    learningRateSchedule: cosine({ steps: 2500 }),
  });

/** Losses of `steps` steps from the beginning, or from a checkpoint's bytes; and a checkpoint after them. */
async function train(setup: Setup, steps: number, from?: Uint8Array) {
  const saved = from && (await readCheckpoint(from));
  const made = await Network.create(gpu(), saved?.network ?? network);
  const trainer = await trainerOf(made, setup);
  if (saved) trainer.restore(saved);
  const stream = streamOf(setup, saved?.data as StreamPosition | undefined);
  const losses: number[] = [];
  for await (const { loss } of trainer.train(stream, { steps })) losses.push(loss);
  const bytes = await saveCheckpoint(trainer, { data: stream.position });
  trainer.destroy();
  made.destroy();
  return { losses, bytes };
}

describe("a training that was stopped and resumed from its file", () => {
  test("gives the same losses and parameters to the bit, with any optimizer, windows and cut into submits", async () => {
    const cases = fc.record({
      optimizer: fc.constantFrom(...Object.keys(optimizers)),
      carryState: fc.boolean(),
      stop: fc.integer({ min: 1, max: 19 }),
      stepsPerSubmit: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ optimizer, carryState, stop, stepsPerSubmit }) => {
        const setup = { optimizer: optimizers[optimizer]!, carryState };
        const whole = await train(setup, 20);
        const first = await train({ ...setup, stepsPerSubmit }, stop);
        const second = await train(setup, 20 - stop, first.bytes);
        expect([...first.losses, ...second.losses]).toEqual(whole.losses);
        expect(second.bytes).toEqual(whole.bytes);
      }),
      { numRuns: 8 },
    );
  });

  test("does so over 2,000 steps, saved in mid-training while more steps are in flight", async () => {
    const setup = { optimizer: optimizers.adam!, carryState: true };
    const whole = await train(setup, 2000);
    const made = await Network.create(gpu(), network);
    const trainer = await trainerOf(made, setup);
    const stream = streamOf(setup);
    const stop = 1 + Math.floor(Math.random() * 1900);
    let saved: Uint8Array | undefined;
    let step = 0;
    for await (const report of trainer.train(stream, { steps: 2000 })) {
      if (report.step !== stop) continue;
      step = trainer.step;
      saved = await saveCheckpoint(trainer, { data: stream.position });
      break;
    }
    trainer.destroy();
    made.destroy();
    const resumed = await train(setup, 2000 - step, saved);
    expect(resumed.losses, `stopped at ${step}`).toEqual(whole.losses.slice(step));
    expect(resumed.bytes).toEqual(whole.bytes);
    expect(whole.losses.at(-1)!).toBeLessThan(whole.losses[0]!);
  }, 120_000);
});

describe("a checkpoint", () => {
  test("of a network alone gives its parameters, and no trainer's state", async () => {
    const made = await Network.create(gpu(), network);
    const saved = await readCheckpoint(new Blob([await saveNetwork(made, { about: { symbols: ["a"] } })]));
    expect(saved.parameters).toEqual(await made.read());
    expect(saved.about).toEqual({ symbols: ["a"] });
    const trainer = await trainerOf(made, { optimizer: optimizers.sgd!, carryState: false });
    expect(() => trainer.restore(saved)).toThrow("is of a network alone");
    trainer.destroy();
    made.destroy();
  });

  test("of an earlier version, with the carried states of all layers in one tensor of each kind, is read as one of today", async () => {
    const { bytes } = await train({ optimizer: optimizers.adam!, carryState: true }, 2);
    const { metadata, tensors } = readSafetensors(bytes);
    const earlier = new Map([...tensors].filter(([name]) => !name.startsWith("trainer.state.")));
    for (const kind of ["hidden", "cell"]) {
      const layers = [0, 1].map((layer) => tensors.get(`trainer.state.layer${layer}.${kind}`)!);
      const data = Float32Array.from(layers.flatMap(({ data }) => [...data]));
      earlier.set(`trainer.state.${kind}`, { shape: [layers.length, ...layers[0]!.shape], data });
    }
    const [was, is] = await Promise.all(
      [writeSafetensors(earlier, metadata), bytes].map((file) => readCheckpoint(file)),
    );
    expect(new Map([...was!.trainer!.tensors].sort())).toEqual(new Map([...is!.trainer!.tensors].sort()));
  });

  test("of other making is refused, and changes nothing", async () => {
    const { bytes } = await train({ optimizer: optimizers.adam!, carryState: true }, 2);
    const made = await Network.create(gpu(), network);
    const before = await made.read();
    const other = await trainerOf(made, { optimizer: optimizers.rmsprop!, carryState: true });
    const saved = await readCheckpoint(bytes);
    expect(() => other.restore(saved)).toThrow('is of optimizer "adam", expected "rmsprop"');
    const uncarried = await trainerOf(made, { optimizer: optimizers.adam!, carryState: false });
    expect(() => uncarried.restore(saved)).toThrow('tensor "trainer.state.layer0.hidden" is given');
    const { metadata, tensors } = readSafetensors(bytes);
    const damaged = (change: Record<string, string>) =>
      readCheckpoint(writeSafetensors(tensors, { ...metadata, ...change }));
    await expect(damaged({ version: "9" })).rejects.toThrow('metadata "version" is "9", expected "1"');
    await expect(damaged({ network: "{" })).rejects.toThrow('metadata "network" is "{", expected JSON');
    await expect(damaged({ trainer: "[]" })).rejects.toThrow('metadata "trainer" is []');
    const nested = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    for (const name of ["network", "trainer", "data", "about"]) {
      const message = `readCheckpoint: metadata "${name}" has brackets nested more than 1000 deep, expected JSON; the file`;
      await expect(damaged({ [name]: nested })).rejects.toThrow(message);
    }
    const long = JSON.stringify({ ...saved.network, cell: "x".repeat(1e6) });
    await expect(damaged({ network: long })).rejects.toThrow(/^.{1,400}$/);
    const same = await trainerOf(made, { optimizer: optimizers.adam!, carryState: true });
    const restoring = (change: (state: NonNullable<typeof saved.trainer>) => object) => () =>
      same.restore({ ...saved, trainer: { ...saved.trainer!, ...change(structuredClone(saved.trainer!)) } });
    const progress = (change: object) => damaged({ trainer: JSON.stringify({ ...said, ...change }) });
    const said = JSON.parse(metadata.trainer!);
    await expect(progress({ step: -1 })).rejects.toThrow(
      'readCheckpoint: metadata "trainer": step is -1, expected an integer from 0 to 4294967294; go back',
    );
    const endless = damaged({ trainer: metadata.trainer!.replace(/"step":\d+/, '"step":1e999') });
    await expect(endless).rejects.toThrow("step is Infinity, expected");
    await expect(progress({ learningRate: -1 })).rejects.toThrow(
      'metadata "trainer": learningRate is -1, expected 0 or a',
    );
    const reshaped = new Map(tensors).set("trainer.mean.outputBias", { shape: [1], data: new Float32Array(1) });
    await expect(readCheckpoint(writeSafetensors(reshaped, metadata))).rejects.toThrow(
      'tensor "trainer.mean.outputBias" has shape [1], expected [7], as its parameter',
    );
    expect(restoring(() => ({ step: 2 ** 53 }))).toThrow("step is 9007199254740992, expected an integer from 0 to");
    expect(restoring(() => ({ learningRate: 1e300 }))).toThrow("learningRate is 1e+300");
    const negative = restoring(({ tensors }) => {
      tensors.get("trainer.meanSquare.outputBias")!.data[1] = -1;
      return { tensors };
    });
    expect(negative).toThrow('"trainer.meanSquare.outputBias"[1] is -1, expected a finite number from 0 up');
    same.destroy();
    expect(await made.read()).toEqual(before);
    expect(other.step).toBe(0);
    for (const trainer of [other, uncarried]) trainer.destroy();
    made.destroy();
  });

  test.each<[string, Partial<UniformOptions>, string]>([
    ["cell", { cell: "gru" }, 'cell "lstm", expected cell "gru", reset "after"'],
    [
      "size",
      { hidden: 7, inputs: 8, outputs: 8 },
      "inputs 7, hidden 6, outputs 7, expected inputs 8, hidden 7, outputs 8",
    ],
    ["depth", { layers: 3 }, "layers 2, expected layers 3"],
    ["number of directions", { bidirectional: true }, "bidirectional false, expected bidirectional true"],
  ])("of a network of another %s is refused by name", async (_, change, message) => {
    const { bytes } = await train({ optimizer: optimizers.adam!, carryState: false }, 1);
    const made = await Network.create(gpu(), { ...network, ...change });
    const before = await made.read();
    const trainer = await trainerOf(made, { optimizer: optimizers.adam!, carryState: false });
    const saved = await readCheckpoint(bytes);
    expect(() => trainer.restore(saved)).toThrow(
      `Trainer.restore: the checkpoint is of a network of ${message}; make the network with the checkpoint's`,
    );
    const { parameters, trainer: state } = saved; // which does not say its network
    expect(() => trainer.restore({ parameters, trainer: state })).toThrow("the checkpoint's parameter \"");
    expect(await made.read()).toEqual(before);
    trainer.destroy();
    made.destroy();
  });

  test("of a network that computes another function of the same sizes is refused by name", async () => {
    const options: UniformOptions = { ...network, cell: "elman", activation: "relu" };
    const made = await Network.create(gpu(), options);
    const trainer = await trainerOf(made, { optimizer: optimizers.sgd!, carryState: false });
    const snapshot = await trainer.snapshot();
    const other = await Network.create(gpu(), { ...options, activation: "tanh" });
    const others = await trainerOf(other, { optimizer: optimizers.sgd!, carryState: false });
    expect(() => others.restore(snapshot)).toThrow('is of a network of activation "relu", expected activation "tanh"');
    const same = await Network.create(gpu(), { ...options, dropout: 0, seed: 2, loss: "cross-entropy" });
    const goesOn = await trainerOf(same, { optimizer: optimizers.sgd!, carryState: false });
    goesOn.restore(snapshot);
    expect(await same.read()).toEqual(await made.read());
    for (const owner of [trainer, others, goesOn, made, other, same]) owner.destroy();
  });

  test("is not made of what could not be read again", async () => {
    const made = await Network.create(gpu(), network);
    const circular: { self?: object } = {};
    circular.self = circular;
    let deep: unknown = [];
    for (let i = 0; i < 2000; i++) deep = [deep];
    for (const about of [circular, deep, 1n]) {
      await expect(saveNetwork(made, { about })).rejects.toThrow(
        /^saveNetwork: about is (Object|Array|BigInt), expected what/,
      );
    }
    made.destroy();
  });
});
