// Inputs that are made outside, on the GPU: a pass reads x_t where they lie, and leaves dL/dx_t there.
import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  elman,
  embedding,
  evaluate,
  everyStep,
  features,
  gru,
  lastStep,
  layer,
  lstm,
  minGru,
  Network,
  noLoss,
  type PartsOptions,
  type PassOptions,
  peepholeLstm,
  readTensors,
  referenceBackward,
  referenceForward,
  Trainer,
  tokens,
} from "../../src/index";
import { numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const [steps, batch, width, outputs] = [6, 3, 5, 2];
const lengths = Int32Array.of(6, 4, 1);
const partsOf = (layers: PartsOptions["layers"], more: Partial<PartsOptions> = {}): PartsOptions => ({
  ...{ input: features(width), layers, readout: everyStep(outputs), loss: "mean-squared-error", seed: 5 },
  ...more,
});
const inputsOf = (seed: number) => numbers(steps * batch * width, seed);
const targetsOf = (seed: number, rows = steps * batch) => numbers(rows * outputs, seed + 50);

/** Writes x as a shader would: rows of a multiple of four, zero beyond the width. */
function writeInputs(
  { tensors: { inputs } }: { tensors: { inputs?: { buffer: GPUBuffer; offset: number } } },
  x: Float32Array,
) {
  const stored = 4 * Math.ceil(width / 4);
  const rows = new Float32Array(steps * batch * stored);
  for (let row = 0; row < steps * batch; row++) rows.set(x.subarray(row * width, (row + 1) * width), row * stored);
  gpu().device.queue.writeBuffer(inputs!.buffer, inputs!.offset, rows);
}

const twinOf = async (network: Network) =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));

const networks: Record<string, [PartsOptions, Partial<PassOptions>?]> = {
  "an Elman network": [partsOf([elman(5)])],
  "a GRU, unrolled": [partsOf([gru(5), gru(4, { reset: "before" })]), { schedule: "unrolled" }],
  "an LSTM, as a wavefront": [partsOf([lstm(5), lstm(5)]), { schedule: "wavefront" }],
  "both ways, read at the end": [partsOf([lstm(5, { bidirectional: true })], { readout: lastStep(outputs) })],
  "a projected LSTM": [partsOf([lstm(6, { projection: 3 })])],
  "units that do not meet": [partsOf([layer(minGru, 5)])],
  "a cell by its equations": [partsOf([layer(peepholeLstm, 5)])],
  joined: [partsOf([gru(5)]), { joined: true }],
  "a frozen network": [partsOf([gru(5), lstm(4)]), { trainable: ["outputBias"] }],
};

