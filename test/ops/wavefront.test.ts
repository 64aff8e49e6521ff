// All layers at once, against the sweeps of one after the other in float64.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { NamedCell } from "../../src/cells/cells";
import { describe as planned } from "../../src/gpu/describe";
import { matrixOf, roundUp, type Tensor, type TensorSpec } from "../../src/gpu/tensor";
import { type Wavefront, wavefrontBackward, wavefrontForward } from "../../src/ops/wavefront";
import { tokenGather } from "../../src/reference/token-gather";
import * as reference from "../../src/reference/wavefront";
import { integers, numbers, worstError } from "../numbers";
import { useGpu, Workbench } from "../workbench";
import { twinsOf } from "./sweeps";

const gpu = useGpu();

const cases = fc.record({
  cell: fc.constantFrom<NamedCell>(
    { cell: "elman", activation: "tanh" },
    { cell: "elman", activation: "relu" },
    { cell: "lstm" },
  ),
  layers: fc.integer({ min: 2, max: 4 }),
  steps: fc.integer({ min: 1, max: 9 }),
  batch: fc.integer({ min: 1, max: 9 }),
  hidden: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 130 })),
  tokens: fc.boolean(),
  lastStep: fc.boolean(),
  traced: fc.boolean(),
  seed: fc.nat(1e6),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Tensors one behind the other in one buffer with canaries, each as many rows as are whole bindings, and a zeroed rest. */
class Pile {
  readonly whole: Tensor;
  readonly #rowsOfEach: number[];

