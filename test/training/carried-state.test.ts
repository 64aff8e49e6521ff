import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  fromPyTorch,
  Network,
  readCheckpoint,
  readSafetensors,
  referenceOptimizer,
  referenceTrainStep,
  saveCheckpoint,
  sgd,
  type TensorData,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

test("truncated BPTT from a given first state has PyTorch's losses and parameters, whole and in segments", async () => {
  const file = readFileSync(resolve(import.meta.dirname, "../models/carried-from-a-state.safetensors"));
  const { tensors } = readSafetensors(file);
  const data = <Kind extends Float32Array | Int32Array>(name: string) => tensors.get(name)!.data as Kind;
  const named = (prefix: string) =>
    new Map<string, TensorData>(
      [...tensors].flatMap(([name, tensor]) => {
        if (!name.startsWith(prefix)) return [];
        const own = name.slice(prefix.length);
        return [[own.replace("rnn.0.", "").replace("fc.", "head."), tensor]];
      }),
    );
  const [count = 0, steps = 0, batch = 0] = tensors.get("training.inputs")!.shape;
  const size = steps * batch;
  const batches = Array.from({ length: count }, (_, i): Batch => {
    const part = (name: string) => data<Int32Array>(name).slice(i * size, (i + 1) * size);
    const state = { initialState: data<Float32Array>("h0"), initialCellState: data<Float32Array>("c0") };
    return { inputs: part("training.inputs"), targets: part("training.targets"), ...(i === 0 && state) };
  });
  for (const checkpointEvery of [undefined, 2]) {
    const network = await Network.create(gpu(), {
      cell: "lstm",
      inputs: 8,
      hidden: 9,
      outputs: 8,
      input: "tokens",
      readout: "every-step",
    });
    network.write(fromPyTorch(named("parameter."), network.config));
    const trainer = await Trainer.create(network, {
      steps,
      batch,
      carryState: true,
      initialState: true,
      checkpointEvery,
      optimizer: sgd({ learningRate: 0.3 }),
    });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(batches)) losses.push(loss);
    expect(losses).toHaveLength(12);
    expect(worstError(losses, data<Float32Array>("expected.losses"))).toBeLessThan(1e-4);
    const after = fromPyTorch(named("after."), network.config);
    for (const [name, { data: got }] of await network.read()) {
      expect(worstError(got, after.get(name)!.data), name).toBeLessThan(1e-4);
    }
    trainer.destroy();
    network.destroy();
  }
});

const options: UniformOptions = {
  cell: "gru",
  layers: 2,
  inputs: 5,
  hidden: 7,
  outputs: 5,
  input: "tokens",
  readout: "every-step",
};
const shape = { steps: 4, batch: 3 };
const stateSize = 2 * 3 * 7;

/** Batches whose rows begin anew now and then, with a state of their own or zero; the first says nothing of it. */
const batches = Array.from({ length: 6 }, (_, i): Batch => {
  const tokens = Int32Array.from(integers(12, i, 0, 4));
  const given = i === 0 || i === 3 ? { initialState: Float32Array.from(numbers(stateSize, i)) } : {};
  const reset = [undefined, undefined, [0, 1, 0], [1, 0, 1], [0, 0, 0], undefined][i];
  return { inputs: tokens, targets: tokens, ...given, ...(reset && { reset: Int32Array.from(reset) }) };
});

describe("a carried state", () => {
  test("begins anew where a row says so, with what it is given or with zero, as the reference's does", async () => {
    const network = await Network.create(gpu(), options);
    const parameters = Object.fromEntries(
      [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const update = referenceOptimizer({ kind: "sgd", learningRate: 0.2 });
    let carried = new Float64Array(stateSize);
    const expected = batches.map((batch, i) => {
      const begins = (row: number) => i === 0 || batch.reset?.[row] === 1;
      const initialState = carried.map((value, at) => {
        const row = Math.floor(at / 7) % 3;
        return begins(row) ? (batch.initialState?.[at] ?? 0) : value;
      });
      const run = referenceTrainStep(
        network.config,
        parameters,
        { ...shape, ...batch, initialState, reset: undefined } as never,
        update,
      );
      carried = Float64Array.from(run.finalState);
      return run.loss;
    });
    const training = { ...shape, carryState: true, initialState: true, optimizer: sgd({ learningRate: 0.2 }) };
    const trainer = await Trainer.create(network, { ...training, stepsPerSubmit: 4 });
    const losses: number[] = [];
    for await (const { loss } of trainer.train(batches)) losses.push(loss);
    expect(worstError(losses, expected)).toBeLessThan(1e-5);

    // What goes on from a file does not begin anew.
    const again = await Network.create(gpu(), options);
    const early = await Trainer.create(again, training);
    for await (const _ of early.train(batches.slice(0, 2)));
    const file = await readCheckpoint(await saveCheckpoint(early));
    const late = await Trainer.create(again, training);
    late.restore(file);
    const rest: number[] = [];
    for await (const { loss } of late.train(batches.slice(2))) rest.push(loss);
    expect(worstError(rest, expected.slice(2))).toBeLessThan(1e-5);
    for (const one of [trainer, early, late, network, again]) one.destroy();
  });

  test("refuses a state that is given where no row begins anew", async () => {
    const network = await Network.create(gpu(), options);
    const training = { ...shape, carryState: true, initialState: true, optimizer: sgd({ learningRate: 0.2 }) };
    const trainer = await Trainer.create(network, training);
    const given = { ...batches[1]!, initialState: new Float32Array(stateSize) };
    const run = async () => {
      for await (const _ of trainer.train([given, given]));
    };
    await expect(run()).rejects.toThrow("batch.initialState is given where the state is carried on");
    expect(trainer.step).toBe(1);
    trainer.destroy();
    network.destroy();
  });
});
