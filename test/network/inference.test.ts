import { expect, test, vi } from "vitest";
import {
  generate,
  Network,
  openGpu,
  type ReferenceParameters,
  referenceBackward,
  referenceForward,
  slstm,
  traceGradients,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const options: UniformOptions = {
  cell: "lstm",
  inputs: 3,
  hidden: 5,
  outputs: 7,
  layers: 2,
  input: "features",
  readout: "every-step",
  loss: "mean-squared-error",
};

async function referenceOf(network: Network): Promise<ReferenceParameters> {
  return Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));
}

/** An application's buffer, and what is in it after its own submit. */
function appBuffer(device: GPUDevice, values: Float32Array): GPUBuffer {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label: "app", size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
  return buffer;
}

async function contents(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return new Float32Array(staging.getMappedRange().slice(0));
}

test.each([
  ["elman", "elman", 0],
  ["gru", "gru", 0],
  ["lstm", "lstm", 1],
  ["slstm", slstm, 3],
] as const)(
  "an application encodes %s steps between its own buffers, and the state goes on from run to run",
  async (_, cell, beside) => {
    const { device } = gpu();
    const shared = await openGpu({ device }); // as an application does that owns the device
    const network = await Network.create(shared, { ...options, cell });
    const [steps, batch] = [4, 3];
    await network.prepare({ steps, batch });
    await network.prepare({ batch });
    const x = numbers(2 * steps * batch * 3, 1);
    const half = 2 * batch * 5;
    const initial = numbers((1 + beside) * half, 2).map((value) => Math.abs(value) + 0.1); // the sLSTM divides by one
    const state = appBuffer(device, initial);
    const inputs = appBuffer(device, x);
    const outputs = appBuffer(device, new Float32Array(2 * steps * batch * 7));
    const encoder = device.createCommandEncoder();
    network.encode(encoder, { inputs, outputs, state, steps, batch });
    for (let step = steps; step < 2 * steps; step++) {
      const at = (width: number) => ({ offset: 4 * step * batch * width });
      const io = { inputs: { buffer: inputs, ...at(3) }, outputs: { buffer: outputs, ...at(7) } };
      network.encode(encoder, { ...io, state, batch });
    }
    device.queue.submit([encoder.finish()]);
    const run = referenceForward(network.config, await referenceOf(network), {
      steps: 2 * steps,
      batch,
      inputs: x,
      targets: new Float32Array(2 * steps * batch * 7),
      initialState: initial.slice(0, half),
      initialCellState: initial.slice(half),
    });
    expect(worstError(await contents(device, outputs), run.logits)).toBeLessThan(1e-5);
    const final = [...run.finalState, ...run.finalCellState];
    expect(worstError(await contents(device, state), final)).toBeLessThan(1e-5);
    network.destroy();
  },
);

test("without a state each run begins at zero; probabilities sum to one", async () => {
  const { device } = gpu();
  const network = await Network.create(gpu(), { ...options, loss: "cross-entropy" });
  await network.prepare({ steps: 2, probabilities: true });
  const inputs = appBuffer(device, numbers(6, 1));
  const outputs = [0, 1].map(() => appBuffer(device, new Float32Array(14)));
  const encoder = device.createCommandEncoder();
  for (const buffer of outputs) network.encode(encoder, { inputs, outputs: buffer, steps: 2 });
  device.queue.submit([encoder.finish()]);
  const [first, second] = await Promise.all(outputs.map((buffer) => contents(device, buffer)));
  expect(second).toEqual(first);
  const sum = first!.slice(0, 7).reduce((total, p) => total + p);
  expect(sum).toBeCloseTo(1, 5);
  network.destroy();
});

