// Cells of equations alone: their shaders and their twins, beside each other and beside those written by hand.
import { describe, expect, test } from "vitest";
import { referenceCellOf } from "../../src/cells/reference-cells";
import { Plan } from "../../src/gpu/plan";
import {
  type Batch,
  coupledLstm,
  defineCell,
  evaluate,
  Network,
  peepholeLstm,
  readCheckpoint,
  readTensors,
  saveCheckpoint,
  sgd,
  sigmoid,
  slstm,
  Trainer,
  tanh,
  toPyTorch,
  type UniformConfig,
  type UniformOptions,
} from "../../src/index";
import { recurrenceForward } from "../../src/ops/recurrence";
import { integers, numbers, worstError } from "../numbers";
import { bothSweeps, type SweepCase, testSweeps, twinsOf } from "../ops/sweeps";
import { useGpu } from "../workbench";
import { others, twice } from "./defined";

const gpu = useGpu();

for (const cell of [...twice.map(([, cell]) => cell), ...others]) testSweeps(gpu, cell.name, twinsOf({ cell }));

const shape: SweepCase = { steps: 9, batch: 5, hidden: 12, seed: 3, directions: 1, reverse: false, lastStep: false };

describe.each(twice)("%o by its equations", (named, cell) => {
  test("has the states and gradients of the one written by hand", async () => {
    for (const schedule of ["fused", "unrolled"] as const) {
      const [own, byHand] = [
        await bothSweeps(gpu(), twinsOf({ cell }), schedule, shape),
        await bothSweeps(gpu(), twinsOf(named), schedule, shape),
      ];
      expect(worstError(own.hidden, byHand.hidden)).toBeLessThan(1e-6);
      expect(worstError(own.got.dGate, byHand.got.dGate)).toBeLessThan(1e-6);
      expect(worstError(own.got.dHidden, byHand.got.dHidden)).toBeLessThan(1e-6);
    }
  });

  test("is it in float64 too", () => {
    const [own, byHand] = [referenceCellOf({ cell }), referenceCellOf(named)];
    const width = 6;
    const { gates } = byHand;
    const f64 = (length: number, seed: number) => Float64Array.from(numbers(length, seed));
    const a = f64(gates * width, 1);
    const before = { hidden: f64(width, 2), cell: byHand.states > 0 ? f64(width, 3) : new Float64Array() };
    const bias = byHand.hasRecurrentBias ? f64(width, 4) : new Float64Array();
    const weights = { recurrentWeight: f64(width * gates * width, 5), recurrentBias: bias, unitParameters: [] };
    const after = { hidden: f64(width, 6), cell: byHand.states > 0 ? f64(width, 7) : new Float64Array() };
    const [got, expected] = [own, byHand].map((cell) => {
      const dWeights = {
        recurrentWeight: new Float64Array(width * gates * width),
        recurrentBias: new Float64Array(bias.length),
        unitParameters: new Float64Array(),
      };
      const back = cell.backward(a, before, weights, after, dWeights);
      return [...Object.values(cell.forward(a, before, weights)), ...Object.values(back), ...Object.values(dWeights)];
    });
    for (const [i, values] of got!.entries()) expect(worstError(values, expected![i]!)).toBeLessThan(1e-12);
  });
});

const options: UniformOptions = {
  ...{ cell: coupledLstm, inputs: 5, hidden: 10, outputs: 5, layers: 2 },
  ...{ input: "tokens", readout: "every-step" },
};
const size = { steps: 7, batch: 4 };
const batchOf = (seed: number): Batch => ({ inputs: integers(28, seed, 0, 4), targets: integers(28, seed + 1, 0, 4) });

