// Layers that ONNX has an operator for: RNN, GRU and LSTM, with the gates in its order.

import type { NamedCell } from "../cells/cells";
import { peepholeLstm } from "../cells/peephole-lstm";
import type { StackedLayer } from "../parts/architecture";
import type { GraphBuilder } from "./builder";
import { type LayerInputs, type LayerOutputs, sideBySide, type Weights } from "./layer";
import type { Attribute } from "./model";

/** An operator for a cell. Gates and unit parameters are in ONNX's order, each by its place in the library's. */
export interface Operator {
  readonly type: "RNN" | "GRU" | "LSTM";
  readonly gates: readonly number[];
  readonly peepholes?: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** i o f c of i f g o */
const lstmGates = [0, 3, 1, 2];

/** Of a layer, undefined where there is none. Source: the operators RNN, GRU and LSTM in ONNX's documentation. */
export function operatorOf(
  layer: Pick<StackedLayer, keyof NamedCell | "projection" | "directions">,
): Operator | undefined {
  const { cell, activation, reset, projection, directions } = layer;
  if (projection !== undefined) return undefined;
  if (cell === peepholeLstm) return { type: "LSTM", gates: lstmGates, peepholes: [0, 2, 1] };
  if (cell === "lstm") return { type: "LSTM", gates: lstmGates };
  if (cell === "gru") {
    // z r h of r z n
    return { type: "GRU", gates: [1, 0, 2], attributes: { linear_before_reset: reset === "before" ? 0 : 1 } };
  }
  if (cell !== "elman") return undefined;
  const name = activation === "relu" ? "Relu" : "Tanh";
  return { type: "RNN", gates: [0], attributes: { activations: Array<string>(directions).fill(name) } };
}

export function addOperator(
  graph: GraphBuilder,
  operator: Operator,
  layer: StackedLayer,
  weights: Weights,
  { x, lengths = "", hidden = "", cell = [] }: LayerInputs,
): LayerOutputs {
  const { type, gates, peepholes = [], attributes } = operator;
  const { number, names, hidden: H, inputs, directions, bias } = layer;
  const G = gates.length;
  const at = `${names[0]!.slice(0, names[0]!.indexOf("layer"))}layer${number}.`;
  /** What all directions have, one behind the other. */
  const joined = (name: string, shape: readonly number[], of: (direction: string) => Float32Array) => {
    const parts = names.map(of);
    const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    for (const [i, part] of parts.entries()) data.set(part, i * part.length);
    return weights.constant(at + name, [directions, ...shape], data);
  };
  const W = joined("W", [G * H, inputs], (name) => reordered(weights.take(`${name}inputWeight`), gates, H));
  const R = joined("R", [G * H, H], (name) => reordered(weights.take(`${name}recurrentWeight`), gates, H));
  const B = bias ? joined("B", [2 * G * H], (name) => biases(weights, name, gates, H)) : "";
  const P =
    peepholes.length > 0
      ? joined("P", [3 * H], (name) => blocks(weights.take(`${name}unitParameters`), peepholes, H))
      : "";
  const inputsOf = { RNN: [hidden], GRU: [hidden], LSTM: [hidden, cell[0] ?? "", P] }[type];
  const given = [x, W, R, B, lengths, ...inputsOf];
  while (given.at(-1) === "") given.pop();
  const [Y, finalHidden, ...finalCell] = graph.addWith(type === "LSTM" ? 3 : 2, type, given, {
    hidden_size: H,
    ...(directions === 2 && { direction: "bidirectional" }),
    ...attributes,
  });
  return { y: sideBySide(graph, Y!, directions), hidden: finalHidden!, cell: finalCell };
}

/** Blocks of so many numbers, in another order. */
const blocks = (data: Float32Array, order: readonly number[], size: number): Float32Array => {
  const result = new Float32Array(order.length * size);
  for (const [i, block] of order.entries()) result.set(data.subarray(block * size, (block + 1) * size), i * size);
  return result;
};

/** A matrix [I, G·H], transposed, with its gates in another order: [G·H, I]. */
function reordered(matrix: Float32Array, gates: readonly number[], size: number): Float32Array {
  const columns = gates.length * size;
  const rows = matrix.length / columns;
  const transposed = new Float32Array(matrix.length);
  for (let column = 0; column < columns; column++) {
    const from = gates[Math.floor(column / size)]! * size + (column % size);
    for (let row = 0; row < rows; row++) transposed[column * rows + row] = matrix[row * columns + from]!;
  }
  return transposed;
}

/** Those of x·W, then those of h·U, which are zero but for a GRU's candidate, the last one in either order. */
function biases(weights: Weights, name: string, gates: readonly number[], size: number): Float32Array {
  const count = gates.length * size;
  const all = new Float32Array(2 * count);
  all.set(blocks(weights.take(`${name}bias`), gates, size));
  if (weights.has(`${name}recurrentBias`)) all.set(weights.take(`${name}recurrentBias`), 2 * count - size);
  return all;
}
