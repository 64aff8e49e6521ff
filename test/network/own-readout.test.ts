// Readouts that stand outside: a network whose outputs are the hidden states of its last layer, which takes dL/dh back.

import { describe, expect, test } from "vitest";
import {
  adam,
  type Batch,
  elman,
  evaluate,
  everyHidden,
  everyStep,
  features,
  gru,
  lastHidden,
  layer,
  lstm,
  minGru,
  Network,
  networkConfig,
  noLoss,
  type PartsOptions,
  type PassOptions,
  planTable,
  readCheckpoint,
  readTensors,
  referenceBackward,
  referenceForward,
  saveCheckpoint,
  sgd,
  Trainer,
  tokens,
} from "../../src/index";
import { architectureOf } from "../../src/parts/architecture";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const [steps, batch, width] = [6, 3, 5];
const lengths = Int32Array.of(6, 4, 1);
const partsOf = (layers: PartsOptions["layers"], more: Partial<PartsOptions> = {}): PartsOptions => ({
  ...{ input: features(width), layers, readout: everyHidden(), loss: noLoss(), seed: 5 },
  ...more,
});
const inputsOf = (seed: number, rows = steps * batch) => numbers(rows * width, seed);
const twinOf = async (network: Network) =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));
const both = { bidirectional: true };

const networks: Record<string, [PartsOptions, Partial<PassOptions>?]> = {
  "an Elman network": [partsOf([elman(5)])],
  "a GRU over an LSTM, unrolled": [partsOf([lstm(4), gru(7)]), { schedule: "unrolled" }],
  "a GRU over an LSTM, fused": [partsOf([lstm(4), gru(7)]), { schedule: "fused" }],
  "an LSTM, as a wavefront": [partsOf([lstm(5), lstm(5)]), { schedule: "wavefront" }],
  "both ways": [partsOf([lstm(5, both)])],
  "both ways, unrolled": [partsOf([gru(6, both)]), { schedule: "unrolled" }],
  "a projected LSTM": [partsOf([lstm(6, { projection: 3 })])],
  "a projected LSTM, both ways": [partsOf([lstm(6, { projection: 3, ...both })])],
  "units that do not meet": [partsOf([layer(minGru, 5)])],
  "the last step": [partsOf([gru(5)], { readout: lastHidden() })],
  "the last step, both ways": [partsOf([lstm(5, both)], { readout: lastHidden() })],
  "the last step of a projected LSTM, both ways": [
    partsOf([lstm(5, { projection: 3, ...both })], { readout: lastHidden() }),
  ],
  joined: [partsOf([gru(5)]), { joined: true }],
  "tokens, of which the lowest layer is frozen": [
    partsOf([gru(5), lstm(4)], { input: tokens(4) }),
    { trainable: ["layer1."] },
  ],
};

