// What is done with networks of parts: training, files, evaluation, generation, an application's buffers, memory.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  adam,
  type Batch,
  binaryCrossEntropy,
  coupledLstm,
  embedding,
  evaluate,
  everyStep,
  features,
  generate,
  gru,
  huber,
  indrnn,
  layer,
  lstm,
  meanAbsoluteError,
  minGru,
  minLstm,
  Network,
  type PartsOptions,
  peepholeLstm,
  type ReferenceParameters,
  readCheckpoint,
  readTensors,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  saveCheckpoint,
  saveNetwork,
  sgd,
  slstm,
  Trainer,
} from "../../src/index";
import { integers, numbers, rowWeightsOf, worstError } from "../numbers";
import { useGpu } from "../workbench";
import { bringsState, networkOf, partsCases } from "./parts-networks";

const gpu = useGpu();

const asReference = (values: Iterable<[string, { data: Float32Array }]>): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

const cells = [peepholeLstm, coupledLstm, slstm, indrnn, minGru, minLstm];

/** Layers of several cells and widths, one projected, that write what they read. */
const writer: PartsOptions = {
  input: embedding(11, 6),
  layers: [lstm(9, { projection: 5 }), gru(7, { dropout: 0.3 }), layer(slstm, 6)],
  readout: everyStep(11, { tied: true, bias: false }),
  seed: 5,
};
const size = { steps: 5, batch: 3 };
const rows = size.steps * size.batch;
const batchOf = (seed: number): Batch => ({
  inputs: integers(rows, seed, 0, 10),
  targets: integers(rows, seed + 1, -1, 10),
  weights: rowWeightsOf(rows, seed + 2),
  lengths: integers(3, seed + 3, 2, 5),
});
const batches = Array.from({ length: 6 }, (_, i) => batchOf(10 * i));

test("trains with carried states of layers of several widths and weights of rows as the reference does", async () => {
  const network = await Network.create(gpu(), writer);
  const parameters = asReference(await network.read());
  const shape = { ...size, carryState: true, weights: true };
  const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate: 0.3 }) });
  const losses: number[] = [];
  for await (const { loss } of trainer.train(batches)) losses.push(loss);
  const update = referenceOptimizer({ kind: "sgd", learningRate: 0.3 });
  let carried = {};
  const expected = batches.map((batch, i) => {
    const data = { ...batch, ...size, ...carried, step: i + 1 };
    const { loss, finalState, finalCellState } = referenceTrainStep(network.config, parameters, data, update);
    carried = { initialState: finalState, initialCellState: finalCellState };
    return loss;
  });
  expect(worstError(losses, expected)).toBeLessThan(2e-5);
  for (const [name, { data }] of await network.read()) {
    expect(worstError(data, parameters[name]!), name).toBeLessThan(2e-5);
  }
  trainer.destroy();
  network.destroy();
});

test("a training that was stopped goes on from its file to the bit, carried states included", async () => {
  const shape = { ...size, carryState: true, weights: true };
  const run = async (from: Uint8Array | undefined, given: readonly Batch[]) => {
    const saved = from && (await readCheckpoint(from, { cells }));
    const network = await Network.create(gpu(), saved?.network ?? writer);
    const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate: 0.05 }) });
    if (saved) trainer.restore(saved);
    const losses: number[] = [];
    for await (const { loss } of trainer.train(given)) losses.push(loss);
    const bytes = await saveCheckpoint(trainer);
    trainer.destroy();
    network.destroy();
    return { losses, bytes };
  };
  const whole = await run(undefined, batches);
  const first = await run(undefined, batches.slice(0, 2));
  const second = await run(first.bytes, batches.slice(2));
  expect([...first.losses, ...second.losses]).toEqual(whole.losses);
  expect(second.bytes).toEqual(whole.bytes);
  await expect(readCheckpoint(first.bytes)).rejects.toThrow('cell is "slstm"');
});

test("a file holds a network of any parts", async () => {
  const losses = [huber({ delta: 0.6 }), meanAbsoluteError(), binaryCrossEntropy()];
  await fc.assert(
    fc.asyncProperty(partsCases(), async (shape) => {
      const network = await Network.create(gpu(), networkOf(shape));
      const bytes = await saveNetwork(network);
      const saved = await readCheckpoint(bytes, { cells, losses });
      expect(saved.parameters).toEqual(await network.read());
      const again = await Network.create(gpu(), saved.network);
      expect(JSON.stringify(again.config)).toBe(JSON.stringify(network.config));
      again.write(saved.parameters);
      expect(await saveNetwork(again)).toEqual(bytes);
      again.destroy();
      network.destroy();
    }),
    { numRuns: 30 },
  );
});

