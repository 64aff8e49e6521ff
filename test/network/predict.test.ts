import fc from "fast-check";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import {
  binaryCrossEntropy,
  type ClassPrediction,
  huber,
  lastStep,
  lstm,
  Network,
  noLoss,
  type Prediction,
  paddedBatch,
  type ReferenceParameters,
  referenceForward,
  type SequenceInputs,
  tokens,
  type UniformOptions,
  type ValuePrediction,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();
const options = {
  ...{ cell: "lstm", layers: 2, inputs: 6, hidden: 5, outputs: 6 },
  ...{ input: "tokens", readout: "every-step" },
} as const satisfies UniformOptions;

async function referenceOf(network: Network): Promise<ReferenceParameters> {
  return Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));
}

/** Calls `work`, and counts what it allocates and compiles. */
async function made(work: () => Promise<unknown>): Promise<number> {
  const { device } = gpu();
  const names = ["createBuffer", "createComputePipelineAsync", "createComputePipeline", "createBindGroup"] as const;
  const spies = names.map((name) => vi.spyOn(device, name));
  await work();
  const count = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return count;
}

const cases = fc.record({
  cell: fc.constantFrom("elman", "gru", "lstm"),
  bidirectional: fc.boolean(),
  input: fc.constantFrom("tokens", "features"),
  readout: fc.constantFrom("every-step", "last-step"),
  loss: fc.constantFrom("cross-entropy", "mean-squared-error", binaryCrossEntropy(), noLoss()),
  lengths: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 6 }),
  batch: fc.constantFrom(undefined, 2, 4),
  seed: fc.nat(1e6),
});

test("each of several sequences gets what the reference makes of it alone, whatever their lengths", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ lengths, batch, ...own }) => {
      const { seed, input } = own;
      const network = await Network.create(gpu(), { ...options, ...own } as UniformOptions);
      const sequences = lengths.map(
        (steps, i): SequenceInputs =>
          input === "tokens" ? integers(steps, seed + i, 0, 5) : numbers(6 * steps, seed + i),
      );
      const predictions = await network.predict(sequences, batch ? { batch } : {});
      expect(predictions).toHaveLength(sequences.length);
      const parameters = await referenceOf(network);
      for (const [i, steps] of lengths.entries()) {
        const rows = own.readout === "every-step" ? steps : 1;
        const targets = own.loss === "cross-entropy" ? new Int32Array(rows) : new Float32Array(6 * rows);
        const run = referenceForward(network.config, parameters, { inputs: sequences[i]!, targets, steps, batch: 1 });
        const { values, classes, probabilities } = predictions[i]!;
        if (typeof own.loss === "object" && own.loss.targets === "values") {
          expect(
            worstError(
              probabilities!,
              Array.from(run.logits, (o) => 1 / (1 + Math.exp(-o))),
            ),
          ).toBeLessThan(1e-5);
          expect([...classes!]).toEqual(Array.from(probabilities!, (p) => Number(p >= 0.5)));
        } else if (own.loss === "cross-entropy") {
          expect(worstError(probabilities!, run.probabilities)).toBeLessThan(1e-5);
          expect(classes).toHaveLength(rows);
          for (const [row, k] of classes!.entries()) {
            const p = probabilities!.subarray(6 * row, 6 * row + 6);
            expect(p[k]).toBe(p.reduce((most, value) => Math.max(most, value)));
          }
        } else expect(worstError(values!, run.logits)).toBeLessThan(1e-5);
      }
      network.destroy();
    }),
    { numRuns: 8 },
  );
});

test("types follow the loss", async () => {
  const sequence = Int32Array.of(1, 2);
  const classes = await Network.create(gpu(), options);
  const values = await Network.create(gpu(), { ...options, loss: huber() });
  const layers = { input: tokens(6), layers: [lstm(4)], readout: lastStep(3) };
  const parts = await Network.create(gpu(), { ...layers, loss: "mean-squared-error" });
  const any = await Network.create(gpu(), options as UniformOptions);
  const [one] = await classes.predict([sequence]);
  expectTypeOf(one).toEqualTypeOf<ClassPrediction | undefined>();
  expectTypeOf(await values.predict(sequence)).toEqualTypeOf<ValuePrediction>();
  expectTypeOf(await parts.predict(sequence)).toEqualTypeOf<ValuePrediction>();
  expectTypeOf(await any.predict(sequence)).toEqualTypeOf<Prediction>();
  for (const network of [classes, values, parts, any]) network.destroy();
});

test("a batch is predicted row by row, as its sequences are; its targets are not read", async () => {
  const network = await Network.create(gpu(), { ...options, readout: "last-step", outputs: 4 });
  const sequences = [3, 7, 5].map((steps, i) => integers(steps, i, 0, 5));
  const batch = paddedBatch(
    sequences.map((tokens, label) => ({ tokens, label })),
    { steps: 8, batch: 3 },
  );
  const rows = await network.predict(batch);
  const alone = await network.predict(sequences);
  for (const [i, { classes, probabilities }] of rows.entries()) {
    expect(classes).toEqual(alone[i]!.classes);
    expect(worstError(probabilities, alone[i]!.probabilities)).toBeLessThan(1e-6);
  }
  const { inputs } = batch;
  expect(await network.predict({ inputs: inputs.slice(0, 6) }, { batch: 2 })).toHaveLength(2);
  network.destroy();
});

