// Sizes that no device holds are answered or refused at once: nothing is laid out a time step at a time to find that out.

import { expect, test, vi } from "vitest";
import {
  evaluate,
  generate,
  Network,
  type PassOptions,
  sgd,
  Trainer,
  traceGradients,
  type UniformOptions,
} from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();

const small: UniformOptions = {
  ...{ cell: "lstm", inputs: 3, hidden: 4, outputs: 3, layers: 2 },
  ...{ input: "features", readout: "every-step", loss: "cross-entropy" },
};
const networks: Record<string, Partial<UniformOptions>> = {
  "an LSTM over features": {},
  "a GRU over tokens": { cell: "gru", input: "tokens", reset: "before" },
  "an Elman network, both ways, read at the end": {
    ...{ cell: "elman", bidirectional: true, readout: "last-step", loss: "mean-squared-error" },
  },
};
const sizes = [1e6, 1e7, 1e8, 1e9, 1e12, Number.MAX_SAFE_INTEGER];
const optionsOf = (size: number): Record<string, PassOptions> => ({
  steps: { steps: size, batch: 1 },
  "steps, unrolled": { steps: size, batch: 1, schedule: "unrolled" },
  "steps, wavefront": { steps: size, batch: 1, schedule: "wavefront" },
  batch: { steps: 2, batch: size },
  "steps and batch": { steps: size, batch: size },
  "segments of one step": { steps: size, batch: 1, checkpointEvery: 1, gradients: true },
  "two segments": { steps: 2 * Math.floor(size / 2), batch: 1, checkpointEvery: Math.floor(size / 2), gradients: true },
  losses: { steps: 2, batch: 1, lossCapacity: size },
});

/** How long something takes, and what it answers, or the message of what it throws. */
async function timed<T>(act: () => Promise<T>): Promise<{ ms: number; value?: T; message: string }> {
  const begin = process.cpuUsage();
  const settled = await act().then(
    (value) => ({ value, message: "" }),
    (error: Error) => ({ message: error.message }),
  );
  const { user, system } = process.cpuUsage(begin);
  return { ms: (user + system) / 1000, ...settled };
}

const atOnce = 1000; // milliseconds of the processor: it takes some ten

const cases = Object.entries(networks).flatMap(([kind, { bidirectional }]) =>
  Object.entries(optionsOf(2))
    .filter(([, { checkpointEvery }]) => !(bidirectional && checkpointEvery))
    .flatMap(([what]) => sizes.map((size) => ({ kind, what, size }))),
);

test.each(cases)(
  "$what of $size: memoryOf says what $kind needs, or refuses, at once",
  async ({ kind, what, size }) => {
    const network = await Network.create(gpu(), { ...small, ...networks[kind] });
    const options = optionsOf(size)[what]!;
    for (const gradients of [true, false]) {
      const { ms, value, message } = await timed(() => network.memoryOf({ ...options, gradients }));
      expect(ms).toBeLessThan(atOnce);
      if (value) {
        const { bytes, buffers } = value;
        expect(bytes).toBe(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0));
        expect(Number.isSafeInteger(bytes)).toBe(true);
        expect(bytes).toBeGreaterThanOrEqual(4 * size);
        expect(buffers.length).toBeLessThan(100);
      } else expect(message).toMatch(/^(Network\.memoryOf|Pass): .*(; .+|expected .+)\.$/);
    }
    network.destroy();
  },
);

// What a device could hold is not tried here: it would be allocated.
test.each(cases.filter(({ what, size }) => size >= (what === "losses" ? 1e9 : 1e8)))(
  "$what of $size: passes, trainers, evaluations and traces of $kind are refused at once",
  async ({ kind, what, size }) => {
    const network = await Network.create(gpu(), { ...small, ...networks[kind] });
    const { live } = gpu();
    const { lossCapacity, ...shape } = optionsOf(size)[what]!;
    const { steps, batch } = shape;
    const { gradients: _, ...ofTrainer } = shape;
    const optimizer = sgd({ learningRate: 1 });
    const acts: Record<string, () => Promise<unknown>> = {
      pass: () => network.pass({ ...shape, ...(lossCapacity && { lossCapacity }), gradients: true }),
      ...(!lossCapacity && { prepare: () => network.inference({ steps, batch }) }),
      create: () => Trainer.create(network, { ...ofTrainer, optimizer, ...(lossCapacity && { stepsPerSubmit: size }) }),
      ...(!lossCapacity && {
        evaluate: () => evaluate(network, { steps, batch }, []),
        traceGradients: () => traceGradients(network, { steps, batch }, {} as never),
      }),
    };
    for (const act of Object.values(acts)) {
      const { ms, message } = await timed(act);
      expect(ms).toBeLessThan(atOnce);
      expect(message).toMatch(/takes (more than )?\d+ (bytes|dispatches)|schedule is "wavefront"/);
    }
    expect(gpu().live).toEqual(live);
    network.destroy();
  },
);

