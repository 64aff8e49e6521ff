import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import {
  type Batch,
  initialParameters,
  Network,
  networkConfig,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  type Schedule,
  sgd,
  type Tensor,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const options: UniformOptions = {
  cell: "elman",
  inputs: 7,
  hidden: 9,
  outputs: 5,
  input: "tokens",
  readout: "every-step",
};

const cases = fc.record({
  steps: fc.integer({ min: 1, max: 20 }),
  batch: fc.integer({ min: 1, max: 20 }),
  inputs: fc.integer({ min: 1, max: 40 }),
  hidden: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 40 }),
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman", activation: "tanh" },
    { cell: "elman", activation: "relu" },
    { cell: "gru", reset: "after" },
    { cell: "gru", reset: "before" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  input: fc.constantFrom("tokens" as const, "features" as const),
  readout: fc.constantFrom("every-step" as const, "last-step" as const),
  loss: fc.constantFrom("cross-entropy" as const, "mean-squared-error" as const),
  smoothed: fc.boolean(),
  weighted: fc.boolean(),
  schedule: fc.constantFrom("fused" as const, "unrolled" as const),
  ragged: fc.boolean(),
  initialState: fc.boolean(),
  dropped: fc.boolean(),
  seed: fc.nat(1e6),
});
type Case = Omit<typeof cases extends fc.Arbitrary<infer T> ? T : never, "schedule"> & { schedule: Schedule };

/** What a wavefront can do. */
const wavefronts = cases
  .filter(({ cell }) => cell.cell !== "gru")
  .map(
    (shape): Case => ({
      ...shape,
      layers: Math.max(2, shape.layers),
      bidirectional: false,
      dropped: false,
      schedule: "wavefront",
    }),
  );

function batchOf(shape: Case): Batch {
  const { steps, batch, inputs, hidden, outputs, input, readout, loss, ragged, initialState, seed } = shape;
  const rows = readout === "every-step" ? steps * batch : batch;
  const states = shape.layers * (shape.bidirectional ? 2 : 1) * batch * hidden;
  return {
    inputs: input === "tokens" ? integers(steps * batch, seed, 0, inputs - 1) : numbers(steps * batch * inputs, seed),
    targets: loss === "cross-entropy" ? integers(rows, seed + 1, -1, outputs - 1) : numbers(rows * outputs, seed + 1),
    ...(ragged && { lengths: integers(batch, seed + 2, 1, steps) }),
    ...(initialState && { initialState: numbers(states, seed + 3) }),
    ...(initialState && shape.cell.cell === "lstm" && { initialCellState: numbers(states, seed + 4) }),
  };
}

const asReference = (values: Iterable<[string, { data: Float32Array }]>): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

