// Networks whose loss is made outside, between the two halves of a step.
import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  embedding,
  evaluate,
  everyStep,
  features,
  generate,
  gru,
  lastStep,
  lstm,
  Network,
  noLoss,
  type PartsOptions,
  readCheckpoint,
  readTensors,
  referenceBackward,
  referenceForward,
  saveCheckpoint,
  sgd,
  type TensorGroup,
  Trainer,
  type TrainerOptions,
  traceGradients,
} from "../../src/index";
import { numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const [steps, batch, inputs, outputs] = [6, 4, 3, 2];
const parts = (loss: NonNullable<PartsOptions["loss"]>): PartsOptions => ({
  ...{ input: features(inputs), layers: [lstm(5), gru(4, { dropout: 0.3 })], readout: everyStep(outputs), loss },
});
const lengths = Int32Array.of(6, 4, 1, 6);
const batches = Array.from({ length: 5 }, (_, i): Batch & { targets: Float32Array } => ({
  inputs: numbers(steps * batch * inputs, i),
  targets: numbers(steps * batch * outputs, i + 100),
  lengths,
}));
const training: TrainerOptions = {
  ...{ steps, batch, clipNorm: 0.5, learningRateSchedule: (step: number) => 1 / step },
  optimizer: adam({ learningRate: 0.05 }),
};

const live = Array.from({ length: steps * batch }, (_, row) => Math.floor(row / batch) < lengths[row % batch]!);
const counted = outputs * live.filter(Boolean).length;

/** The derivative of the mean squared error; what is past a sequence's end is anything. */
const squared = (o: Float32Array, { targets }: { targets: Float32Array }): Float32Array =>
  o.map((value, i) => (live[Math.floor(i / outputs)] ? (2 * (value - targets[i]!)) / counted : 7));

async function open(options: TrainerOptions = training) {
  const network = await Network.create(gpu(), parts(noLoss()));
  return { network, trainer: await Trainer.create(network, options) };
}

const valuesOf = async (network: Network) =>
  new Map([...(await network.read())].map(([name, { data }]) => [name, data]));

describe.each([
  ["each by itself", {}],
  ["with a carried state", { carryState: true }],
])("training in halves, %s,", (_, more) => {
  test("is training by the loss that is made outside", async () => {
    const options = { ...training, ...more };
    const { network, trainer } = await open(options);
    for (const data of batches) {
      const { targets: _, ...given } = data;
      await trainer.backward(squared(await trainer.forward(given), data));
    }
    expect(trainer.step).toBe(batches.length);
    const own = await Network.create(gpu(), parts("mean-squared-error"));
    const expected = await Trainer.create(own, options);
    for await (const __ of expected.train(batches));
    const after = await valuesOf(own);
    for (const [name, values] of await valuesOf(network)) {
      expect(worstError(values, after.get(name)!), name).toBeLessThan(2e-5);
    }
    expect(await trainer.gradientNorm()).toBeCloseTo((await expected.gradientNorm())!, 4);
    for (const one of [network, own]) one.destroy();
  });
});

test("halves in an encoder of one's own, with a gradient made on the GPU, are the same steps to the bit", async () => {
  const [read, encoded] = [await open(), await open()];
  const { device } = gpu();
  for (const data of batches) {
    const { targets: _, ...given } = data;
    const dOutputs = squared(await read.trainer.forward(given), data);
    await read.trainer.backward(dOutputs);
    encoded.trainer.pass.writeOutputGradient(dOutputs);
    const encoder = device.createCommandEncoder();
    encoded.trainer.encodeForward(encoder, given);
    encoded.trainer.encodeBackward(encoder);
    device.queue.submit([encoder.finish()]);
  }
  expect(encoded.trainer.step).toBe(batches.length);
  expect(await valuesOf(encoded.network)).toEqual(await valuesOf(read.network));
  for (const { network } of [read, encoded]) network.destroy();
});

test("a step whose gradients are not finite changes nothing, is told, and is not counted", async () => {
  const { network, trainer } = await open();
  const { targets: _, ...given } = batches[0]!;
  const step = async () => trainer.backward(squared(await trainer.forward(given), batches[0]!));
  await step();
  const before = await trainer.snapshot();
  const tooLarge = new Float32Array(steps * batch * outputs).fill(3e38);
  await trainer.forward(given);
  await expect(trainer.backward(tooLarge)).rejects.toMatchObject({
    code: "not-finite",
    message: expect.stringContaining("Trainer.backward: the gradients of step 2, or their norm, are not finite"),
  });
  expect(await trainer.snapshot()).toEqual(before);
  await step();
  expect(trainer.step).toBe(2);
  expect(await trainer.snapshot()).not.toEqual(before);
  const encoder = gpu().device.createCommandEncoder();
  trainer.pass.writeOutputGradient(tooLarge);
  trainer.encodeForward(encoder, given);
  trainer.encodeBackward(encoder);
  const held = await valuesOf(network);
  gpu().device.queue.submit([encoder.finish()]);
  expect((await readTensors(gpu(), [trainer.pass.notFinite!]))[0]![0]).toBe(3);
  expect(await valuesOf(network)).toEqual(held);
  network.destroy();
});

test("two networks in a chain learn as one, in one submit and with no readback", async () => {
  const layers = [lstm(5), gru(4)];
  const of = { input: features(inputs), layers, readout: lastStep(outputs), loss: noLoss() };
  const [reads, writes] = [
    await Network.create(gpu(), { ...of, seed: 1 }),
    await Network.create(gpu(), { ...of, seed: 2 }),
  ];
  const options = { steps, batch, joined: true, optimizer: sgd({ learningRate: 0.5 }) };
  const [first, second] = [await Trainer.create(reads, options), await Trainer.create(writes, options)];
  const parametersOf = async (network: Network) =>
    Object.fromEntries([...(await valuesOf(network))].map(([name, values]) => [name, Float64Array.from(values)]));
  const [before, after] = [await parametersOf(reads), await parametersOf(writes)];
  const [source, target] = batches.map(({ inputs }) => ({ inputs, targets: [], steps, batch }));
  const dLogits = numbers(batch * outputs, 3);
  second.pass.writeOutputGradient(dLogits);
  const encoder = gpu().device.createCommandEncoder();
  const copy = (from: TensorGroup | undefined, to: TensorGroup | undefined) =>
    encoder.copyBufferToBuffer(from!.buffer, 0, to!.buffer, 0, from!.buffer.size);
  first.encodeForward(encoder, { inputs: source!.inputs });
  copy(first.pass.finalState, second.pass.initialState);
  second.encodeForward(encoder, { inputs: target!.inputs });
  second.encodeBackward(encoder);
  copy(second.pass.dInitialState, first.pass.dFinalState);
  first.encodeBackward(encoder);
  gpu().device.queue.submit([encoder.finish()]);

  const read = referenceForward(reads.config, before, source!);
  const begun = { ...target!, initialState: read.finalState, initialCellState: read.finalCellState };
  const ofSecond = referenceBackward(writes.config, after, begun, referenceForward(writes.config, after, begun), {
    dLogits,
  });
  const ofFirst = referenceBackward(reads.config, before, source!, read, {
    dLogits: new Float64Array(batch * outputs),
    dFinalState: ofSecond.initialState,
    dFinalCellState: ofSecond.initialCellState,
  });
  for (const [network, parameters, { parameters: gradients }] of [
    [reads, before, ofFirst],
    [writes, after, ofSecond],
  ] as const) {
    for (const [name, values] of await valuesOf(network)) {
      const expected = parameters[name]!.map((value, i) => value - 0.5 * gradients[name]![i]!);
      expect(worstError(values, expected), name).toBeLessThan(2e-5);
    }
    network.destroy();
  }
});

test("goes on from a checkpoint to the bit", async () => {
  const { network, trainer } = await open();
  const train = async (of: Trainer, some: typeof batches) => {
    for (const { targets, ...given } of some) await of.backward(squared(await of.forward(given), { targets }));
  };
  await train(trainer, batches.slice(0, 2));
  const file = await readCheckpoint(await saveCheckpoint(trainer));
  await train(trainer, batches.slice(2));
  const again = await Network.create(gpu(), file.network);
  const late = await Trainer.create(again, training);
  late.restore(file);
  await train(late, batches.slice(2));
  expect(await valuesOf(again)).toEqual(await valuesOf(network));
  for (const one of [network, again]) one.destroy();
});

describe("refused by name:", () => {
  test("what needs a loss, of a network without one", async () => {
    const { network, trainer } = await open();
    const shape = { steps, batch };
    const none = "the network has no loss, expected one";
    await expect(trainer.train(batches).next()).rejects.toThrow(`Trainer.train: ${none}`);
    await expect(evaluate(network, shape, batches)).rejects.toThrow(`evaluate: ${none}`);
    await expect(traceGradients(network, shape, batches[0]!)).rejects.toThrow(`traceGradients: ${none}`);
    const writes = await Network.create(gpu(), {
      ...{ input: embedding(5, 3), layers: [gru(4)], readout: everyStep(5), loss: noLoss() },
    });
    await expect(generate(writes, { prompt: [1], length: 2 })).rejects.toThrow("at every-step by none");
    for (const one of [network, writes]) one.destroy();
  });

  test("halves of a network with a loss", async () => {
    const network = await Network.create(gpu(), parts("mean-squared-error"));
    const trainer = await Trainer.create(network, { steps, batch, optimizer: sgd({ learningRate: 1 }) });
    const encoder = gpu().device.createCommandEncoder();
    const has = "the network has a loss and batches bring its inputs, expected noLoss() or ownInputs";
    await expect(trainer.forward(batches[0]!)).rejects.toThrow(`Trainer.forward: ${has}`);
    await expect(trainer.backward(new Float32Array())).rejects.toThrow(`Trainer.backward: ${has}`);
    expect(() => trainer.encodeForward(encoder, batches[0]!)).toThrow(`Trainer.encodeForward: ${has}`);
    expect(() => trainer.encodeBackward(encoder)).toThrow(`Trainer.encodeBackward: ${has}`);
    network.destroy();
  });

  test("halves out of turn, two at once, and what is no gradient", async () => {
    const { network, trainer } = await open();
    const { targets, ...given } = batches[0]!;
    await expect(trainer.backward(targets)).rejects.toThrow("Trainer.backward: nothing went forward");
    await expect(trainer.forward({ ...given, inputs: targets })).rejects.toThrow("Trainer.forward: batch.inputs has");
    const first = trainer.forward(given);
    await expect(trainer.forward(given)).rejects.toThrow("Trainer.forward: another half is under way");
    expect(() => trainer.restore({} as never)).toThrow("Trainer.restore: training goes on");
    await first;
    await expect(trainer.backward(targets.slice(1))).rejects.toThrow("Trainer.backward: values has 47 values");
    await expect(trainer.backward(targets.map(() => Number.NaN))).rejects.toThrow("values[0] is NaN");
    expect(trainer.step).toBe(0);
    await trainer.backward(targets);
    expect(trainer.step).toBe(1);
    network.destroy();
  });
});
