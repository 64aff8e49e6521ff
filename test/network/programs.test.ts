// Programs that are kept: the second call of the same kind makes nothing on the device.
import { describe, expect, test, vi } from "vitest";
import {
  adam,
  type Batch,
  evaluate,
  generate,
  Network,
  rmsprop,
  sgd,
  Trainer,
  type TrainerOptions,
  traceGradients,
  type UniformOptions,
} from "../../src/index";
import { integers } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const options: UniformOptions = {
  ...{ cell: "lstm", inputs: 7, hidden: 12, outputs: 7, layers: 2 },
  ...{ input: "tokens", readout: "every-step" },
};
const shape = { steps: 6, batch: 3 };
const batchOf = (seed: number): Batch => ({ inputs: integers(18, seed, 0, 6), targets: integers(18, seed + 1, 0, 6) });

const calls: Record<string, (network: Network, seed: number) => Promise<unknown>> = {
  evaluate: (network, seed) => evaluate(network, shape, [batchOf(seed), batchOf(seed + 2)]),
  "evaluate, its state carried": (network, seed) =>
    evaluate(network, { ...shape, carryState: true }, [batchOf(seed), batchOf(seed + 2)]),
  generate: (network, seed) => generate(network, { prompt: [seed % 7, 2], length: 40, seed }),
  "generate, another length": (network, seed) => generate(network, { prompt: [1], length: 30 + seed, seed }),
  traceGradients: (network, seed) => traceGradients(network, shape, batchOf(seed)),
};

/** What a device is asked to make. */
function counted() {
  const { device } = gpu();
  const made = ["createBuffer", "createShaderModule", "createComputePipelineAsync", "createBindGroup"] as const;
  const spies = made.map((name) => vi.spyOn(device, name as "createBuffer"));
  return {
    count: () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0),
    restore: () => spies.map((spy) => spy.mockRestore()),
  };
}

describe.each(Object.entries(calls))("%s", (_, call) => {
  test("makes nothing at its second call, and answers what a network of its own would", async () => {
    const network = await Network.create(gpu(), options);
    await call(network, 1);
    const made = counted();
    const second = await call(network, 5);
    const { live } = gpu();
    const first = await call(network, 1);
    expect(made.count()).toBe(0);
    expect(gpu().live).toEqual(live);
    made.restore();
    const fresh = await Network.create(gpu(), options);
    expect(await call(fresh, 5)).toEqual(second);
    network.destroy();
    fresh.destroy();
    expect(first).not.toEqual(second);
  });

  test("is right where several go on at once", async () => {
    const network = await Network.create(gpu(), options);
    const alone = [await call(network, 1), await call(network, 5), await call(network, 9)];
    expect(await Promise.all([call(network, 1), call(network, 5), call(network, 9)])).toEqual(alone);
    network.destroy();
  });
});

test("what is kept is bounded, freed when it is released, and goes with the network", async () => {
  const { live } = gpu();
  const network = await Network.create(gpu(), options);
  const before = gpu().live;
  const sizes: number[] = [];
  for (let steps = 21; steps <= 40; steps++) {
    // long enough for one form of sweeps, so that each has as many buffers
    const inputs = integers(steps, steps, 0, 6);
    await evaluate(network, { steps, batch: 1 }, [{ inputs, targets: inputs }]);
    sizes.push(gpu().live.buffers);
  }
  expect(new Set(sizes.slice(-12)).size).toBe(1);
  network.programs.release();
  expect(gpu().live).toEqual(before);
  await calls.generate!(network, 1);
  network.destroy();
  expect(gpu().live).toEqual(live);
});

test.each([
  ["sgd", { optimizer: sgd({ learningRate: 0.1 }) }],
  ["momentum and clipping", { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), clipNorm: 1 }],
  ["rmsprop", { optimizer: rmsprop({ learningRate: 0.1 }), stepsPerSubmit: 5 }],
  [
    "adam, checkpoints and a carried state",
    { optimizer: adam({ learningRate: 0.1 }), checkpointEvery: 2, carryState: true },
  ],
] satisfies [string, Omit<TrainerOptions, "steps" | "batch">][])(
  "Trainer.memoryOf says what a trainer takes, its optimizer's state included: %s",
  async (_, more) => {
    const network = await Network.create(gpu(), options);
    const before = gpu().live.bytes;
    const { bytes, buffers } = await Trainer.memoryOf(network, { ...shape, ...more });
    expect(gpu().live.bytes).toBe(before);
    expect(buffers.reduce((sum, buffer) => sum + buffer.bytes, 0)).toBe(bytes);
    const trainer = await Trainer.create(network, { ...shape, ...more });
    expect(gpu().live.bytes - before).toBe(bytes);
    trainer.destroy();
    network.destroy();
  },
);