describe("a network on the GPU", () => {
  test.each<[string, fc.Arbitrary<Case>]>([
    ["for any cell, shape and option, fused and unrolled", cases],
    ["for all layers at once", wavefronts],
  ])("has the reference's states, loss and every gradient, %s", async (_, shapes) => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const { steps, batch, schedule, initialState, ragged: _, weighted, smoothed, dropped, cell, ...rest } = shape;
        const dropout = dropped && shape.layers > 1 ? 0.4 : 0;
        const classWeights = Array.from(numbers(shape.outputs, shape.seed + 5), (weight) => 1 + weight);
        const ofClasses = { ...(smoothed && { labelSmoothing: 0.1 }), ...(weighted && { classWeights }) };
        const network = await Network.create(gpu(), {
          ...cell,
          ...rest,
          dropout,
          ...(shape.loss === "cross-entropy" && ofClasses),
        });
        const data = batchOf(shape);
        const training = true;
        const pass = await network.pass({ steps, batch, initialState, schedule, training, traceGradients: true });
        pass.write(data, 7);
        pass.run();
        const { hidden, logits, losses, dHidden = [], dInputs } = pass.tensors;
        const gradients = Object.values(pass.gradients!.tensors);
        const parameters = asReference(await network.read());
        const reference = { ...data, steps, batch, step: 7 };
        const run = referenceForward(network.config, parameters, reference);
        const back = referenceBackward(network.config, parameters, reference, run);
        const slab = batch * shape.hidden;
        const directions = shape.bidirectional ? 2 : 1;
        const expectClose = async (tensors: Tensor[], expected: (i: number) => ArrayLike<number>, what = "") => {
          for (const [i, values] of (await readTensors(gpu(), tensors)).entries()) {
            const name = `${what} ${tensors[i]!.name} ${i}`;
            expect(worstError(values, expected(i)), name).toBeLessThan(2e-5);
          }
        };
        const outputs = (await readTensors(gpu(), [hidden]))[0]!.slice(
          slab * directions,
          (steps + 1) * slab * directions,
        );
        const [o] = await readTensors(gpu(), [logits]);
        const everyStep = shape.readout === "every-step";
        for (let row = 0; data.lengths && row < steps * batch; row++) {
          if (Math.floor(row / batch) < data.lengths[row % batch]!) continue;
          const wide = shape.hidden * directions;
          outputs.fill(0, row * wide, (row + 1) * wide); // as the reference pads
          if (everyStep) o!.set(run.logits.slice(row * shape.outputs, (row + 1) * shape.outputs), row * shape.outputs);
        }
        expect(worstError(outputs, run.outputs)).toBeLessThan(2e-5);
        expect(worstError(o!, run.logits)).toBeLessThan(2e-5);
        await expectClose([losses], () => [run.loss]);
        await expectClose(dHidden, (i) => back.hidden[i]!);
        await expectClose(gradients, (i) => back.parameters[gradients[i]!.name]!, "gradient");
        await expectClose([dInputs!], () => {
          if (shape.input === "features") return back.inputs;
          const oneHot = new Float32Array(steps * batch * shape.inputs);
          for (const [row, token] of data.inputs.entries()) oneHot[row * shape.inputs + token] = 1;
          const config = { ...network.config, input: "features" as const };
          const features = { ...reference, inputs: oneHot };
          const forward = referenceForward(config, parameters, features);
          return referenceBackward(config, parameters, features, forward).inputs;
        });
        const states = await pass.readStates();
        expect(worstError(states.finalState, run.finalState)).toBeLessThan(2e-5);
        expect(worstError(states.finalCellState ?? [], run.finalCellState)).toBeLessThan(2e-5);
        expect(worstError(states.dInitialState!, back.initialState)).toBeLessThan(2e-5);
        expect(worstError(states.dInitialCellState ?? [], back.initialCellState)).toBeLessThan(2e-5);
        pass.destroy();
        network.destroy();
      }),
      { numRuns: 30 },
    );
  });

  test("splits the sum over many rows into slabs without changing the gradients", async () => {
    const network = await Network.create(gpu(), options);
    const shape = { steps: 50, batch: 41 }; // 2050 rows: four slabs on a software adapter, sixteen on a GPU
    const data = { inputs: integers(2050, 1, 0, 6), targets: integers(2050, 2, 0, 4) };
    const pass = await network.pass({ ...shape, gradients: true });
    expect(pass.program.describe().lines.some(({ kernel }) => kernel.startsWith("slab-sum"))).toBe(true);
    pass.write(data);
    pass.run();
    const parameters = asReference(await network.read());
    const reference = { ...data, ...shape };
    const back = referenceBackward(
      network.config,
      parameters,
      reference,
      referenceForward(network.config, parameters, reference),
    );
    const gradients = Object.values(pass.gradients!.tensors);
    for (const [i, values] of (await readTensors(gpu(), gradients)).entries()) {
      expect(worstError(values, back.parameters[gradients[i]!.name]!)).toBeLessThan(1e-5);
    }
    pass.destroy();
    network.destroy();
  });

  test("frees all it allocated", async () => {
    const before = { ...gpu().live };
    const network = await Network.create(gpu(), options);
    const pass = await network.pass({ steps: 3, batch: 2, gradients: true });
    expect(gpu().live.buffers).toBeGreaterThan(before.buffers);
    pass.destroy();
    network.destroy();
    expect(gpu().live).toEqual(before);
  });
});

