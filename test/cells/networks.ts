// What a network of a cell of equations must do: its twin against finite differences, the GPU against the twin.

import { describe, expect, test } from "vitest";
import { cellOf } from "../../src/cells/cells";
import type { Gpu } from "../../src/gpu/device";
import {
  type DefinedCell,
  initialParameters,
  Network,
  type NetworkOptions,
  networkConfig,
  type PassOptions,
  type ReferenceBatch,
  type ReferenceConfig,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";

const shape = { inputs: 3, hidden: 5, outputs: 2, layers: 2 };
const usual: Omit<NetworkOptions, "cell"> = {
  ...shape,
  input: "features",
  readout: "every-step",
  loss: "mean-squared-error",
};
const size = { steps: 6, batch: 3 };

/** A batch of unequal lengths, with initial states. @param positive states beside h, from 0, that divide: they begin above zero. */
function batchOf(options: NetworkOptions, positive: readonly number[], seed: number) {
  const { steps, batch } = size;
  const { states } = cellOf(options);
  const sweeps = shape.layers * (options.bidirectional ? 2 : 1);
  const slab = batch * shape.hidden;
  const cells = numbers(sweeps * states * slab, seed + 3).map((value, i) =>
    positive.includes(Math.floor(i / slab) % states) ? Math.abs(value) + 0.5 : value,
  );
  return {
    inputs: numbers(steps * batch * shape.inputs, seed),
    targets: numbers((options.readout === "every-step" ? steps : 1) * batch * shape.outputs, seed + 1),
    lengths: integers(batch, seed + 2, 1, steps),
    initialState: numbers(sweeps * slab, seed + 4),
    ...(states > 0 && { initialCellState: cells }),
  };
}

const asReference = (values: Iterable<[string, { data: Float32Array }]>): ReferenceParameters =>
  Object.fromEntries([...values].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** What a reference makes of a batch. */
function onReference(config: ReferenceConfig, parameters: ReferenceParameters, data: ReferenceBatch) {
  const run = referenceForward(config, parameters, data);
  return { run, back: referenceBackward(config, parameters, data, run) };
}

const ways: [string, Partial<NetworkOptions>, Partial<PassOptions>][] = [
  ["fused", {}, { schedule: "fused", traceGradients: true }],
  ["unrolled", {}, { schedule: "unrolled", traceGradients: true }],
  ["both ways", { bidirectional: true, readout: "last-step" }, { traceGradients: true }],
  ["in segments", {}, { checkpointEvery: 2, gradients: true }],
];

export function testNetworks(gpu: () => Gpu, cell: DefinedCell, positive: readonly number[] = []): void {
  describe(`a network of ${cell.name}`, () => {
    test("has gradients in float64 that are those of finite differences", () => {
      const options = { ...usual, cell, bidirectional: true };
      const config = networkConfig(options);
      const parameters = asReference(initialParameters(config));
      const states = batchOf(options, positive, 11);
      const data = {
        ...states,
        ...size,
        initialState: Float64Array.from(states.initialState),
        initialCellState: Float64Array.from(states.initialCellState ?? []),
      };
      const { back } = onReference(config, parameters, data);
      const loss = () => referenceForward(config, parameters, data).loss;
      const pairs: [string, Float64Array, Float64Array][] = [
        ...Object.entries(parameters).map(([name, values]): [string, Float64Array, Float64Array] => [
          name,
          values,
          back.parameters[name]!,
        ]),
        ["initialState", data.initialState, back.initialState],
        ["initialCellState", data.initialCellState, back.initialCellState],
      ];
      for (const [name, values, gradient] of pairs) {
        const differences = values.map((value, i) => {
          const at = (moved: number) => {
            values[i] = moved;
            const result = loss();
            values[i] = value;
            return result;
          };
          return (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
        });
        expect(worstError(gradient, differences), name).toBeLessThan(1e-8);
      }
    });

    test.each(ways)("has the twin's loss, states and every gradient, %s", async (_, more, pass) => {
      const options = { ...usual, cell, ...more };
      const network = await Network.create(gpu(), options);
      const laid = await network.pass({ ...size, ...pass, initialState: true });
      const parameters = asReference(await network.read());
      for (const seed of [21, 31]) {
        const data = batchOf(options, positive, seed);
        laid.write(data);
        laid.run();
        const { run, back } = onReference(network.config, parameters, { ...data, ...size });
        const gradients = Object.values(laid.gradients!.tensors);
        const read = await readTensors(gpu(), [laid.tensors.losses, ...gradients]);
        expect(read[0]![0]).toBeCloseTo(run.loss, 5);
        for (const [i, { name }] of gradients.entries()) {
          expect(worstError(read[i + 1]!, back.parameters[name]!), name).toBeLessThan(2e-5);
        }
        if (!pass.traceGradients) continue;
        const states = await laid.readStates();
        expect(worstError(states.finalState, run.finalState)).toBeLessThan(2e-5);
        expect(worstError(states.finalCellState ?? [], run.finalCellState)).toBeLessThan(2e-5);
        expect(worstError(states.dInitialState!, back.initialState)).toBeLessThan(2e-5);
        expect(worstError(states.dInitialCellState ?? [], back.initialCellState)).toBeLessThan(2e-5);
        const dHidden = await readTensors(gpu(), laid.tensors.dHidden!);
        for (const [i, values] of dHidden.entries()) expect(worstError(values, back.hidden[i]!)).toBeLessThan(2e-5);
      }
      network.destroy();
    });

    test("carries its states from batch to batch, but for rows that begin anew", async () => {
      const options = { ...usual, cell };
      const network = await Network.create(gpu(), options);
      const pass = await network.pass({ ...size, carryState: true, initialState: true, gradients: true });
      const parameters = asReference(await network.read());
      const [first, second] = [batchOf(options, positive, 41), batchOf(options, positive, 51)];
      const reset = Int32Array.of(0, 1, 0);
      pass.write(first);
      pass.run();
      pass.write({ ...second, reset });
      pass.run();
      const before = referenceForward(network.config, parameters, { ...first, ...size });
      const row = (i: number) => Math.floor(i / shape.hidden) % size.batch;
      const mixed = (carried: Float64Array, given: Float32Array) =>
        carried.map((value, i) => (reset[row(i)] === 1 ? given[i]! : value));
      const { back } = onReference(network.config, parameters, {
        ...second,
        ...size,
        initialState: mixed(before.finalState, second.initialState),
        ...(second.initialCellState && { initialCellState: mixed(before.finalCellState, second.initialCellState) }),
      });
      const gradients = Object.values(pass.gradients!.tensors);
      for (const [i, values] of (await readTensors(gpu(), gradients)).entries()) {
        expect(worstError(values, back.parameters[gradients[i]!.name]!)).toBeLessThan(2e-5);
      }
      network.destroy();
    });
  });
}