test("probabilities are those of a training pass", async () => {
  const network = await Network.create(gpu(), { ...options, inputs: 20, outputs: 20, hidden: 32 });
  const shape = { steps: 16, batch: 3 };
  const inputs = integers(48, 1, 0, 19);
  const pass = await network.pass({ ...shape, probabilities: true, gradients: true });
  pass.write({ inputs, targets: inputs });
  pass.run();
  const { readTensors } = await import("../../src/index");
  const [trained] = await readTensors(gpu(), [pass.tensors.probabilities!]);
  const rows = await network.predict({ inputs }, { batch: 3 });
  for (const [row, { probabilities }] of rows.entries()) {
    const column = Array.from(probabilities, (_, i) => trained![(Math.floor(i / 20) * 3 + row) * 20 + (i % 20)]!);
    expect(worstError(probabilities, column)).toBeLessThan(1e-6);
  }
  network.destroy();
});

test("a sequence goes on from the states that another ended with, alone or among several", async () => {
  const network = await Network.create(gpu(), options);
  const sequences = [9, 4, 6].map((steps, i) => integers(steps, i, 0, 5));
  const all = await network.predict(sequences);
  const first = await network.predict(
    sequences.map((sequence) => sequence.subarray(0, 2)),
    { states: true },
  );
  const rest = sequences.map((sequence) => sequence.subarray(2));
  const second = await network.predict(rest, { initialState: first.map(({ states }) => states!) });
  for (const [i, { probabilities }] of all.entries()) {
    const joined = [...first[i]!.probabilities, ...second[i]!.probabilities];
    expect(worstError(joined, probabilities)).toBeLessThan(1e-6);
  }
  const alone = await network.predict(rest[0]!, { initialState: first[0]!.states!, states: true });
  expect(worstError(alone.probabilities, second[0]!.probabilities)).toBeLessThan(1e-6);
  expect(alone.states).toEqual((await network.predict([sequences[0]!], { states: true }))[0]!.states);
  network.destroy();
});

test("an encoder's network is predicted by its source", async () => {
  const network = await Network.create(gpu(), {
    ...{ input: tokens(6), layers: [lstm(4)], readout: lastStep(3) },
    encoder: { input: tokens(5), layers: [lstm(4)] },
  });
  const inputs = Int32Array.of(1, 2, 3);
  const one = await network.predict({ inputs, source: Int32Array.of(1, 2) });
  const other = await network.predict({ inputs, source: Int32Array.of(4, 0) });
  expect(one[0]!.probabilities).toHaveLength(3);
  expect(one[0]!.probabilities).not.toEqual(other[0]!.probabilities);
  await expect(network.predict(inputs)).rejects.toThrow("expected a batch with a source");
  network.destroy();
});

test("a second call of like sizes allocates and compiles nothing", async () => {
  const network = await Network.create(gpu(), options);
  const sequencesOf = (seed: number) => [9, 4, 6, 1].map((steps) => integers(steps, seed, 0, 5));
  expect(await made(() => network.predict(sequencesOf(1)))).toBeGreaterThan(0);
  expect(await made(() => network.predict(sequencesOf(2)))).toBe(0);
  expect(await made(() => network.predict(integers(4, 3, 0, 5)))).toBeGreaterThan(0);
  expect(await made(() => network.predict(integers(4, 4, 0, 5)))).toBe(0);
  network.destroy();
});

