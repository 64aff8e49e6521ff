// The Elman cell: h_t = f(a_t + h_{t−1}·U), f = tanh or relu.

import { matmul, matmulTransposeB } from "../reference/matmul";
import { addOuterProduct, type CellDefinition, dTanh, noCellState, type ReferenceCell } from "./cell";

export interface ElmanOptions {
  /** The Elman cell's f. Default "tanh". */
  activation?: "tanh" | "relu";
}

const functions = {
  tanh: { f: Math.tanh, derivative: dTanh },
  relu: { f: (a: number) => Math.max(a, 0), derivative: (h: number) => (h > 0 ? 1 : 0) },
};

/** Source: the formula of torch.nn.RNN in PyTorch's documentation, with one bias, which is in a_t. */
function reference(activation: "tanh" | "relu"): ReferenceCell {
  const { f, derivative } = functions[activation];
  const forward: ReferenceCell["forward"] = (a, { hidden }, { recurrentWeight }) => {
    const width = hidden.length;
    const product = matmul(hidden, recurrentWeight, 1, width, width);
    return { hidden: product.map((sum, j) => f(a[j]! + sum)), cell: noCellState };
  };
  return {
    gates: 1,
    states: 0,
    hasRecurrentBias: false,
    forward,
    backward(a, before, weights, dAfter, dWeights) {
      const width = before.hidden.length;
      const { hidden } = forward(a, before, weights);
      const da = Float64Array.from(hidden, (h, j) => dAfter.hidden[j]! * derivative(h));
      addOuterProduct(dWeights.recurrentWeight, before.hidden, da);
      return {
        preactivation: da,
        hidden: matmulTransposeB(da, weights.recurrentWeight, 1, width, width),
        cell: noCellState,
      };
    },
  };
}

export const elman: CellDefinition<ElmanOptions> = {
  choices: { activation: ["tanh", "relu"] },
  gpu: ({ activation }) => ({
    name: "elman",
    gates: 1,
    states: 0,
    flags: { relu: activation === "relu" },
    unitParameters: [],
    recurrent: "full",
    pytorch: "RNN",
  }),
};

export const elmanReference = ({ activation = "tanh" }: ElmanOptions): ReferenceCell => reference(activation);