test.each([2 ** 16 + 1, ...sizes])("%i steps a submit are refused before anything is allocated", async (size) => {
  const network = await Network.create(gpu(), small);
  const { live } = gpu();
  const created = vi.spyOn(gpu().device, "createBuffer");
  for (const steps of [1, 1e4]) {
    const options = { steps, batch: 1, optimizer: sgd({ learningRate: 1 }) };
    const { ms, message } = await timed(() => Trainer.create(network, { ...options, stepsPerSubmit: size }));
    expect(ms).toBeLessThan(atOnce);
    const said =
      /^Trainer\.create: stepsPerSubmit is (\d+), which takes (\d+) bytes of batches in one buffer, expected at most (\d+) steps, of (\d+) bytes; use fewer, or leave it out\.$/;
    const [asked, bytes, most, mostBytes] = (said.exec(message) ?? []).slice(1).map(Number);
    expect(asked, message).toBe(size);
    expect(bytes! / size).toBeCloseTo(mostBytes! / most!);
    expect(mostBytes).toBeLessThanOrEqual(gpu().device.limits.maxBufferSize);
    expect(created).not.toHaveBeenCalled();
  }
  created.mockRestore();
  expect(gpu().live).toEqual(live);
  network.destroy();
});

test.each([1e6, 1e7, 1e8, 1e9, 1e12])("a network with a width, or layers, of %i is refused at once", async (size) => {
  const { live } = gpu();
  for (const name of ["inputs", "hidden", "outputs", "layers"] as const) {
    for (const recurrentInitializer of ["uniform", "orthogonal"] as const) {
      const options = { ...small, inputs: 1e4, hidden: 1e4, outputs: 1e4, recurrentInitializer, [name]: size };
      const { ms, message } = await timed(() => Network.create(gpu(), options));
      expect(ms).toBeLessThan(atOnce);
      expect(message).toMatch(/"parameters" takes [\d.e+]+ bytes|layers is \d+, expected an integer from 1 to 1000/);
    }
  }
  expect(gpu().live).toEqual(live);
});

test("a text longer than a device holds is refused at once, and of a long one no more is read than is new", async () => {
  const network = await Network.create(gpu(), { ...small, input: "tokens" });
  await generate(network, { prompt: [1], length: 1 }); // compiles
  const { live } = gpu();
  for (const length of [1e9, 1e12, Number.MAX_SAFE_INTEGER - 1]) {
    const { ms, message } = await timed(() => generate(network, { prompt: [1], length }));
    expect(message).toMatch(/"(tokens|readback)" (takes \d+ bytes in one buffer|it takes more than)/);
    expect(ms).toBeLessThan(atOnce);
  }
  const mapped = vi.spyOn(GPUBuffer.prototype, "mapAsync");
  let written = 0;
  const onTokens = (tokens: Int32Array) => {
    written += tokens.length;
    if (written > 80) throw new Error(`stopped after ${written}`);
  };
  await expect(generate(network, { prompt: [1], length: 1e6, onTokens })).rejects.toThrow("stopped after 96");
  const read = mapped.mock.calls.filter(([, start]) => start !== undefined).map(([, , bytes]) => bytes);
  expect(read).toEqual([4 * 32 + 16, 4 * 32 + 16, 4 * 32 + 16]);
  mapped.mockRestore();
  expect(gpu().live).toEqual(live);
  network.destroy();
});

test("a run of too many dispatches is refused before the first is laid out, with the cure", async () => {
  const network = await Network.create(gpu(), { ...small, cell: "gru" });
  const unrolled = { steps: 100_000, batch: 1, schedule: "unrolled", gradients: true } as const;
  expect((await network.memoryOf(unrolled)).bytes).toBeGreaterThan(0);
  const { ms, message } = await timed(() => network.pass(unrolled));
  expect(ms).toBeLessThan(atOnce);
  expect(message).toMatch(
    /^Network\.pass: a run takes 4000\d\d dispatches, expected at most 131072; use a smaller batch, fewer steps, .+, schedule "fused" or checkpointEvery\.$/,
  );
  network.destroy();
});

test("the dispatches that are counted are those that are laid out", async () => {
  const network = await Network.create(gpu(), { ...small, cell: "gru", reset: "before" });
  for (const more of [{ schedule: "fused" }, { schedule: "unrolled" }, { checkpointEvery: 3 }] as const) {
    const options = { steps: 12, batch: 2, gradients: true, ...more };
    const pass = await network.pass(options);
    const { lines, total } = pass.program.describe();
    expect(total.dispatches).toBe(lines.reduce((sum, { times }) => sum + times, 0));
    expect([...pass.program.steps()].filter(({ kind }) => kind === "dispatch").length).toBe(total.dispatches);
    pass.destroy();
  }
  network.destroy();
});