describe("a pass over inputs from outside", () => {
  test.each(Object.entries(networks))(
    "has the twin's gradients of them and of its parameters: %s",
    async (_, [parts, more]) => {
      const network = await Network.create(gpu(), parts);
      const parameters = await twinOf(network);
      const pass = await network.pass({ steps, batch, gradients: true, ownInputs: true, ...more });
      for (const seed of [1, 2]) {
        const inputs = inputsOf(seed);
        const targets = targetsOf(seed, parts.readout.kind === "every-step" ? steps * batch : batch);
        writeInputs(pass, inputs);
        pass.write({ targets, lengths });
        pass.run();
        const data = { steps, batch, inputs, targets, lengths };
        const run = referenceForward(network.config, parameters, data);
        const back = referenceBackward(network.config, parameters, data, run);
        const [losses, dInputs] = await readTensors(gpu(), [pass.tensors.losses, pass.tensors.dInputs!]);
        expect(losses![0]).toBeCloseTo(run.loss, 5);
        expect(worstError(dInputs!, back.inputs)).toBeLessThan(2e-5);
        const learned = Object.values(pass.gradients!.tensors);
        for (const [i, values] of (await readTensors(gpu(), learned)).entries()) {
          expect(worstError(values, back.parameters[learned[i]!.name]!), learned[i]!.name).toBeLessThan(2e-5);
        }
      }
      network.destroy();
    },
  );

  test("is that over the same inputs from a batch, to the bit; without gradients it goes forward alone", async () => {
    const network = await Network.create(gpu(), partsOf([lstm(5), gru(4)]));
    const given = await network.pass({ steps, batch, traceGradients: true });
    const own = await network.pass({ steps, batch, gradients: true, ownInputs: true });
    const forward = await network.pass({ steps, batch, ownInputs: true });
    const [inputs, targets] = [inputsOf(3), targetsOf(3)];
    given.write({ inputs, targets, lengths });
    for (const pass of [own, forward]) {
      writeInputs(pass, inputs);
      pass.write({ targets, lengths });
    }
    for (const pass of [given, own, forward]) pass.run();
    const read = ({ tensors }: typeof own) => readTensors(gpu(), [tensors.logits, tensors.losses]);
    const expected = await read(given);
    expect(await read(own)).toEqual(expected);
    expect(await read(forward)).toEqual(expected);
    expect(await readTensors(gpu(), [own.tensors.dInputs!])).toEqual(
      await readTensors(gpu(), [given.tensors.dInputs!]),
    );
    expect([forward.tensors.dInputs, own.tensors.dHidden, given.tensors.inputs]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    network.destroy();
  });

  test("needs no room for them in a batch", async () => {
    const network = await Network.create(gpu(), partsOf([lstm(5)]));
    const bytesOf = async (ownInputs: boolean) =>
      (
        await Trainer.memoryOf(network, {
          steps: 64,
          batch: 64,
          optimizer: adam({ learningRate: 1 }),
          ownInputs,
          stepsPerSubmit: 1,
        })
      ).buffers.find(({ label }) => label === "batches")!.bytes;
    expect((await bytesOf(false)) - (await bytesOf(true))).toBeGreaterThanOrEqual(64 * 64 * width * 4);
    network.destroy();
  });
});

describe("training with inputs from outside", () => {
  const training = { steps, batch, clipNorm: 0.5, optimizer: adam({ learningRate: 0.05 }) };
  const layers = [lstm(5), gru(4, { dropout: 0.3 })];
  const batches = Array.from({ length: 4 }, (_, i): Batch => ({ inputs: inputsOf(i), targets: targetsOf(i), lengths }));

  test.each(["read back", "encoded"])("in halves, %s, is training with them in batches, to the bit", async (way) => {
    const [ours, theirs] = [await Network.create(gpu(), partsOf(layers)), await Network.create(gpu(), partsOf(layers))];
    const trainer = await Trainer.create(ours, { ...training, ownInputs: true });
    const expected = await Trainer.create(theirs, { ...training, stepsPerSubmit: 1 });
    const losses: number[] = [];
    for (const { inputs, ...data } of batches) {
      writeInputs(trainer.pass, inputs as Float32Array);
      if (way === "encoded") {
        const encoder = gpu().device.createCommandEncoder();
        trainer.encodeForward(encoder, data);
        trainer.encodeBackward(encoder);
        gpu().device.queue.submit([encoder.finish()]);
      } else {
        await trainer.forward(data);
        await trainer.backward();
      }
      losses.push((await readTensors(gpu(), [trainer.pass.tensors.losses]))[0]![0]!);
    }
    const reported: number[] = [];
    for await (const { loss } of expected.train(batches)) reported.push(loss);
    expect(losses).toEqual(reported);
    expect(await ours.read()).toEqual(await theirs.read());
    expect(trainer.step).toBe(batches.length);
    for (const network of [ours, theirs]) network.destroy();
  });

  test("takes the gradient of a loss that is made outside too", async () => {
    const network = await Network.create(gpu(), partsOf([gru(4)], { loss: noLoss() }));
    const parameters = await twinOf(network);
    const trainer = await Trainer.create(network, { ...training, ownInputs: true });
    const [inputs, dLogits] = [inputsOf(1), targetsOf(1)];
    writeInputs(trainer.pass, inputs);
    const data = { steps, batch, inputs, targets: [] };
    const run = referenceForward(network.config, parameters, data);
    expect(worstError(await trainer.forward({}), run.logits)).toBeLessThan(1e-5);
    await expect(trainer.backward()).rejects.toThrow("Trainer.backward: values is Undefined, expected a Float32Array");
    await trainer.backward(dLogits);
    const back = referenceBackward(network.config, parameters, data, run, { dLogits });
    const [dInputs] = await readTensors(gpu(), [trainer.pass.tensors.dInputs!]);
    expect(worstError(dInputs!, back.inputs)).toBeLessThan(2e-5);
    network.destroy();
  });

  test("changes nothing at a step with inputs that are not finite, and says so", async () => {
    const network = await Network.create(gpu(), partsOf([gru(4)]));
    const trainer = await Trainer.create(network, { ...training, ownInputs: true });
    const before = await network.read();
    writeInputs(trainer.pass, inputsOf(1).fill(Number.NaN, 7, 8));
    await trainer.forward({ targets: targetsOf(1) });
    await expect(trainer.backward()).rejects.toMatchObject({ code: "not-finite" });
    expect(await network.read()).toEqual(before);
    network.destroy();
  });
});

describe("what does not go with them is refused by name:", () => {
  test.each<[string, Partial<PassOptions>, Partial<PartsOptions>, string]>([
    ["segments", { checkpointEvery: 2 }, {}, "Pass: ownInputs does not go with checkpointEvery"],
    ["tokens", {}, { input: tokens(4) }, "Pass: ownInputs does not go with an input of tokens, which are no numbers"],
    ["an embedding", {}, { input: embedding(4, 3) }, "Pass: ownInputs does not go with an input of tokens"],
    [
      "an encoder",
      { sourceSteps: 2 },
      { encoder: { input: features(2), layers: [lstm(5)] } },
      "Pass: ownInputs does not go with an encoder",
    ],
    ["no switch", { ownInputs: 1 as never }, {}, "Pass: ownInputs is 1, expected true or false."],
  ])("%s", async (_, options, parts, message) => {
    const network = await Network.create(gpu(), partsOf([lstm(5)], parts));
    const pass = { steps, batch, gradients: true, ownInputs: true, ...options };
    await expect(network.pass(pass)).rejects.toThrow(message);
    network.destroy();
  });

  test("inputs in a batch, and steps that are not taken in halves", async () => {
    const network = await Network.create(gpu(), partsOf([lstm(5)]));
    const trainer = await Trainer.create(network, {
      steps,
      batch,
      optimizer: adam({ learningRate: 1 }),
      ownInputs: true,
    });
    const data = { inputs: inputsOf(1), targets: targetsOf(1) };
    expect(() => trainer.pass.write(data)).toThrow(
      "Pass.write: batch.inputs is given, expected none with ownInputs; write them to pass.tensors.inputs.",
    );
    await expect(trainer.forward(data)).rejects.toThrow("Trainer.forward: batch.inputs is given, expected none");
    await expect(trainer.train([data]).next()).rejects.toThrow(
      "Trainer.train: ownInputs are made outside, expected of batches",
    );
    const { targets } = data;
    await expect(evaluate(network, { steps, batch }, [{ targets } as Batch])).rejects.toThrow(
      "evaluate: batch.inputs is Undefined, expected Float32Array [steps, batch, inputs]",
    );
    network.destroy();
  });
});