test.each([false, true])(
  "an application's lengths count for a run, and for it alone (bidirectional %s)",
  async (bidirectional) => {
    const { device } = gpu();
    const network = await Network.create(gpu(), { ...options, bidirectional });
    const shape = { steps: 4, batch: 3 };
    await network.prepare({ ...shape, lengths: true });
    const x = numbers(4 * 3 * 3, 1);
    const lengths = Int32Array.of(2, 4, 1);
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const places = device.createBuffer({ label: "lengths", size: 16, usage });
    device.queue.writeBuffer(places, 4, lengths);
    const inputs = appBuffer(device, x);
    const [whole, cut, after] = [0, 1, 2].map(() => appBuffer(device, new Float32Array(4 * 3 * 7))) as [
      GPUBuffer,
      GPUBuffer,
      GPUBuffer,
    ];
    const encoder = device.createCommandEncoder();
    network.encode(encoder, { ...shape, inputs, outputs: whole });
    network.encode(encoder, { ...shape, inputs, outputs: cut, lengths: { buffer: places, offset: 4 } });
    network.encode(encoder, { ...shape, inputs, outputs: after });
    device.queue.submit([encoder.finish()]);
    expect(await contents(device, after)).toEqual(await contents(device, whole));
    const got = await contents(device, cut);
    for (const [row, { values }] of (await network.predict({ inputs: x, lengths })).entries()) {
      const column = Array.from({ length: lengths[row]! }, (_, t) => [
        ...got.subarray((3 * t + row) * 7, (3 * t + row + 1) * 7),
      ]);
      expect(worstError(column.flat(), values!)).toBeLessThan(1e-6);
    }
    await network.prepare(shape);
    const again = device.createCommandEncoder();
    expect(() => network.encode(again, { ...shape, lengths: places })).toThrow(
      "lengths is given, expected none; prepare with",
    );
    network.destroy();
  },
);

test("generate goes on from the states that a sequence ended with", async () => {
  for (const cell of ["gru", "lstm"] as const) {
    const network = await Network.create(gpu(), {
      ...options,
      cell,
      inputs: 7,
      input: "tokens",
      loss: "cross-entropy",
    });
    const larger = [...(await network.read())].map(
      ([name, { shape, data }]) =>
        [name, { shape, data: data.map((w) => (name.endsWith("Weight") ? 6 * w : 0)) }] as const,
    );
    network.write(new Map(larger)); // so that much depends on the state
    const ask = { length: 1, topK: 1, prompt: [5] };
    const next = new Set<number>();
    for (let seed = 0; seed < 8; seed++) {
      const before = integers(4, seed, 0, 6);
      const { states } = await network.predict(before, { states: true });
      const { classes } = await network.predict(Int32Array.of(...before, 5));
      const [token] = await generate(network, { ...ask, initialState: states! });
      expect(token).toBe(classes!.at(-1));
      next.add(token!);
    }
    expect(next.size).toBeGreaterThan(1);
    const { classes } = await network.predict(Int32Array.of(5)); // no state is left from those before
    expect([...(await generate(network, ask))]).toEqual([...classes!]);
    const short = { finalState: new Float32Array(9) };
    await expect(generate(network, { ...ask, initialState: short })).rejects.toThrow(
      "generate: initialState.finalState has 9 values, expected a Float32Array of [10]",
    );
    network.destroy();
  }
});

test("encode refuses what does not fit, by name", async () => {
  const { device } = gpu();
  const network = await Network.create(gpu(), options);
  const encoder = device.createCommandEncoder();
  expect(() => network.encode(encoder, {})).toThrow("steps 1 and batch 1 are not prepared; await network.prepare");
  await network.prepare();
  const small = appBuffer(device, new Float32Array(2));
  expect(() => network.encode(encoder, { inputs: small })).toThrow('inputs "app" has 8 bytes, expected 12');
  const buffer = device.createBuffer({ label: "mine", size: 400, usage: GPUBufferUsage.COPY_SRC });
  expect(() => network.encode(encoder, { outputs: buffer })).toThrow('outputs "mine" lacks the usage COPY_DST');
  expect(() => network.encode(encoder, { inputs: { buffer, offset: 2 } })).toThrow("inputs.offset is 2");
  await expect(network.prepare({ steps: 0 })).rejects.toThrow("Network.prepare: steps is 0");
  network.destroy();
});

test("a shape that is prepared while the network goes leaves nothing behind", async () => {
  const before = { ...gpu().live };
  const network = await Network.create(gpu(), options);
  const prepared = network.prepare();
  network.destroy();
  await expect(prepared).rejects.toThrow("Network.prepare: the network was destroyed");
  expect(gpu().live).toEqual(before);
});