describe("a network of a cell of one's own", () => {
  test("is trained, evaluated, saved, and read again with the cell", async () => {
    const network = await Network.create(gpu(), options);
    const trainer = await Trainer.create(network, { ...size, optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }) });
    const before = await evaluate(network, size, [batchOf(1)]);
    for await (const _ of trainer.train(Array.from({ length: 200 }, () => batchOf(1))));
    const after = await evaluate(network, size, [batchOf(1)]);
    expect(after.loss).toBeLessThan(before.loss / 2);
    const file = await saveCheckpoint(trainer);
    await expect(readCheckpoint(file)).rejects.toThrow('cell is "coupled-lstm", expected "elman" or "gru" or "lstm"');
    const checkpoint = await readCheckpoint(file, { cells: [coupledLstm] });
    const again = await Network.create(gpu(), checkpoint.network);
    const other = await Trainer.create(again, { ...size, optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }) });
    other.restore(checkpoint);
    expect(await evaluate(again, size, [batchOf(1)])).toEqual(after);
    const parameters = checkpoint.parameters;
    expect(() => toPyTorch(parameters, checkpoint.network as UniformConfig)).toThrow(
      /has no twin in PyTorch|expected "elman"/,
    );
    for (const one of [trainer, other, network, again]) one.destroy();
  });

  test.each([
    ["both ways", { bidirectional: true }, {}],
    ["in segments", {}, { checkpointEvery: 7 }],
    ["at once", {}, { schedule: "wavefront" }],
    ["unrolled", {}, { schedule: "unrolled" }],
  ] as const)("has the gradients of the LSTM's way through a stack, %s", async (_, network, pass) => {
    const gradients = async (cell: UniformOptions["cell"]) => {
      const made = await Network.create(gpu(), { ...options, ...network, cell });
      const laid = await made.pass({ ...size, ...pass, gradients: true });
      laid.write(batchOf(3));
      laid.run();
      const values = await readTensors(gpu(), Object.values(laid.gradients!.tensors));
      made.destroy();
      return values;
    };
    const [got, expected] = [await gradients(twice[0][1]), await gradients("lstm")];
    for (const [i, values] of got.entries()) expect(worstError(values, expected[i]!)).toBeLessThan(1e-5);
  });
});

describe("what sweeps have no room for is refused, by name", () => {
  test.each([
    ["of several states", slstm, "2 × slstm"],
    ["of unit parameters", peepholeLstm, "2 × peephole-lstm"],
  ])("a cell %s, in all layers at once", async (_, cell, got) => {
    const network = await Network.create(gpu(), { ...options, cell });
    const shape = { ...size, schedule: "wavefront" } as const;
    await expect(network.pass(shape)).rejects.toThrow(`schedule is "wavefront" for ${got}`);
    network.destroy();
  });

  test.each([
    [5460, undefined],
    [5461, 'hidden is 5461 for the cell "peephole-lstm" of 3 unit parameters, expected up to 5460'],
  ])("more unit parameters than a uniform holds: %i units", (width, refusal) => {
    const plan = new Plan("test", gpu().traits);
    const sweep = {
      ...{ cell: peepholeLstm.gpu(), schedule: undefined, reverse: false, part: 0 },
      recurrentWeight: plan.tensor("recurrentWeight", [width, 4 * width], { parts: 4 }),
      lengths: plan.tensor("lengths", [1], { type: "i32" }),
      gate: plan.tensor("gate", [1, 1, 4 * width], { parts: 4 }),
      hidden: plan.tensor("hidden", [2, 1, width]),
      cellState: plan.tensor("cellState", [2, 1, width]),
      unitParameters: plan.tensor("unitParameters", [3, width]),
    };
    const add = () => recurrenceForward(plan, sweep);
    if (refusal) expect(add).toThrow(refusal);
    else expect(add).not.toThrow();
  });
});

describe("what is no cell is refused, by name", () => {
  test.each([
    ["a name of the library's", () => Network.create(gpu(), { ...options, cell: { ...coupledLstm, name: "lstm" } })],
    ["an object that is no cell", () => Network.create(gpu(), { ...options, cell: { name: "lstm" } as never })],
  ])("%s", async (_, make) => {
    await expect(make()).rejects.toThrow(
      /^Network: (cell is an object, expected|the cell that was defined is called "lstm")/,
    );
  });

  test.each([
    [
      "a product apart beside a second state",
      () =>
        defineCell({
          name: "odd",
          gates: ["a", "b"],
          states: ["h", "c"],
          apart: { q: "b" },
          step: ({ a, b, q }, { h }) => ({ h: tanh(a.plus(q)), c: h.plus(b) }),
        }),
      "has a recurrent product apart and states beside h",
    ],
    [
      "a projection that is not of the last gate",
      () =>
        defineCell({
          name: "odd",
          gates: ["n", "r"],
          states: ["h"],
          projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
          step: ({ n }) => ({ h: tanh(n) }),
        }),
      'for "n", expected it for the last gate alone, "r"',
    ],
  ])("%s", (_, define, message) => {
    expect(define as () => unknown).toThrow(message);
  });
});

test("its shader has the names of the equations", () => {
  const { source } = coupledLstm.gpu();
  expect(source).toContain("let c = f * stateBefore(e, 0u) + (1.0 - f) * g;");
  expect(source).toContain("fn cellBackward(e: Element, dh: vec4f, last: bool) -> vec4f {");
});
