// The LSTM cell: gates i f g o, c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t).

import { matmul, matmulTransposeB, type Numbers } from "../reference/matmul";
import {
  addOuterProduct,
  type CellDefinition,
  type CellState,
  type CellWeights,
  dSigmoid,
  dTanh,
  type ReferenceCell,
  sigmoid,
} from "./cell";

/** i, f, g, o and c_t [H] each, of a_t + h_{t−1}·U [4·H]. */
function gatesOf(a: Numbers, { hidden, cell }: CellState, { recurrentWeight }: CellWeights) {
  const width = hidden.length;
  const sum = matmul(hidden, recurrentWeight, 1, width, 4 * width).map((product, j) => a[j]! + product);
  const block = (gate: number) => sum.subarray(gate * width, (gate + 1) * width);
  const i = block(0).map(sigmoid);
  const f = block(1).map(sigmoid);
  const g = block(2).map(Math.tanh);
  const o = block(3).map(sigmoid);
  return { i, f, g, o, c: i.map((_, j) => f[j]! * cell[j]! + i[j]! * g[j]!) };
}

/** Source: the formula of torch.nn.LSTM in PyTorch's documentation, with one bias a gate, which is in a_t. */
const reference: ReferenceCell = {
  gates: 4,
  states: 1,
  hasRecurrentBias: false,
  forward(a, before, weights) {
    const { o, c } = gatesOf(a, before, weights);
    return { hidden: o.map((gate, j) => gate * Math.tanh(c[j]!)), cell: c };
  },
  backward(a, before, weights, dAfter, dWeights) {
    const width = before.hidden.length;
    const { i, f, g, o, c } = gatesOf(a, before, weights);
    const da = new Float64Array(4 * width);
    const dCell = new Float64Array(width);
    for (let j = 0; j < width; j++) {
      const dh = dAfter.hidden[j]!;
      const tanhC = Math.tanh(c[j]!);
      const dc = dAfter.cell[j]! + dh * o[j]! * dTanh(tanhC);
      da[j] = dc * g[j]! * dSigmoid(i[j]!);
      da[width + j] = dc * before.cell[j]! * dSigmoid(f[j]!);
      da[2 * width + j] = dc * i[j]! * dTanh(g[j]!);
      da[3 * width + j] = dh * tanhC * dSigmoid(o[j]!);
      dCell[j] = dc * f[j]!;
    }
    addOuterProduct(dWeights.recurrentWeight, before.hidden, da);
    const dHidden = matmulTransposeB(da, weights.recurrentWeight, 1, 4 * width, width);
    return { preactivation: da, hidden: dHidden, cell: dCell };
  },
};

export const lstm: CellDefinition = {
  choices: {},
  gpu: () => ({
    name: "lstm",
    gates: 4,
    flags: {},
    states: 1,
    unitParameters: [],
    recurrent: "full",
    forgetGate: 1,
    pytorch: "LSTM",
  }),
};

export const lstmReference = () => reference;