describe("a network without a readout", () => {
  test.each(Object.entries(networks))(
    "gives h, takes dL/dh and has the twin's gradients, nothing from past a sequence's end: %s",
    async (_, [parts, more]) => {
      const network = await Network.create(gpu(), parts);
      const parameters = await twinOf(network);
      expect(Object.keys(parameters).filter((name) => name.startsWith("output"))).toEqual([]);
      const pass = await network.pass({ steps, batch, gradients: true, ...more });
      const { kind, outputs } = architectureOf(network.config).readout;
      const last = parts.layers.at(-1)!;
      expect(outputs).toBe((last.projection ?? last.hidden) * (last.bidirectional ? 2 : 1));
      for (const seed of [1, 2]) {
        const inputs = parts.input.kind === "tokens" ? integers(steps * batch, seed, 0, 3) : inputsOf(seed);
        pass.write({ inputs, lengths });
        const shape = kind === "every-step" ? [steps, batch, outputs] : [batch, outputs];
        expect(pass.tensors.logits.shape).toEqual(shape);
        const dLogits = numbers(
          shape.reduce((product, size) => product * size),
          seed + 50,
        );
        pass.writeOutputGradient(dLogits);
        pass.run();
        const data = { steps, batch, inputs, targets: [], lengths };
        const run = referenceForward(network.config, parameters, data);
        const back = referenceBackward(network.config, parameters, data, run, { dLogits });
        const [h] = await readTensors(gpu(), [pass.tensors.logits]);
        const live = (_: number, i: number) =>
          kind === "last-step" || Math.floor(i / outputs / batch) < lengths[Math.floor(i / outputs) % batch]!;
        expect(worstError((h as Float32Array).filter(live), run.logits.filter(live))).toBeLessThan(1e-5);
        const learned = Object.values(pass.gradients!.tensors);
        expect(learned.length).toBeGreaterThan(0);
        for (const [i, values] of (await readTensors(gpu(), learned)).entries()) {
          expect(worstError(values, back.parameters[learned[i]!.name]!), learned[i]!.name).toBeLessThan(2e-5);
        }
      }
      network.destroy();
    },
  );

  test("copies no h where it can be bound in its place, and multiplies nothing", async () => {
    const network = await Network.create(gpu(), partsOf([lstm(16)]));
    const within = async (batch: number) => {
      const { tensors, program } = await network.pass({ steps, batch, gradients: true });
      expect(planTable(program)).not.toMatch(/o = h·V|dh = do·Vᵀ|dV/);
      return tensors.logits.buffer === tensors.hidden.buffer;
    };
    expect(await within(4)).toBe(true); // 4 × 16 numbers are 256 bytes
    expect(await within(3)).toBe(false);
    network.destroy();
  });

  test.each([4, 3])("encoded over a batch of %i, it gives the h of a pass", async (batch) => {
    const both = { bidirectional: true };
    for (const [readout, hidden, more] of [
      [everyHidden(), 16, {}],
      [lastHidden(), 16, {}],
      [everyHidden(), 5, both],
      [lastHidden(), 5, both],
    ] as const) {
      const network = await Network.create(gpu(), partsOf([lstm(hidden, more)], { readout }));
      const pass = await network.pass({ steps, batch });
      const inputs = inputsOf(1, steps * batch);
      pass.write({ inputs });
      pass.run();
      const [expected] = await readTensors(gpu(), [pass.tensors.logits]);
      await network.prepare({ steps, batch });
      const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
      const own = gpu().createBuffer("inputs", inputs.byteLength, STORAGE | COPY_SRC | COPY_DST);
      const outputs = gpu().createBuffer("outputs", expected!.byteLength, STORAGE | COPY_SRC | COPY_DST);
      gpu().device.queue.writeBuffer(own, 0, inputs);
      const encoder = gpu().device.createCommandEncoder();
      network.encode(encoder, { steps, batch, inputs: own, outputs });
      gpu().device.queue.submit([encoder.finish()]);
      const flat = { name: "outputs", shape: [expected!.length], type: "f32", buffer: outputs, offset: 0 } as const;
      const [found] = await readTensors(gpu(), [{ ...flat, size: expected!.byteLength }]);
      expect(worstError(found!, expected!)).toBeLessThan(1e-6);
      network.destroy();
    }
  });
});

