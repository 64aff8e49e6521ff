// RNN, GRU and LSTM of a foreign graph, and their weights by the library's names.

import type { NamedCell } from "../cells/cells";
import { peepholeLstm } from "../cells/peephole-lstm";
import type { ParameterValues } from "../network/parameters";
import type { StackedLayer } from "../parts/architecture";
import type { NodeReader, Operands } from "./node-reader";
import { operatorOf } from "./operators";
import { refuseNode } from "./refuse";
import {
  type Given,
  isSameAxis,
  isZero,
  type ReadLayer,
  type Recurrent,
  sizeOf,
  unitsOf,
  type Value,
  wide,
} from "./values";

const known = ["activations", "direction", "hidden_size", "linear_before_reset", "layout", "input_forget"];
const defaults: Readonly<Record<string, readonly string[]>> = {
  RNN: ["tanh"],
  GRU: ["sigmoid", "tanh"],
  LSTM: ["sigmoid", "tanh", "tanh"],
};
const gateCounts: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

export const recurrent: NodeReader = (of) => {
  const { node } = of;
  const attributes = node.attributes ?? {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    const isEmpty = Array.isArray(value) && value.length === 0;
    if (!known.includes(name) && !isEmpty) refuseNode(node, `has ${name}`, known.join(", "));
  }
  const { direction: way = "forward" } = attributes;
  if (way !== "forward" && way !== "bidirectional") {
    refuseNode(node, `has direction ${JSON.stringify(way)}`, '"forward" or "bidirectional"', "turn its sequences");
  }
  for (const name of ["layout", "input_forget"]) {
    if (of.number(name)) refuseNode(node, `has ${name} ${of.number(name)}`, "0");
  }
  const directions = way === "bidirectional" ? 2 : 1;
  const named = cellOf(of, directions);
  const below = inputOf(of);
  const gates = gateCounts[node.type]!;
  const R = weightOf(of, 2, 3);
  const hidden = R.shape[2]!;
  const W = weightOf(of, 1, 3);
  const inputs = W.shape[2]!;
  if (inputs !== below.width) refuseNode(node, `reads ${below.width} wide inputs by W of [${W.shape}]`, "as wide ones");
  expectShape(of, "W", W.shape, [directions, gates * hidden, inputs]);
  expectShape(of, "R", R.shape, [directions, gates * hidden, hidden]);
  const size = of.number("hidden_size");
  if (size !== undefined && size !== hidden) refuseNode(node, `has hidden_size ${size}`, `${hidden}, as R has it`);
  const B = of.isGiven(3) ? weightOf(of, 3, 2) : undefined;
  if (B) expectShape(of, "B", B.shape, [directions, 2 * gates * hidden]);
  const P = named.cell === peepholeLstm ? weightOf(of, 7, 2) : undefined;
  if (P) expectShape(of, "P", P.shape, [directions, 3 * hidden]);
  const layer: ReadLayer = {
    ...{ node, named, inputs, hidden, directions, ...below },
    ...{ direction: { size: directions }, unit: { size: hidden } },
    lengths: lengthsOf(of, below.time),
    initial: initialOf(of),
    ...{ W: W.data, R: R.data, B: B?.data, P: P?.data },
  };
  const { time, batch, direction, unit } = layer;
  const give = (what: Recurrent["what"], before: readonly (typeof time)[]): Value => ({
    ...{ kind: "signal", of: { stage: "recurrent", layer, what } },
    axes: [...before, [direction], batch, [unit]],
  });
  // Y is [steps, directions, batch, H].
  return [give("every", [time]), give("final", []), give("cell", [])];
};

function cellOf(of: Operands, directions: number): NamedCell {
  const { node } = of;
  const expected = Array<readonly string[]>(directions).fill(defaults[node.type]!).flat();
  const given = node.attributes?.activations;
  const said = Array.isArray(given) && given.length > 0 ? given.map((name) => String(name).toLowerCase()) : expected;
  const isRelu = node.type === "RNN" && said.length === directions && said.every((name) => name === "relu");
  if (!isRelu && said.join() !== expected.join()) {
    refuseNode(node, `has activations ${said.join(", ").slice(0, 60)}`, expected.join(", "));
  }
  if (node.type === "RNN") return { cell: "elman", activation: isRelu ? "relu" : "tanh" };
  if (node.type === "GRU") return { cell: "gru", reset: of.number("linear_before_reset") ? "after" : "before" };
  return { cell: of.isGiven(7) ? peepholeLstm : "lstm" };
}