test("is evaluated with weights of rows as the reference is, all batches as one", async () => {
  const network = await Network.create(gpu(), writer);
  const parameters = asReference(await network.read());
  const got = await evaluate(network, { ...size, weights: true }, batches);
  const total = { weight: 0, loss: 0, correct: 0, count: 0 };
  for (const batch of batches) {
    const { probabilities, loss } = referenceForward(network.config, parameters, { ...batch, ...size });
    let ofBatch = 0;
    for (const [row, target] of batch.targets.entries()) {
      const weight = batch.weights![row]!;
      if (target < 0 || weight === 0 || Math.floor(row / 3) >= batch.lengths![row % 3]!) continue;
      const ofRow = probabilities.subarray(11 * row, 11 * row + 11);
      ofBatch += weight;
      total.count++;
      if (ofRow.indexOf(Math.max(...ofRow)) === target) total.correct += weight;
    }
    total.loss += loss * ofBatch;
    total.weight += ofBatch;
  }
  expect(got.count).toBe(total.count);
  expect(got.loss).toBeCloseTo(total.loss / total.weight, 4);
  expect(got.accuracy).toBeCloseTo(total.correct / total.weight, 5);
  expect(got.perplexity).toBeCloseTo(Math.exp(total.loss / total.weight), 3);
  network.destroy();
});

test("values with weights of rows are evaluated to the mean of what counts", async () => {
  const parts = { input: features(3), layers: [gru(4)], readout: everyStep(2), loss: huber() };
  const network = await Network.create(gpu(), parts);
  const parameters = asReference(await network.read());
  const given = [1, 2].map(
    (seed): Batch => ({
      inputs: numbers(rows * 3, seed),
      targets: numbers(rows * 2, seed + 1),
      weights: rowWeightsOf(rows, seed + 2),
    }),
  );
  const got = await evaluate(network, { ...size, weights: true }, given);
  let [loss, weight, count] = [0, 0, 0];
  for (const batch of given) {
    const ofBatch = batch.weights!.reduce((sum, value) => sum + value, 0);
    loss += ofBatch * referenceForward(network.config, parameters, { ...batch, ...size }).loss;
    weight += ofBatch;
    count += 2 * batch.weights!.filter((value) => value > 0).length;
  }
  expect(got).toEqual({ loss: expect.closeTo(loss / weight, 5), perplexity: null, accuracy: null, count });
  network.destroy();
});

test("writes on as the reference does, with an embedding, a projection and layers of several widths", async () => {
  const network = await Network.create(gpu(), writer);
  const initial = [...(await network.read())];
  const prompt = [3, 1, 4];
  /** The reference's text with parameters of a seed. */
  const textOf = (seed: number) => {
    const values = initial.map(
      ([name, { shape, data }], i) => [name, { shape, data: numbers(data.length, 100 * seed + i, 3) }] as const,
    );
    const written = [...prompt];
    for (let i = 0; i < 12; i++) {
      const data = { steps: written.length, batch: 1, inputs: written, targets: written };
      const last = referenceForward(network.config, asReference(new Map(values)), data).logits.slice(-11);
      written.push(last.indexOf(Math.max(...last)));
    }
    return { values, text: written.slice(prompt.length) };
  };
  const seeds = Array.from({ length: 100 }, (_, seed) => textOf(seed));
  const varied = seeds.filter(({ text }) => new Set(text).size > 3);
  expect(varied.length).toBeGreaterThan(2);
  for (const { values, text } of varied.slice(0, 5)) {
    network.write(new Map(values));
    expect([...(await generate(network, { prompt, length: 12, topK: 1 }))]).toEqual(text);
  }
  network.destroy();
});

test("an application's state of layers of several widths goes on from run to run", async () => {
  const { device } = gpu();
  const network = await Network.create(gpu(), writer);
  await network.prepare({ batch: 3 });
  const bufferOf = (values: Float32Array | Int32Array) => {
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: values.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
    return buffer;
  };
  const tokens = integers(rows, 1, 0, 10);
  const hidden = numbers(3 * (5 + 7 + 6), 2);
  const beside = numbers(3 * (9 + 3 * 6), 3);
  beside.fill(1, 3 * 9 + 3 * 6, 3 * 9 + 6 * 6); // an sLSTM's n
  const state = bufferOf(Float32Array.from([...hidden, ...beside]));
  const [inputs, outputs] = [bufferOf(tokens), bufferOf(new Float32Array(rows * 11))];
  const encoder = device.createCommandEncoder();
  for (let step = 0; step < size.steps; step++) {
    const at = (width: number) => ({ offset: 4 * 3 * step * width });
    const buffers = { inputs: { buffer: inputs, ...at(1) }, outputs: { buffer: outputs, ...at(11) }, state };
    network.encode(encoder, { ...buffers, batch: 3 });
  }
  device.queue.submit([encoder.finish()]);
  const run = referenceForward(network.config, asReference(await network.read()), {
    ...{ ...size, inputs: tokens, targets: new Int32Array(rows) },
    ...{ initialState: hidden, initialCellState: beside },
  });
  const read = async (buffer: GPUBuffer) => {
    const tensor = { name: "app", shape: [1, buffer.size / 4], type: "u32" as const, buffer, offset: 0 };
    const [bits] = await readTensors(gpu(), [{ ...tensor, size: buffer.size }]);
    return new Float32Array(bits!.buffer);
  };
  expect(worstError(await read(outputs), run.logits)).toBeLessThan(2e-5);
  expect(worstError(await read(state), [...run.finalState, ...run.finalCellState])).toBeLessThan(2e-5);
  for (const buffer of [state, inputs, outputs]) buffer.destroy();
  network.destroy();
});

