// A fourth cell needs its own equations and nothing else: the sweeps take it as it is.

import { expect, test } from "vitest";
import {
  addOuterProduct,
  type CellState,
  type CellWeights,
  dSigmoid,
  dTanh,
  type ReferenceCell,
  sigmoid,
} from "../../src/cells/cell";
import { matmul, matmulTransposeB, type Numbers } from "../../src/reference/matmul";
import { numbers, worstError } from "../numbers";
import { testSweeps } from "../ops/sweeps";
import { useGpu } from "../workbench";
import source from "./by-hand.wgsl?raw";

function gatesOf(a: Numbers, { hidden, cell }: CellState, { recurrentWeight }: CellWeights) {
  const width = hidden.length;
  const sum = matmul(hidden, recurrentWeight, 1, width, 3 * width).map((product, j) => a[j]! + product);
  const f = sum.slice(0, width).map(sigmoid);
  const g = sum.slice(width, 2 * width).map(Math.tanh);
  const o = sum.slice(2 * width).map(sigmoid);
  return { f, g, o, c: f.map((gate, j) => gate * cell[j]! + (1 - gate) * g[j]!) };
}

const twin: ReferenceCell = {
  gates: 3,
  states: 1,
  hasRecurrentBias: false,
  forward(a, before, weights) {
    const { o, c } = gatesOf(a, before, weights);
    return { hidden: o.map((gate, j) => gate * Math.tanh(c[j]!)), cell: c };
  },
  backward(a, before, weights, dAfter, dWeights) {
    const width = before.hidden.length;
    const { f, g, o, c } = gatesOf(a, before, weights);
    const t = c.map(Math.tanh);
    const dc = t.map((value, j) => dAfter.cell[j]! + dAfter.hidden[j]! * o[j]! * dTanh(value));
    const da = Float64Array.of(
      ...dc.map((value, j) => value * (before.cell[j]! - g[j]!) * dSigmoid(f[j]!)),
      ...dc.map((value, j) => value * (1 - f[j]!) * dTanh(g[j]!)),
      ...t.map((value, j) => dAfter.hidden[j]! * value * dSigmoid(o[j]!)),
    );
    addOuterProduct(dWeights.recurrentWeight, before.hidden, da);
    const hidden = matmulTransposeB(da, weights.recurrentWeight, 1, 3 * width, width);
    return { preactivation: da, hidden, cell: dc.map((value, j) => value * f[j]!) };
  },
};

testSweeps(useGpu(), "coupled-lstm", {
  cell: { name: "coupled-lstm", source, gates: 3, flags: {}, states: 1, unitParameters: [], recurrent: "full" },
  twin,
});

test("its gradients are those of finite differences", () => {
  const [a, h, c] = [numbers(9, 1), numbers(3, 2), numbers(3, 3)].map((values) => Float64Array.from(values));
  const weights = { recurrentWeight: Float64Array.from(numbers(27, 4)), recurrentBias: [], unitParameters: [] };
  const dWeights = {
    recurrentWeight: new Float64Array(27),
    recurrentBias: new Float64Array(),
    unitParameters: new Float64Array(),
  };
  const dAfter = { hidden: numbers(3, 5), cell: numbers(3, 6) };
  const loss = () => {
    const after = twin.forward(a!, { hidden: h!, cell: c! }, weights);
    const dot = (values: Numbers, d: Numbers) => Array.from(d).reduce((sum, value, j) => sum + value * values[j]!, 0);
    return dot(after.hidden, dAfter.hidden) + dot(after.cell, dAfter.cell);
  };
  const back = twin.backward(a!, { hidden: h!, cell: c! }, weights, dAfter, dWeights);
  for (const [values, gradient] of [
    [a!, back.preactivation],
    [h!, back.hidden],
    [c!, back.cell],
    [weights.recurrentWeight, dWeights.recurrentWeight],
  ] as const) {
    const differences = values.map((value, i) => {
      const at = (moved: number) => {
        values[i] = moved;
        const result = loss();
        values[i] = value;
        return result;
      };
      return (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
    });
    expect(worstError(gradient, differences)).toBeLessThan(1e-8);
  }
});