describe("training one", () => {
  test("with a linear readout outside is training the library's own", async () => {
    const [classes, learningRate] = [2, 0.3];
    const theirs = await Network.create(
      gpu(),
      partsOf([gru(5)], { readout: everyStep(classes, { bias: false }), loss: "mean-squared-error" }),
    );
    const begins = await theirs.read();
    const v = Float64Array.from(begins.get("outputWeight")!.data); // [H, K]
    const ours = await Network.create(gpu(), partsOf([gru(5)]));
    begins.delete("outputWeight");
    ours.write(begins);
    const training = { steps, batch, optimizer: sgd({ learningRate }) };
    const [trainer, expected] = [await Trainer.create(ours, training), await Trainer.create(theirs, training)];
    const batches = [1, 2, 3].map(
      (seed): Batch => ({ inputs: inputsOf(seed), targets: numbers(steps * batch * classes, seed + 9), lengths }),
    );
    const reported: number[] = [];
    for await (const { loss } of expected.train(batches)) reported.push(loss);
    for (const [i, { inputs, targets }] of batches.entries()) {
      const h = await trainer.forward({ inputs, lengths });
      const count = lengths.reduce((sum, length) => sum + length) * classes;
      const [dh, dv] = [new Float32Array(h.length), new Float64Array(v.length)];
      let loss = 0;
      for (let row = 0; row < steps * batch; row++) {
        if (Math.floor(row / batch) >= lengths[row % batch]!) continue;
        for (let k = 0; k < classes; k++) {
          let o = 0;
          for (let j = 0; j < 5; j++) o += h[5 * row + j]! * v[classes * j + k]!;
          const difference = o - targets[classes * row + k]!;
          loss += difference ** 2 / count;
          for (let j = 0; j < 5; j++) {
            dh[5 * row + j]! += (2 / count) * difference * v[classes * j + k]!;
            dv[classes * j + k]! += (2 / count) * difference * h[5 * row + j]!;
          }
        }
      }
      await trainer.backward(dh);
      for (const j of v.keys()) v[j]! -= learningRate * dv[j]!;
      expect(loss).toBeCloseTo(reported[i]!, 5);
    }
    const learned = await theirs.read();
    expect(worstError(v, learned.get("outputWeight")!.data)).toBeLessThan(1e-5);
    for (const [name, { data }] of await ours.read()) {
      expect(worstError(data, learned.get(name)!.data), name).toBeLessThan(1e-5);
    }
    for (const network of [ours, theirs]) network.destroy();
  });

  test.each<[string, PartsOptions["layers"], Partial<PartsOptions>, Partial<PassOptions>?]>([
    ["values at every step", [lstm(5)], { loss: "mean-squared-error" }],
    ["values of both directions", [gru(5, both)], { loss: "mean-squared-error" }],
    ["values at the end, of both", [gru(5, both)], { loss: "mean-squared-error", readout: lastHidden() }],
    ["classes", [elman(5)], { loss: "cross-entropy" }],
    ["values, in segments", [gru(5)], { loss: "mean-squared-error" }, { checkpointEvery: 2 }],
    [
      "values at the end, in segments",
      [gru(5)],
      { loss: "mean-squared-error", readout: lastHidden() },
      { checkpointEvery: 3 },
    ],
  ])("by a loss over h itself has the twin's losses and gradients: %s", async (_, layers, more, options) => {
    const network = await Network.create(gpu(), partsOf(layers, more));
    const parameters = await twinOf(network);
    const { kind, outputs } = architectureOf(network.config).readout;
    const rows = kind === "every-step" ? steps * batch : batch;
    const classes = architectureOf(network.config).loss.targets === "classes";
    const targets = classes ? integers(rows, 3, -1, outputs - 1) : numbers(rows * outputs, 3);
    const data = { inputs: inputsOf(1), targets, lengths };
    const pass = await network.pass({ steps, batch, gradients: true, ...options });
    pass.write(data);
    pass.run();
    const run = referenceForward(network.config, parameters, { steps, batch, ...data });
    const back = referenceBackward(network.config, parameters, { steps, batch, ...data }, run);
    const [losses] = await readTensors(gpu(), [pass.tensors.losses]);
    expect(losses![0]).toBeCloseTo(run.loss, 5);
    const learned = Object.values(pass.gradients!.tensors);
    for (const [i, values] of (await readTensors(gpu(), learned)).entries()) {
      expect(worstError(values, back.parameters[learned[i]!.name]!), learned[i]!.name).toBeLessThan(2e-5);
    }
    const { loss } = await evaluate(network, { steps, batch }, [data]);
    expect(loss).toBeCloseTo(run.loss, 5);
    network.destroy();
  });

  test("is gone on with from a file, which is of no network with a readout", async () => {
    const training = { steps, batch, optimizer: adam({ learningRate: 0.1 }) };
    const network = await Network.create(gpu(), partsOf([gru(4)], { loss: "mean-squared-error" }));
    const trainer = await Trainer.create(network, training);
    const data = { inputs: inputsOf(1), targets: numbers(steps * batch * 4, 3) };
    for await (const _ of trainer.train([data, data]));
    const file = await readCheckpoint(await saveCheckpoint(trainer));
    expect(file.network).toEqual(network.config);
    const again = await Network.create(gpu(), file.network as PartsOptions);
    const goesOn = await Trainer.create(again, training);
    goesOn.restore(file);
    for (const each of [trainer, goesOn]) for await (const _ of each.train([data]));
    expect(await again.read()).toEqual(await network.read());
    const read = await Network.create(gpu(), partsOf([gru(4)], { readout: everyStep(4), loss: "mean-squared-error" }));
    const other = await Trainer.create(read, training);
    expect(() => other.restore(file)).toThrow("outputs 4 of hidden states, expected outputs 4;");
    for (const each of [network, again, read]) each.destroy();
  });
});

test.each<[string, Partial<PartsOptions>, string]>([
  [
    "classes of two directions",
    { layers: [gru(4, both)], loss: "cross-entropy" },
    'Network: loss "cross-entropy" reads the hidden states of a bidirectional layer themselves',
  ],
  [
    "a bias",
    { readout: { ...everyHidden(), bias: true } },
    `Network: the readout's bias is true where its outputs are "hidden", expected false`,
  ],
  [
    "an embedding",
    { readout: { ...everyHidden(), tied: true } },
    `Network: the readout's tied is true where its outputs are "hidden", expected false`,
  ],
  ["another word", { readout: { ...everyHidden(), outputs: "all" as never } }, "Network: the readout's outputs is"],
])("what h itself does not go with is refused by name: %s", (_, more, message) => {
  expect(() => networkConfig(partsOf([gru(4)], more))).toThrow(message);
});
