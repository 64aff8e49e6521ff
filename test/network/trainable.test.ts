import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import { type Batch, Network, type PassOptions, readTensors, type UniformOptions } from "../../src/index";
import { parameterShapes } from "../../src/parts/parameter-shapes";
import { integers, numbers, worstError } from "../numbers";
import { takenForGpu, useGpu } from "../workbench";

const gpu = useGpu();

const cases = fc.record({
  steps: fc.constantFrom<number>(1, 4, 12),
  batch: fc.integer({ min: 1, max: 16 }),
  inputs: fc.integer({ min: 1, max: 9 }),
  hidden: fc.integer({ min: 1, max: 20 }),
  outputs: fc.integer({ min: 1, max: 9 }),
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman", activation: "tanh" },
    { cell: "gru", reset: "after" },
    { cell: "gru", reset: "before" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  input: fc.constantFrom("tokens" as const, "features" as const),
  readout: fc.constantFrom("every-step" as const, "last-step" as const),
  dropout: fc.constantFrom(0, 0.4),
  way: fc.constantFrom("fused" as const, "unrolled" as const, "wavefront" as const, "segments" as const),
  ragged: fc.boolean(),
  seed: fc.nat(1e6),
  /** Bit i: whether parameter i of all learns. */
  chosen: fc.nat(2 ** 30 - 1),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** What a way cannot do is left out. */
function optionsOf({ steps: _, batch: __, cell, way, ragged: ___, chosen: ____, ...rest }: Case): UniformOptions {
  const layers = way === "wavefront" ? Math.max(2, rest.layers) : rest.layers;
  const bidirectional = rest.bidirectional && way !== "wavefront" && way !== "segments";
  const ofCell: NamedCell = way === "wavefront" && cell.cell === "gru" ? { cell: "lstm" } : cell;
  const dropout = layers > 1 && way !== "wavefront" ? rest.dropout : 0;
  return { ...ofCell, ...rest, layers, bidirectional, dropout, loss: "cross-entropy" };
}

function batchOf({ steps, batch, inputs, outputs, input, readout, ragged, seed }: Case): Batch {
  const rows = readout === "every-step" ? steps * batch : batch;
  return {
    inputs: input === "tokens" ? integers(steps * batch, seed, 0, inputs - 1) : numbers(steps * batch * inputs, seed),
    targets: integers(rows, seed + 1, -1, outputs - 1),
    ...(ragged && { lengths: integers(batch, seed + 2, 1, steps) }),
  };
}

async function expectThose(shape: Case): Promise<void> {
  const { steps, batch, way, chosen, seed } = shape;
  const network = await Network.create(gpu(), optionsOf(shape));
  const names = Object.keys(network.parameters.tensors);
  const some = names.filter((_, i) => (chosen >> i) & 1);
  const trainable = some.length > 0 ? some : [names[seed % names.length]!];
  const way_ = way === "segments" ? { checkpointEvery: Math.ceil(steps / 4) } : { schedule: way };
  const options: PassOptions = { steps, batch, training: true, gradients: true, ...way_ };
  const read = async (more: Partial<PassOptions>) => {
    const pass = await network.pass({ ...options, ...more });
    for (const step of [2, 3]) {
      pass.write(batchOf({ ...shape, seed: seed + step }), step);
      pass.run(); // twice: nothing of the first run may be left over
    }
    const tensors = [pass.tensors.losses, ...Object.values(pass.gradients!.tensors)];
    const values = await readTensors(gpu(), tensors);
    pass.destroy();
    return new Map(tensors.map(({ name }, i) => [name, values[i] as Float32Array]));
  };
  const all = await read({});
  const those = await read({ trainable });
  expect([...those.keys()]).toEqual(["losses", ...trainable]);
  for (const [name, values] of those) expect(worstError(values, all.get(name)!), name).toBeLessThan(1e-5);
  network.destroy();
}

describe("a pass with gradients of some parameters", () => {
  test("has theirs as one with all gradients has them, and no other, for any network, way and choice", async () => {
    await fc.assert(fc.asyncProperty(cases, expectThose), { numRuns: 15 });
  });

  test("has the same gradients of states and inputs, where they are traced, whatever is frozen", async () => {
    for (const trainable of [["outputBias"], ["layer1.reverse.bias"], ["layer0.recurrentWeight"]]) {
      const network = await Network.create(gpu(), {
        ...{ cell: "lstm", layers: 2, bidirectional: true, inputs: 3, hidden: 5, outputs: 4 },
        ...{ input: "features", readout: "last-step" },
      });
      const batch = { inputs: numbers(4 * 3 * 3, 1), targets: integers(3, 2, 0, 3) };
      const traced = async (more: Partial<PassOptions>) => {
        const pass = await network.pass({ steps: 4, batch: 3, traceGradients: true, ...more });
        pass.write(batch);
        pass.run();
        const { dInputs, dHidden = [] } = pass.tensors;
        const values = await readTensors(gpu(), [dInputs!, ...dHidden]);
        const states = await pass.readStates();
        pass.destroy();
        return [...values, states.dInitialState, states.dInitialCellState];
      };
      expect(await traced({ trainable })).toEqual(await traced({}));
      network.destroy();
    }
  });

  test.each([
    [{ trainable: [] }, "Pass: trainable is empty, expected a list of one or more parameters; of layer0.inputWeight, "],
    [{ trainable: "layer0." }, 'Pass: trainable is "layer0.", expected a list'],
    [
      { trainable: ["layer1."] },
      'Pass: trainable has "layer1.", expected names of parameters, or how they begin: layer0.',
    ],
    [{ trainable: ["layer0.", 5] }, "Pass: trainable has 5, expected names"],
    [{ trainable: ["layer0."], gradients: false }, "Pass: trainable does not go with a pass without gradients"],
  ])("is refused with %o", async (wrong, message) => {
    const network = await Network.create(gpu(), {
      ...{ cell: "elman", inputs: 3, hidden: 5, outputs: 4, input: "tokens", readout: "last-step" },
    });
    const made = network.pass({ steps: 2, batch: 1, gradients: true, ...wrong } as never);
    await expect(made).rejects.toThrow(message);
    network.destroy();
  });
});

describe("on what is taken for a GPU, a pass with gradients of some parameters", () => {
  test("has theirs as one with all gradients has them, in slabs", async () => {
    const large = cases.map((shape) => ({ ...shape, steps: 64, batch: 16, hidden: 12 }));
    await takenForGpu(gpu(), () => fc.assert(fc.asyncProperty(large, expectThose), { numRuns: 5 }));
  });

  test.each(["every-step", "last-step"] as const)(
    "has what a processor has, in as many slabs as it takes: %s",
    async (readout) => {
      const [steps, batch] = [48, 24];
      const network = await Network.create(gpu(), {
        ...{ cell: "gru", inputs: 6, hidden: 40, outputs: 5, input: "features", seed: 3 },
        ...{ readout, loss: "cross-entropy" },
      });
      const read = async () => {
        const pass = await network.pass({ steps, batch, gradients: true });
        const rows = readout === "every-step" ? steps * batch : batch;
        pass.write({ inputs: numbers(steps * batch * 6, 1), targets: integers(rows, 2, 0, 4) });
        pass.run();
        const tensors = [pass.tensors.losses, ...Object.values(pass.gradients!.tensors)];
        const values = await readTensors(gpu(), tensors);
        const slabs = pass.program.describe().lines.filter(({ label }) => label.startsWith("gradients = Σ slabs"));
        pass.destroy();
        return { values: values as Float32Array[], slabs: slabs.length };
      };
      const expected = await read();
      await takenForGpu(gpu(), async () => {
        const { values, slabs } = await read();
        expect(slabs).toBeGreaterThan(0);
        for (const [i, value] of values.entries()) expect(worstError(value, expected.values[i]!)).toBeLessThan(1e-5);
      });
      network.destroy();
    },
  );
});

test("a name that is a parameter's own stands for it alone, another for all that begin so", async () => {
  const network = await Network.create(gpu(), {
    ...{ cell: "gru", layers: 2, bidirectional: true, inputs: 3, hidden: 5, outputs: 4 },
    ...{ input: "tokens", readout: "every-step" },
  });
  const names = Object.keys(parameterShapes(network.config));
  const learning = async (trainable: string[]) => {
    const pass = await network.pass({ steps: 2, batch: 1, gradients: true, trainable });
    const learns = Object.keys(pass.gradients!.tensors);
    pass.destroy();
    return learns;
  };
  expect(await learning(["layer0.bias"])).toEqual(["layer0.bias"]);
  expect(await learning(["layer1.", "layer0.bias"])).toEqual(
    names.filter((name) => name === "layer0.bias" || name.startsWith("layer1.")),
  );
  expect(await learning(["layer0.reverse", "output"])).toEqual(
    names.filter((name) => name.startsWith("layer0.reverse.") || name.startsWith("output")),
  );
  expect(await learning([""])).toEqual(names);
  network.destroy();
});
