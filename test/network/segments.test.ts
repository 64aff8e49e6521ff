import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import { type Batch, carriedWindows, Network, readTensors, sgd, Trainer, type UniformOptions } from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const cases = fc.record({
  checkpointEvery: fc.integer({ min: 1, max: 6 }),
  segments: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 20 }),
  inputs: fc.integer({ min: 1, max: 20 }),
  hidden: fc.integer({ min: 1, max: 40 }),
  outputs: fc.integer({ min: 1, max: 20 }),
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman", activation: "tanh" },
    { cell: "gru", reset: "after" },
    { cell: "gru", reset: "before" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 1, max: 3 }),
  input: fc.constantFrom("tokens" as const, "features" as const),
  readout: fc.constantFrom("every-step" as const, "last-step" as const),
  loss: fc.constantFrom("cross-entropy" as const, "mean-squared-error" as const),
  schedule: fc.constantFrom("fused" as const, "unrolled" as const),
  ragged: fc.boolean(),
  initialState: fc.boolean(),
  dropout: fc.constantFrom(0, 0.4),
  seed: fc.nat(1e6),
});

describe("a pass in segments", () => {
  test("has the loss and the gradients of the whole, for any cell, shape and option", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (shape) => {
        const { checkpointEvery, segments, batch, schedule, ragged, initialState, cell, ...rest } = shape;
        const { inputs, hidden, outputs, layers, seed } = shape;
        const steps = checkpointEvery * segments;
        const dropout = layers > 1 ? shape.dropout : 0;
        const network = await Network.create(gpu(), { ...cell, ...rest, dropout });
        const rows = shape.readout === "every-step" ? steps * batch : batch;
        const data: Batch = {
          inputs:
            shape.input === "tokens"
              ? integers(steps * batch, seed, 0, inputs - 1)
              : numbers(steps * batch * inputs, seed),
          targets:
            shape.loss === "cross-entropy"
              ? integers(rows, seed + 1, -1, outputs - 1)
              : numbers(rows * outputs, seed + 1),
          ...(ragged && { lengths: integers(batch, seed + 2, 1, steps) }),
          ...(initialState && { initialState: numbers(layers * batch * hidden, seed + 3) }),
        };
        const options = { steps, batch, schedule, initialState, training: true, gradients: true };
        const results: Float32Array[][] = [];
        for (const every of [undefined, checkpointEvery]) {
          const pass = await network.pass({ ...options, checkpointEvery: every });
          for (let run = 0; run < 2; run++) {
            pass.write(data, 3);
            pass.run(); // twice: nothing of the first run may be left over
          }
          const tensors = [pass.tensors.losses, ...Object.values(pass.gradients!.tensors)];
          results.push((await readTensors(gpu(), tensors)) as Float32Array[]);
          pass.destroy();
        }
        network.destroy();
        for (const [i, whole] of results[0]!.entries()) {
          expect(worstError(results[1]![i]!, whole), `tensor ${i}`).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 12 },
    );
  });

  const options: UniformOptions = {
    cell: "lstm",
    inputs: 11,
    hidden: 16,
    outputs: 11,
    layers: 2,
    input: "tokens",
    readout: "every-step",
  };

  test("carries the state from batch to batch as the whole does", async () => {
    const tokens = Int32Array.from({ length: 400 }, (_, i) => (i * i) % 11);
    const losses: number[][] = [];
    for (const checkpointEvery of [undefined, 4]) {
      const network = await Network.create(gpu(), options);
      const shape = { steps: 12, batch: 3, carryState: true };
      const trainer = await Trainer.create(network, { ...shape, checkpointEvery, optimizer: sgd({ learningRate: 1 }) });
      const found: number[] = [];
      const batches = carriedWindows([tokens, tokens.slice(7), tokens.slice(9)], { steps: 12, batch: 3, seed: 1 });
      for await (const { loss } of trainer.train(batches, { steps: 20 })) found.push(loss);
      losses.push(found);
      trainer.destroy();
      network.destroy();
    }
    expect(losses[1]).toHaveLength(20);
    expect(worstError(losses[1]!, losses[0]!)).toBeLessThan(1e-4);
  });

  test("takes 10,000 steps in a twentieth of the memory, with the same gradients", async () => {
    const network = await Network.create(gpu(), options);
    const shape = { steps: 10_000, batch: 1, gradients: true };
    const data = { inputs: integers(10_000, 1, 0, 10), targets: integers(10_000, 2, 0, 10) };
    const results: Float32Array[] = [];
    for (const checkpointEvery of [undefined, 100]) {
      const pass = await network.pass({ ...shape, checkpointEvery });
      pass.write(data);
      pass.run();
      const gradient = pass.gradients!.tensors["layer0.recurrentWeight"]!;
      results.push((await readTensors(gpu(), [gradient]))[0] as Float32Array);
      pass.destroy();
    }
    expect(worstError(results[1]!, results[0]!)).toBeLessThan(1e-5);
    const whole = (await network.memoryOf(shape)).bytes;
    expect((await network.memoryOf({ ...shape, checkpointEvery: 100 })).bytes).toBeLessThan(whole / 20);
    network.destroy();
  });

  test("is refused where it cannot be, with the cure", async () => {
    const network = await Network.create(gpu(), options);
    const pass = (more: object) => network.pass({ steps: 12, batch: 1, gradients: true, checkpointEvery: 4, ...more });
    await expect(pass({ checkpointEvery: 5 })).rejects.toThrow("checkpointEvery is 5, expected a divisor of steps, 12");
    await expect(pass({ checkpointEvery: 0 })).rejects.toThrow("checkpointEvery is 0");
    await expect(pass({ gradients: false })).rejects.toThrow("a pass without gradients");
    await expect(pass({ probabilities: true })).rejects.toThrow("probabilities");
    await expect((await pass({})).readStates()).rejects.toThrow("make a pass without it");
    network.destroy();
    const both = await Network.create(gpu(), { ...options, bidirectional: true });
    await expect(both.pass({ steps: 12, batch: 1, gradients: true, checkpointEvery: 4 })).rejects.toThrow(
      "a bidirectional network",
    );
    both.destroy();
  });
});