  constructor(bench: Workbench, name: string, width: number, parts: number, blocks: readonly ArrayLike<number>[]) {
    this.#rowsOfEach = blocks.map((block) => roundUp(block.length / width, 16));
    const data = new Float32Array(width * this.#rowsOfEach.reduce((sum, rows) => sum + rows));
    blocks.forEach((block, i) => void data.set(Float32Array.from(block), this.#rowBefore(i) * width));
    this.whole = bench.tensor(name, [data.length / width, width], data, { parts });
  }

  #rowBefore(index: number): number {
    return this.#rowsOfEach.slice(0, index).reduce((sum, rows) => sum + rows, 0);
  }

  tensor(index: number, shape: TensorSpec["shape"]): Tensor {
    const offset = 4 * this.#rowBefore(index) * matrixOf(this.whole).storedWidth;
    return { ...this.whole, shape, offset, size: this.whole.size - offset };
  }

  /** `length` values of each tensor, of what was read of the whole. */
  apart(values: Float32Array, length: number): Float32Array[] {
    const width = this.whole.shape[1]!;
    return this.#rowsOfEach.map((_, i) => values.slice(this.#rowBefore(i) * width).slice(0, length));
  }
}

async function bothWays(shape: Case) {
  const { steps, batch, hidden: width, layers: count, seed, lastStep, tokens: fromTokens, traced } = shape;
  const { cell, twin } = twinsOf(shape.cell);
  const bench = new Workbench(gpu());
  const columns = cell.gates * width;
  const slab = batch * width;
  const symbols = 7;
  const each = <T>(make: (layer: number) => T) => Array.from({ length: count }, (_, layer) => make(layer));
  const scale = 1 / Math.sqrt(width);
  const weights = each((l) => ({
    inputWeight: numbers((l === 0 ? symbols : width) * columns, seed + 10 * l, scale),
    recurrentWeight: numbers(width * columns, seed + 10 * l + 1, scale),
    bias: numbers(columns, seed + 10 * l + 2, 0.5),
    recurrentBias: [],
    unitParameters: [],
  }));
  const initial = each((l) => ({
    hidden: numbers(slab, seed + 10 * l + 3),
    cell: twin.states > 0 ? numbers(slab, seed + 10 * l + 4) : [],
  }));
  const tokens = integers(steps * batch, seed + 5, 0, symbols - 1);
  const lowest = weights[0]!;
  const preactivation = fromTokens
    ? tokenGather(tokens, lowest.inputWeight, lowest.bias, columns)
    : numbers(steps * batch * columns, seed + 6);
  const lengths = integers(batch, seed + 7, 1, steps);
  const dOut = numbers((lastStep ? 1 : steps) * slab, seed + 8);

  const parameters = weights.flatMap((w, l) => [...(l > 0 ? [w.inputWeight] : []), w.recurrentWeight, w.bias]);
  const begun = (values: ArrayLike<number>) => {
    const states = new Float32Array((steps + 1) * slab);
    states.set(Float32Array.from(values));
    return states;
  };
  const zeros = (length: number) => each(() => new Float32Array(length));
  const carrySlabs = cell.states > 0 ? 2 : 1;
  const piles = {
    weights: new Pile(bench, "weights", columns, cell.gates, parameters),
    gate: new Pile(
      bench,
      "gate",
      columns,
      cell.gates,
      fromTokens
        ? zeros(steps * batch * columns)
        : each((l) => (l === 0 ? preactivation : new Float32Array(steps * batch * columns))),
    ),
    hidden: new Pile(
      bench,
      "hidden",
      width,
      1,
      initial.map((state) => begun(state.hidden)),
    ),
    cellState: new Pile(
      bench,
      "cellState",
      width,
      1,
      initial.map((state) => begun(state.cell)),
    ),
    carry: new Pile(bench, "carry", width, 1, zeros(carrySlabs * slab)),
    dHidden: new Pile(bench, "dHidden", width, 1, zeros((steps + 1) * slab)),
  };
  const inputWeight = bench.tensor("inputWeight", [symbols, columns], lowest.inputWeight, { parts: cell.gates });
  const wavefront: Wavefront = {
    cell,
    lengths: bench.tensor("lengths", [batch], lengths, { type: "i32" }),
    oneHot: fromTokens
      ? { tokens: bench.tensor("tokens", [steps, batch], tokens, { type: "i32" }), inputWeight, bias: inputWeight }
      : undefined,
    layers: each((l) => ({
      inputWeight: l === 0 ? inputWeight : piles.weights.tensor(3 * l - 1, [width, columns]),
      recurrentWeight: piles.weights.tensor(3 * l, [width, columns]),
      bias: piles.weights.tensor(3 * l + 1, [columns]),
      gate: piles.gate.tensor(l, [steps, batch, columns]),
      hidden: piles.hidden.tensor(l, [steps + 1, batch, width]),
      cellState: cell.states > 0 ? piles.cellState.tensor(l, [steps + 1, batch, width]) : undefined,
      carry: piles.carry.tensor(l, [carrySlabs, batch, width]),
      dHidden: traced ? piles.dHidden.tensor(l, [steps + 1, batch, width]) : undefined,
    })),
  };
  const dOutput = bench.tensor("dOutput", lastStep ? [batch, width] : [steps, batch, width], dOut);
  wavefrontForward(bench.plan, wavefront);
  wavefrontBackward(bench.plan, wavefront, dOutput);
  const { dispatches } = planned(bench.plan).total;
  const { gate, hidden, cellState, carry, dHidden } = piles;
  const read = await bench.run({
    gate: gate.whole,
    hidden: hidden.whole,
    cellState: cellState.whole,
    carry: carry.whole,
    dHidden: dHidden.whole,
  });
  const got = {
    hidden: hidden.apart(read.hidden, (steps + 1) * slab),
    cellState: cell.states > 0 ? cellState.apart(read.cellState, (steps + 1) * slab) : [],
    dGate: gate.apart(read.gate, steps * batch * columns),
    dHidden: traced ? dHidden.apart(read.dHidden, (steps + 1) * slab) : [],
    dInitialCell: cell.states > 0 ? carry.apart(read.carry, 2 * slab).map((both) => both.slice(slab)) : [],
  };

  const whole = { cell: twin, steps, batch, hidden: width, lengths, reverse: false };
  const states = reference.wavefrontForward(whole, preactivation, weights, initial);
  const none = new Float64Array(steps * slab);
  const [atEvery, atEnd] = lastStep ? [none, Float64Array.from(dOut)] : [Float64Array.from(dOut), none.slice(0, slab)];
  const back = reference.wavefrontBackward(whole, weights, states, atEvery, atEnd);
  const expected = {
    hidden: states.map((layer) => layer.hidden),
    cellState: states.map((layer) => layer.cell),
    dGate: back.map((layer) => layer.preactivation),
    dHidden: back.map((layer) => layer.hidden),
    dInitialCell: back.map((layer) => layer.cell.slice(0, slab)),
  };
  return { got, expected, dispatches };
}

test("A wavefront has the reference's states and gradients in every layer, for any sizes and lengths, in two dispatches", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (shape) => {
      const { got, expected, dispatches } = await bothWays(shape);
      expect(dispatches).toBe(2);
      for (const [name, layers] of Object.entries(got)) {
        for (const [l, values] of layers.entries()) {
          expect(worstError(values, expected[name as keyof typeof got][l]!), `${name} ${l}`).toBeLessThan(2e-5);
        }
      }
    }),
    { numRuns: 30 },
  );
});

const example: Case = {
  cell: { cell: "lstm" },
  layers: 3,
  steps: 5,
  batch: 4,
  hidden: 13,
  tokens: true,
  lastStep: false,
  traced: true,
  seed: 1,
};

test("A wavefront has the same bits in every run", async () => {
  expect((await bothWays(example)).got).toEqual((await bothWays(example)).got);
});

test("Layers whose tensors are not at equal distances in one buffer are refused", () => {
  const bench = new Workbench(gpu());
  const { cell } = twinsOf({ cell: "elman" });
  const layers = [0, 1].map(() => ({
    inputWeight: bench.tensor("inputWeight", [4, 4]),
    recurrentWeight: bench.tensor("recurrentWeight", [4, 4]),
    bias: bench.tensor("bias", [4]),
    gate: bench.tensor("gate", [2, 1, 4]),
    hidden: bench.tensor("hidden", [3, 1, 4]),
  }));
  const lengths = bench.tensor("lengths", [1], [2], { type: "i32" });
  expect(() => wavefrontForward(bench.plan, { cell, lengths, layers })).toThrow(
    'wavefront: "recurrentWeight" of the layers lie anyhow, expected at equal distances in one buffer.',
  );
  bench.destroy();
});