test("memoryOf says what a pass of any parts takes, and all of it is given back", async () => {
  await fc.assert(
    fc.asyncProperty(partsCases(), async (shape) => {
      const before = { ...gpu().live };
      const network = await Network.create(gpu(), networkOf(shape));
      const own = gpu().live.bytes;
      const { steps, batch, sourceSteps, schedule, weighted: weights, encoded } = shape;
      const of = { ...(encoded && { sourceSteps }), initialState: bringsState(shape) };
      const options = { steps, batch, schedule, weights, ...of, gradients: true, training: true };
      const { bytes } = await network.memoryOf(options);
      expect(gpu().live.bytes).toBe(own);
      const pass = await network.pass(options);
      expect(gpu().live.bytes - own).toBe(bytes);
      pass.destroy();
      network.destroy();
      expect(gpu().live).toEqual(before);
    }),
    { numRuns: 15 },
  );
});

const partsOf = (layers: PartsOptions["layers"], more: Partial<PartsOptions> = {}): PartsOptions => ({
  ...{ input: features(3), layers, readout: everyStep(2), loss: "mean-squared-error" },
  ...more,
});
const bidirectional = { bidirectional: true };

test.each<[string, PartsOptions, object, string]>([
  [
    "traces of a projection",
    partsOf([lstm(4, { projection: 2 })]),
    { traceGradients: true },
    "traceGradients does not go",
  ],
  [
    "segments of a projection",
    partsOf([lstm(4, { projection: 2 })]),
    { gradients: true, checkpointEvery: 5 },
    "checkpointEvery does not go with a projected layer",
  ],
  [
    "initial states of projections in both directions",
    partsOf([lstm(4, { projection: 2, ...bidirectional })]),
    { initialState: true },
    "initialState does not go with layers that are projected in both directions",
  ],
  [
    "carried states of two directions",
    partsOf([gru(3), gru(4, bidirectional)]),
    { carryState: true },
    "carryState does",
  ],
  [
    "segments of two directions",
    partsOf([gru(3, bidirectional), gru(4)]),
    { gradients: true, checkpointEvery: 5 },
    "checkpointEvery does not go with a bidirectional network",
  ],
  ["layers of two widths at once", partsOf([lstm(4), lstm(5)]), { schedule: "wavefront" }, 'schedule is "wavefront"'],
  ["two cells at once", partsOf([lstm(4), layer("elman", 4)]), { schedule: "wavefront" }, 'schedule is "wavefront"'],
  ["layers without bias at once", partsOf([lstm(4), lstm(4, { bias: false })]), { schedule: "wavefront" }, "wavefront"],
])("refused are %s", async (_, parts, options, message) => {
  const network = await Network.create(gpu(), parts);
  await expect(network.pass({ steps: 10, batch: 2, ...options })).rejects.toThrow(message);
  network.destroy();
});

test("a batch's states and weights are refused where they are not those of the parts", async () => {
  const network = await Network.create(gpu(), writer);
  const pass = await network.pass({ ...size, initialState: true });
  const { weights, ...batch } = batchOf(1);
  const hidden = 3 * (5 + 7 + 6);
  expect(() => pass.write({ ...batch, weights: weights! })).toThrow(
    "batch.weights is given, expected none; pass weights",
  );
  expect(() => pass.write({ ...batch, initialState: new Float32Array(hidden + 1) })).toThrow(
    `batch.initialState has ${hidden + 1} values, expected ${hidden} for all layers one after the other`,
  );
  expect(() => pass.write({ ...batch, initialState: new Float32Array(hidden) })).not.toThrow();
  pass.destroy();
  const weighted = await network.pass({ ...size, weights: true });
  const spoil = (at: number, value: number) => ({ ...batch, weights: weights!.slice().fill(value, at, at + 1) });
  expect(() => weighted.write(spoil(2, -1))).toThrow("batch.weights[2] is -1, expected 0 to 1e+30");
  expect(() => weighted.write(spoil(4, Number.NaN))).toThrow("batch.weights[4] is NaN, expected a finite number");
  expect(() => weighted.write({ ...batch, weights: weights!.slice(1) })).toThrow(
    "batch.weights has 14 values, expected 15",
  );
  weighted.destroy();
  network.destroy();
});