describe("a predictor", () => {
  test("answers in arrays that are used again, or in those that it is given, and allocates nothing", async () => {
    const network = await Network.create(gpu(), options);
    const predictor = await network.predictor({ steps: 3, batch: 2 });
    const [a, b] = [integers(6, 1, 0, 5), integers(6, 2, 0, 5)];
    const into = predictor.newResult();
    const given = await predictor.run({ inputs: a }, into);
    expect(given).toBe(into);
    const first = await predictor.run({ inputs: a });
    expect(first.probabilities).toEqual(into.probabilities);
    const arrays = { ...first };
    const second = predictor.run({ inputs: b });
    expect(predictor.busy).toBe(true);
    await expect(predictor.run({ inputs: b })).rejects.toThrow("another run is under way");
    expect((await second).probabilities).toBe(arrays.probabilities);
    expect(first.probabilities).not.toEqual(into.probabilities);
    expect(await made(() => predictor.run({ inputs: a }))).toBe(0);
    const short = { ...into, classes: new Int32Array(5) };
    await expect(predictor.run({ inputs: a }, short)).rejects.toThrow(
      "into.classes is Int32Array of 5, expected Int32Array of 6",
    );
    const { buffers } = gpu().live;
    predictor.destroy();
    expect(gpu().live.buffers).toBeLessThan(buffers);
    await expect(predictor.run({ inputs: a })).rejects.toMatchObject({ code: "destroyed" });
    network.destroy();
  });

  test("carries its state from run to run until it begins anew, and takes one to begin with", async () => {
    const network = await Network.create(gpu(), options);
    const sequence = integers(6, 1, 0, 5);
    const whole = await network.predict(sequence);
    using predictor = await network.predictor({ carryState: true, initialState: true, states: true });
    const steps = async (from: number) => {
      const all: number[] = [];
      for (const token of sequence.subarray(from)) {
        all.push(...(await predictor.run({ inputs: Int32Array.of(token) })).probabilities);
      }
      return all;
    };
    expect(worstError(await steps(0), whole.probabilities)).toBeLessThan(1e-6);
    predictor.begin();
    expect(worstError(await steps(0), whole.probabilities)).toBeLessThan(1e-6);
    const { states } = await network.predict(sequence.subarray(0, 2), { states: true });
    predictor.begin();
    const [initialState, initialCellState] = [states!.finalState, states!.finalCellState!];
    await predictor.run({ inputs: sequence.slice(2, 3), initialState, initialCellState });
    const after = await steps(3);
    expect(worstError(after, whole.probabilities.subarray(18))).toBeLessThan(1e-6);
    network.destroy();
  });

  test("past a sequence's end classes are −1 and the rest 0", async () => {
    const network = await Network.create(gpu(), options);
    using predictor = await network.predictor({ steps: 3, batch: 2 });
    const result = await predictor.run({ inputs: integers(6, 1, 0, 5), lengths: Int32Array.of(1, 3) });
    expect([...result.classes].map((k) => k < 0)).toEqual([false, false, true, false, true, false]);
    expect(result.probabilities.subarray(12, 18)).toEqual(new Float32Array(6));
    const sum = result.probabilities.subarray(18, 24).reduce((total, p) => total + p);
    expect(sum).toBeCloseTo(1, 5);
    network.destroy();
  });
});

test("weights that are not finite are refused by name, and the next call of finite ones is right", async () => {
  const network = await Network.create(gpu(), options);
  const parameters = await network.read();
  const { probabilities } = await network.predict(Int32Array.of(1));
  const { tensors } = network.parameters;
  const last = tensors["layer0.inputWeight"]!; // its last row, of a token that is not read
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const at = last.offset + 4 * (5 * 20 + 19); // G·H is 20
    gpu().device.queue.writeBuffer(last.buffer, at, Float32Array.of(wrong));
    await expect(network.predict(Int32Array.of(1))).rejects.toMatchObject({
      code: "not-finite",
      message: expect.stringContaining("Network.predict: the network's parameters or logits are not finite"),
    });
  }
  network.write(parameters);
  expect((await network.predict(Int32Array.of(1))).probabilities).toEqual(probabilities);
  network.destroy();
});

test("what is not to be predicted is refused by name", async () => {
  const network = await Network.create(gpu(), options);
  const states = { finalState: new Float32Array(10), finalCellState: new Float32Array(9) };
  const ok = Int32Array.of(1);
  const refused: [given: unknown, more: object, message: string][] = [
    [Float32Array.of(1), {}, "sequences[0] is Float32Array, expected Int32Array"],
    [[1, 2, 3], {}, "sequences[0] is 1, expected Int32Array; make one with Int32Array.from"],
    [[ok, new Int32Array()], {}, "sequences[1] has length 0, expected 1 step or more; leave it out"],
    [Int32Array.of(6), {}, "batch.inputs[0] is 6, expected 0 to 5"],
    [undefined, {}, "got undefined, expected a sequence, a list of them, or a batch"],
    [{ inputs: Int32Array.of(1, 2, 3) }, { batch: 2 }, "batch.inputs has 3 values, expected 4"],
    [{}, {}, "batch.inputs is Undefined"],
    [ok, { batch: 0 }, "batch is 0, expected an integer from 1 up"],
    [ok, { steps: 3 }, 'unknown option "steps"'],
    [ok, { initialState: states }, "initialState[0].finalCellState has 9 values, expected a Float32Array of [10]"],
    [[ok, ok], { initialState: [] }, "initialState has 0 states, expected a list of 2, one for each sequence"],
    [{ inputs: ok }, { initialState: [states] }, "initialState is given beside a batch, expected in it"],
  ];
  for (const [given, more, message] of refused) {
    await expect(network.predict(given as Int32Array, more)).rejects.toThrow(`Network.predict: ${message}`);
  }
  await expect(network.predict(ok, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
  await expect(network.predictor({ steps: 0 })).rejects.toThrow("steps is 0");
  await expect(network.predictor({ lengths: true } as object)).rejects.toThrow('unknown option "lengths"');
  expect(await network.predict([])).toEqual([]);
  network.destroy();
});