test.each(["tanh", "relu"] as const)("what is not a number shows in the loss, with %s", async (activation) => {
  for (const name of ["layer0.inputWeight", "outputBias"]) {
    const network = await Network.create(gpu(), { ...options, activation });
    const { buffer, offset } = network.parameters.tensors[name]!;
    gpu().device.queue.writeBuffer(buffer, offset, new Float32Array(4).fill(Number.NaN));
    const pass = await network.pass({ steps: 2, batch: 1 });
    pass.write({ inputs: Int32Array.of(0, 0), targets: Int32Array.of(1, 2) });
    pass.run();
    expect((await readTensors(gpu(), [pass.tensors.losses]))[0]![0], name).toBeNaN();
    pass.destroy();
    network.destroy();
  }
});

test("an option that is given as undefined has its default", async () => {
  const config = networkConfig({ ...options, seed: undefined, activation: undefined } as unknown as UniformOptions);
  expect(config).toMatchObject({ seed: 1, activation: "tanh" });
});

test("more things than a grid is wide are all computed", async () => {
  const wide: UniformOptions = { ...options, inputs: 2, hidden: 4096, outputs: 2 };
  const network = await Network.create(gpu(), wide); // over 65535 workgroups of 64 for the update
  const trainer = await Trainer.create(network, { steps: 1, batch: 1, optimizer: sgd({ learningRate: 1 }) });
  const before = await network.read();
  const batch = { inputs: Int32Array.of(1), targets: Int32Array.of(0) };
  for await (const { loss } of trainer.train([batch])) expect(loss).toBeGreaterThan(0);
  expect((await network.read()).get("outputBias")).not.toEqual(before.get("outputBias")); // stored last
  trainer.destroy();
  network.destroy();
});

describe("initial parameters", () => {
  test("are the same for the same seed, differ for another, and lie within ±1/√hidden", () => {
    const values = (seed: number) => initialParameters(networkConfig({ ...options, hidden: 16, seed }));
    expect(values(3)).toEqual(values(3));
    expect(values(3)).not.toEqual(values(4));
    const all = [...values(3).values()].flatMap(({ data }) => [...data]);
    expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...all.map(Math.abs))).toBeGreaterThan(0.24);
    expect(Math.abs(all.reduce((sum, value) => sum + value, 0) / all.length)).toBeLessThan(0.02);
  });
});

