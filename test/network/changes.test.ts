// Parameters are looked at once for each change of them, and never is there an answer of any that are not finite.

import { expect, test } from "vitest";
import { evaluate, fit as fitted, Network, readTensors, sgd, Trainer, type UniformOptions } from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();
const options = {
  ...{ cell: "lstm", inputs: 6, hidden: 5, outputs: 4 },
  ...{ input: "tokens", readout: "last-step", seed: 1 },
} as const satisfies UniformOptions;
const shape = { steps: 1, batch: 1 };
const batch = { inputs: Int32Array.of(0), targets: Int32Array.of(1) };
const token = Int32Array.of(1);

/** How many dispatches the device is given meanwhile. */
async function dispatches(run: () => Promise<unknown>): Promise<number> {
  const prototype = GPUComputePassEncoder.prototype;
  const own = prototype.dispatchWorkgroups;
  let count = 0;
  prototype.dispatchWorkgroups = function (...args) {
    count++;
    return own.apply(this, args);
  };
  try {
    await run();
  } finally {
    prototype.dispatchWorkgroups = own;
  }
  return count;
}

test("they are looked at by the first prediction after each change, and by no other", async () => {
  const network = await Network.create(gpu(), options);
  const predict = () => dispatches(() => network.predict(token));
  await predict(); // which makes its programs
  network.write(await network.read());
  const first = await predict();
  const second = await predict();
  expect(second).toBe(first - 1);
  expect(await predict()).toBe(second);
  const changes: [what: string, change: () => unknown][] = [
    ["write", async () => network.write(await network.read())],
    ["fit", () => fitted(network, [batch], { ...shape, optimizer: sgd({ learningRate: 0.1 }), updates: 2 })],
    [
      "a trainer's end",
      async () => (await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }) })).destroy(),
    ],
  ];
  for (const [what, change] of changes) {
    await change();
    expect(await predict(), what).toBe(first);
    expect(await predict(), what).toBe(second);
  }
  for (const change of [() => network.read(), () => evaluate(network, shape, [batch]), () => network.prepare()]) {
    await change();
    expect(await predict()).toBe(second);
  }
  using trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.1 }) });
  for (let i = 0; i < 3; i++) expect(await predict(), "beside a trainer").toBe(first);
  trainer.destroy();
  network.destroy();
});

test("a predictor's runs likewise, whatever it carries", async () => {
  const network = await Network.create(gpu(), options);
  using predictor = await network.predictor({ carryState: true });
  const run = () => dispatches(() => predictor.run({ inputs: token }));
  const first = await run();
  const second = await run();
  expect(second).toBe(first - 1);
  network.write(await network.read());
  expect(await run()).toBe(first);
  predictor.begin();
  expect(await run()).toBe(second);
  network.destroy();
});

/** A weight of a token that is not read: no output tells of it. */
function spoil({ programs }: Network, queue: GPUQueue): void {
  const { buffer, offset } = programs.parameters.tensors["layer0.inputWeight"]!;
  queue.writeBuffer(buffer, offset + 4 * 5 * 20, Float32Array.of(Number.NaN)); // G·H is 20
}

test.each<[string, (network: Network) => Promise<unknown>]>([
  [
    "trained to overflow",
    async (network) => {
      const optimizer = sgd({ learningRate: 3e38 });
      using trainer = await Trainer.create(network, { ...shape, optimizer });
      const five = { inputs: Int32Array.of(5), targets: Int32Array.of(1) };
      for await (const _ of trainer.train([five, five, five], { notFinite: "skip" }));
      spoil(network, network.gpu.device.queue); // whatever became of it
    },
  ],
  [
    "looked up before, and written to",
    async (network) => {
      const { buffer, offset } = network.parameters.tensors["layer0.inputWeight"]!;
      await network.predict(token);
      network.gpu.device.queue.writeBuffer(buffer, offset + 4 * 5 * 20, Float32Array.of(Number.POSITIVE_INFINITY));
    },
  ],
  [
    "those of a trainer in an application's own encoder, submitted after a prediction",
    async (network) => {
      await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 1 }) });
      await network.predict(token);
      spoil(network, network.gpu.device.queue);
    },
  ],
])("none that were %s are answered from", async (_, change) => {
  const network = await Network.create(gpu(), options);
  using predictor = await network.predictor();
  await network.predict(token);
  await predictor.run({ inputs: token });
  await change(network);
  for (const _ of [1, 2]) {
    await expect(network.predict(token)).rejects.toMatchObject({ code: "not-finite" });
    await expect(predictor.run({ inputs: token })).rejects.toMatchObject({ code: "not-finite" });
  }
  network.destroy();
});

test("probabilities are those of a training pass, and no call but the first allocates", async () => {
  const network = await Network.create(gpu(), {
    ...{ cell: "lstm", layers: 2, inputs: 64, hidden: 128, outputs: 64 },
    ...{ input: "tokens", readout: "last-step", seed: 4 },
  });
  const inputs = Int32Array.of(7);
  const pass = await network.pass({ steps: 1, batch: 1, gradients: true });
  pass.write({ inputs, targets: Int32Array.of(0) });
  pass.run();
  const [logits] = await readTensors(gpu(), [pass.tensors.logits]);
  const most = Math.max(...(logits as Float32Array));
  const powers = Array.from(logits as Float32Array, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power);
  await network.predict(inputs);
  const before = { ...gpu().live };
  for (let i = 0; i < 3; i++) {
    const { probabilities } = await network.predict(inputs);
    for (const [k, probability] of probabilities.entries()) {
      expect(Math.abs(probability - powers[k]! / sum)).toBeLessThan(1e-6);
    }
  }
  expect(gpu().live).toEqual(before);
  network.destroy();
});