/** What it reads, [steps, batch, I]. */
function inputOf(of: Operands) {
  const value = of.value(0);
  if (value.kind !== "signal" || value.axes.length !== 3 || value.direction !== undefined) return of.notOf(value);
  const { of: below, axes } = value;
  const [time, batch, last] = axes.map(wide) as [ReadLayer["time"], ReadLayer["batch"], ReadLayer["time"]];
  if (time.length > 1 || batch.length > 1) refuseNode(of.node, "reads joined axes", "time, batch and features");
  const width = sizeOf(last);
  if (typeof width !== "number") return refuseNode(of.node, "reads features of a free size", "one that is known");
  const plain = { time, batch, width };
  if (below.stage === "given" && (below.part || below.isWhole)) {
    refuseNode(of.node, "reads a part of an input, or one that is cut to integers", "an input as it is");
  }
  if (below.stage === "given" || below.stage === "looked") {
    if (last.length > 1) refuseNode(of.node, "reads joined axes", "time, batch and features");
    return { ...plain, below };
  }
  if (below.stage !== "recurrent" || below.what !== "every") return of.notOf(value);
  const { layer } = below;
  const isStacked = isSameAxis(time, layer.time) && isSameAxis(batch, layer.batch) && isSameAxis(last, unitsOf(below));
  if (!isStacked) refuseNode(of.node, "reads the axes of the layer below in other places", "time, batch and all units");
  return { ...plain, below };
}

function weightOf(of: Operands, input: number, rank: number) {
  const value = of.numbers(input);
  if (value.shape.length === rank) return value;
  return refuseNode(of.node, `has weights of [${value.shape}]`, `${rank} axes`);
}

function expectShape(of: Operands, name: string, got: readonly number[], expected: readonly number[]): void {
  if (got.join() !== expected.join()) refuseNode(of.node, `has ${name} of [${got}]`, `[${expected}]`);
}

/** The input that has them; undefined where all sequences are as long as time. */
function lengthsOf(of: Operands, time: ReadLayer["time"]): string | undefined {
  if (!of.isGiven(4)) return undefined;
  const value = of.value(4);
  if (value.kind === "signal" && value.of.stage === "given" && value.axes.length === 1) return value.of.name;
  const isWhole =
    value.kind === "integers" &&
    value.data.every((size) => (typeof size === "number" ? size === sizeOf(time) : isSameAxis(size, time)));
  return isWhole ? undefined : refuseNode(of.node, "is given computed lengths", "lengths that are an input, or none");
}

/** The inputs that have its first states; none where they are zero. */
function initialOf(of: Operands): Given[] {
  const all = (of.node.type === "LSTM" ? [5, 6] : [5]).map((input) => {
    if (!of.isGiven(input)) return undefined;
    const value = of.value(input);
    if (isZero(value)) return undefined;
    if (value.kind === "signal" && value.of.stage === "given") return value.of;
    return refuseNode(
      of.node,
      "begins with states that are computed or not zero",
      "zeros, or states that are an input",
    );
  });
  const given = all.filter((one) => one !== undefined);
  if (given.length !== all.length && given.length > 0) refuseNode(of.node, "is given one of h and c", "both, or none");
  return given;
}

/** A layer's parameters, of both directions. Sources of the orders: `operatorOf`. */
export function addWeights(
  parameters: ParameterValues,
  read: ReadLayer,
  layer: StackedLayer,
  hasOwnBias: boolean,
): void {
  const { inputs, hidden: H, W, R, B, P, directions } = read;
  const { gates, peepholes = [] } = operatorOf({ ...layer, directions })!;
  const columns = gates.length * H;
  const matrix = (all: Float32Array, rows: number, index: number) => {
    const data = new Float32Array(rows * columns);
    for (const [g, gate] of gates.entries()) {
      for (let j = 0; j < H; j++) {
        const from = (index * columns + g * H + j) * rows;
        for (let row = 0; row < rows; row++) data[row * columns + gate * H + j] = all[from + row]!;
      }
    }
    return { shape: [rows, columns], data };
  };
  for (const [index, name] of layer.names.entries()) {
    parameters.set(`${name}inputWeight`, matrix(W, inputs, index));
    parameters.set(`${name}recurrentWeight`, matrix(R, H, index));
    if (B) {
      const own = B.subarray(index * 2 * columns, (index + 1) * 2 * columns);
      const bias = new Float32Array(columns);
      const apart = hasOwnBias ? columns - H : columns; // those of the candidate stay two
      for (const [g, gate] of gates.entries()) {
        for (let j = 0; j < H; j++) {
          const at = g * H + j;
          bias[gate * H + j] = own[at]! + (at < apart ? own[columns + at]! : 0);
        }
      }
      parameters.set(`${name}bias`, { shape: [columns], data: bias });
      if (hasOwnBias) parameters.set(`${name}recurrentBias`, { shape: [H], data: own.slice(columns + apart) });
    }
    if (P) {
      const data = new Float32Array(3 * H);
      for (const [i, place] of peepholes.entries()) {
        data.set(P.subarray((index * 3 + i) * H, (index * 3 + i + 1) * H), place * H);
      }
      parameters.set(`${name}unitParameters`, { shape: [3, H], data });
    }
  }
}