describe("bad input is refused before anything is dispatched", () => {
  test.each([
    [{ hidden: 0 }, "Network: hidden is 0, expected an integer from 1 up."],
    [{ inputs: 1.5 }, "Network: inputs is 1.5"],
    [{ cell: "rnn" }, 'Network: cell is "rnn", expected "elman" or "gru" or "lstm".'],
    [{ layers: 0 }, "Network: layers is 0"],
    [{ labelSmoothing: 2 }, "Network: labelSmoothing is 2, expected a number from 0 to 1."],
    [{ labelSmoothing: "0.5" }, 'Network: labelSmoothing is "0.5", expected a number from 0 to 1.'],
    [{ classWeights: 5 }, "Network: classWeights is 5, expected an array of 5 numbers"],
    [{ classWeights: new Float32Array(5) }, "Network: classWeights is an object, expected an array of 5 numbers"],
    [{ classWeights: [1, null, [], true, 1] }, "Network: classWeights is [1, null, an array, true, 1], expected"],
    [
      { loss: "mean-squared-error", labelSmoothing: 0.1 },
      'Network: labelSmoothing is given with loss "mean-squared-error"',
    ],
    [{ hidden: "3" }, 'Network: hidden is "3", expected an integer from 1 up.'],
    [{ layers: 1e9 }, "Network: layers is 1000000000, expected an integer from 1 to 1000."],
    [{ bidirectional: "false" }, 'Network: bidirectional is "false", expected true or false.'],
    [{ classWeights: [1, 2] }, "Network: classWeights is [1, 2], expected an array of 5 numbers"],
    [{ readout: "first-step" }, 'expected "every-step" or "last-step"'],
    [{ seed: -1 }, "Network: seed is -1, expected an integer from 0 to 4294967295."],
    [{ hiden: 3 }, 'Network of cell "elman": unknown option "hiden"'],
    [{ reset: "after" }, 'Network of cell "elman": unknown option "reset", expected one of cell, input'],
    [{ cell: "lstm", activation: "relu" }, 'Network of cell "lstm": unknown option "activation"'],
    [{ activation: "sigmoid" }, 'Network: activation is "sigmoid", expected "tanh" or "relu".'],
  ])("the options %o", async (wrong, message) => {
    await expect(Network.create(gpu(), { ...options, ...wrong } as UniformOptions)).rejects.toThrow(message);
  });

  const steps = 3;
  const batch = 2;
  const good = (): Batch => ({ inputs: integers(6, 1, 0, 6), targets: integers(6, 2, 0, 4) });
  const at = (data: Int32Array, index: number, value: number) => data.fill(value, index, index + 1);

  test.each<[string, (data: Batch) => Batch, string]>([
    [
      "a token too large",
      (data) => ({ ...data, inputs: at(data.inputs as Int32Array, 4, 7) }),
      "batch.inputs[4] is 7, expected 0 to 6",
    ],
    [
      "a negative token",
      (data) => ({ ...data, inputs: at(data.inputs as Int32Array, 0, -1) }),
      "batch.inputs[0] is -1, expected 0 to 6",
    ],
    [
      "a class too large",
      (data) => ({ ...data, targets: at(data.targets as Int32Array, 1, 5) }),
      "batch.targets[1] is 5, expected -1 to 4",
    ],
    [
      "too few tokens",
      (data) => ({ ...data, inputs: data.inputs.slice(1) }),
      "batch.inputs has 5 values, expected 6 for [steps, batch] = [3, 2]",
    ],
    [
      "features for tokens",
      (data) => ({ ...data, inputs: new Float32Array(6) }),
      "batch.inputs is Float32Array, expected Int32Array",
    ],
    [
      "a length of zero",
      (data) => ({ ...data, lengths: Int32Array.of(0, 3) }),
      "batch.lengths[0] is 0, expected 1 to 3",
    ],
    [
      "an unexpected initial state",
      (data) => ({ ...data, initialState: new Float32Array(18) }),
      "pass initialState: true",
    ],
  ])("%s", async (_, spoil, message) => {
    const network = await Network.create(gpu(), options);
    const pass = await network.pass({ steps, batch });
    expect(() => pass.write(spoil(good()))).toThrow(message);
    expect(() => pass.write(good())).not.toThrow();
    pass.destroy();
    network.destroy();
  });

  test("parameters of another shape, with nothing changed", async () => {
    const network = await Network.create(gpu(), options);
    const before = await network.read();
    const other = initialParameters(networkConfig({ ...options, hidden: 8, seed: 2 }));
    expect(() => network.write(other)).toThrow('parameter "layer0.inputWeight" has shape [7, 8]');
    const missing = initialParameters(networkConfig({ ...options, seed: 2 }));
    missing.delete("outputBias");
    expect(() => network.write(missing)).toThrow('parameter "outputBias" [5] is missing');
    expect(await network.read()).toEqual(before);
    network.destroy();
  });

  test("parameters that are not finite", async () => {
    const network = await Network.create(gpu(), options);
    const values = initialParameters(networkConfig(options));
    values.get("outputBias")!.data[2] = Number.NaN;
    expect(() => network.write(values)).toThrow('"outputBias"[2] is NaN, expected a finite number');
    network.destroy();
  });

  test("a batch so large that the device has no room, with the sizes", async () => {
    const network = await Network.create(gpu(), options);
    const live = { ...gpu().live };
    await expect(network.pass({ steps: 2 ** 13, batch: 2 ** 13 })).rejects.toThrow(
      /of \d+ bytes that it needs: ".+" takes \d+ bytes in one buffer, this device allows \d+/,
    );
    expect(gpu().live).toEqual(live);
    network.destroy();
  });
});