test("generate streams what it answers, the same for the same seed, and top 1 is the likeliest", async () => {
  const network = await Network.create(gpu(), { ...options, inputs: 7, input: "tokens", loss: "cross-entropy" });
  const parts: number[] = [];
  const ask = { prompt: [1, 2, 3], length: 70, seed: 3 };
  const written = await generate(network, { ...ask, onTokens: (tokens) => parts.push(...tokens) });
  expect(parts).toEqual([...written]);
  const readbacks = vi.spyOn(GPUBuffer.prototype, "mapAsync");
  expect(await generate(network, ask)).toEqual(written);
  const { contexts } = readbacks.mock as unknown as { contexts: GPUBuffer[] };
  expect(contexts.filter(({ label }) => label === "readback")).toHaveLength(1);
  readbacks.mockRestore();
  expect(await generate(network, { ...ask, seed: 4 })).not.toEqual(written);
  const greedy = await generate(network, { ...ask, topK: 1 });
  expect(await generate(network, { ...ask, temperature: 1e-6, seed: 9 })).toEqual(greedy);
  await expect(generate(network, { ...ask, topK: 0 })).rejects.toThrow("topK is 0");
  expect(await generate(network, { ...ask, topK: 2 ** 32 + 1 })).toEqual(written);
  await expect(generate(network, { ...ask, temperature: 1e-40 })).rejects.toThrow("temperature is 1e-40, expected");
  network.destroy();
});

test.each([false, true])("traceGradients has the reference's norms through time (bidirectional %s)", async (both) => {
  const { layers: _, ...rest } = options;
  const network = await Network.create(gpu(), { ...rest, loss: "cross-entropy", bidirectional: both });
  const shape = { steps: 6, batch: 2 };
  const data = { inputs: numbers(36, 1), targets: integers(12, 2, -1, 6) };
  const trace = await traceGradients(network, shape, data);
  const parameters = await referenceOf(network);
  const run = referenceForward(network.config, parameters, { ...data, ...shape });
  const back = referenceBackward(network.config, parameters, { ...data, ...shape }, run);
  const norm = (values: Float64Array) => Math.hypot(...values);
  for (const [way, hidden] of back.hidden.entries()) {
    const slab = (i: number) => norm(hidden.slice(i * 10, (i + 1) * 10));
    const expected = Array.from({ length: 7 }, (_, t) => slab(way === 1 && t > 0 ? 7 - t : t));
    expect(worstError(trace.hidden[way]!, expected)).toBeLessThan(1e-5);
  }
  expect(worstError(trace.inputs, back.inputs)).toBeLessThan(1e-5);
  expect(trace.loss).toBeCloseTo(run.loss, 5);
  network.destroy();
});

test("a carried state begins anew where a row says so", async () => {
  const network = await Network.create(gpu(), { ...options, loss: "cross-entropy", inputs: 7, input: "tokens" });
  const shape = { steps: 3, batch: 2 };
  const pass = await network.pass({ ...shape, carryState: true });
  const batch = (seed: number) => ({ inputs: integers(6, seed, 0, 6), targets: integers(6, seed + 1, 0, 6) });
  pass.write(batch(1));
  pass.run();
  pass.write({ ...batch(5), reset: Int32Array.of(1, 0) });
  pass.run();
  const parameters = await referenceOf(network);
  const before = referenceForward(network.config, parameters, { ...batch(1), ...shape });
  const after = referenceForward(network.config, parameters, {
    ...batch(5),
    ...shape,
    initialState: before.finalState,
    initialCellState: before.finalCellState,
    reset: [1, 0],
  });
  const { logits } = pass.tensors;
  const { readTensors } = await import("../../src/index");
  expect(worstError((await readTensors(gpu(), [logits]))[0]!, after.logits)).toBeLessThan(1e-5);
  expect(() => pass.write({ ...batch(5), reset: Int32Array.of(2, 0) })).toThrow("reset[0] is 2");
  pass.destroy();
  network.destroy();
});
