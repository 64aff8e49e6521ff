// A problem's network forward, as an ONNX graph: tokens to one-hot rows, one recurrent operator, the readout.

import { type CellName, type FloatTensor, toPyTorch } from "../../../src/index";
import type { Constant, Graph, Node, Value } from "../../../src/onnx/model";
import type { Problem } from "../problem";

/** ONNX's operators, and which of PyTorch's gates their blocks are, in order: i o f c of an LSTM, z r h of a GRU. */
const operators: Record<CellName, { type: string; gates: number[] }> = {
  elman: { type: "RNN", gates: [0] },
  lstm: { type: "LSTM", gates: [0, 3, 1, 2] },
  gru: { type: "GRU", gates: [1, 0, 2] },
};

/** Gates and layouts are those of the operators' documentation. */
export function operatorGraph({ cell, shape, parameters }: Problem): Graph {
  const { hidden, symbols } = shape;
  const { type, gates } = operators[cell];
  const values = toPyTorch(parameters, { cell });
  /** The blocks of all gates, each `hidden` rows, in ONNX's order. */
  const reordered = (...names: string[]) =>
    names.flatMap((name) => {
      const { data } = values.get(name) as FloatTensor;
      const block = data.length / gates.length;
      return gates.flatMap((gate) => [...data.subarray(gate * block, (gate + 1) * block)]);
    });
  const rows = gates.length * hidden;
  const attributes = { hidden_size: hidden, ...(cell === "gru" && { linear_before_reset: 1 }) };
  return {
    ...placesOf(shape),
    constants: [
      { name: "one-hot", shape: [symbols, symbols], data: identity(symbols) },
      { name: "W", shape: [1, rows, symbols], data: Float32Array.from(reordered("weight_ih_l0")) },
      { name: "R", shape: [1, rows, hidden], data: Float32Array.from(reordered("weight_hh_l0")) },
      { name: "B", shape: [1, 2 * rows], data: Float32Array.from(reordered("bias_ih_l0", "bias_hh_l0")) },
      { name: "direction", shape: [1], data: new BigInt64Array([1n]) },
      ...readoutConstants(parameters),
    ],
    nodes: [
      { type: "Gather", inputs: ["one-hot", "tokens"], outputs: ["x"] },
      { type, inputs: ["x", "W", "R", "B"], outputs: ["directions"], attributes }, // [steps, 1, batch, hidden]
      { type: "Squeeze", inputs: ["directions", "direction"], outputs: ["h"] },
      ...readout,
    ],
  };
}

export const placesOf = ({ steps, batch, symbols }: Problem["shape"]) => ({
  name: "network",
  inputs: [{ name: "tokens", type: "int32", shape: [steps, batch] }] satisfies Value[],
  outputs: [{ name: "logits", type: "float32", shape: [steps, batch, symbols] }] satisfies Value[],
});

/** From "h", of all steps. */
export const readout: readonly Node[] = [
  { type: "MatMul", inputs: ["h", "V"], outputs: ["product"] },
  { type: "Add", inputs: ["product", "outputBias"], outputs: ["logits"] },
];

export const readoutConstants = (parameters: Problem["parameters"]): Constant[] => [
  { name: "V", ...(parameters.get("outputWeight") as FloatTensor) },
  { name: "outputBias", ...(parameters.get("outputBias") as FloatTensor) },
];

function identity(size: number): Float32Array {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return data;
}
