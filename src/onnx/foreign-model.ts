// Models that others wrote, such as the exporters of PyTorch and Keras: their graph is walked, and of each value it is known what it
// is of and which of its axes is time, batch, direction and units.

import { TempogradError } from "../errors";
import { binaryCrossEntropy } from "../losses/binary-cross-entropy";
import { noLoss } from "../losses/loss";
import { type NetworkConfig, networkConfig } from "../network/config";
import type { ParameterValues } from "../network/parameters";
import type { PartsOptions } from "../network/parts-config";
import { architectureOf } from "../parts/architecture";
import { embedding, features, tokens } from "../parts/inputs";
import { layer as layerOf } from "../parts/layers";
import { parameterShapes } from "../parts/parameter-shapes";
import { everyHidden, everyStep, lastHidden, lastStep } from "../parts/readouts";
import type { OnnxNetwork } from "./from-onnx";
import type { Graph } from "./model";
import { networkNodes } from "./network-nodes";
import { Operands } from "./node-reader";
import type { ReadModel } from "./read-model";
import { addWeights } from "./recurrent-node";
import { refuse, refuseNode, shown } from "./refuse";
import { numbersOf, shapeNodes } from "./shape-nodes";
import { transposed } from "./tensors";
import {
  type Answer,
  type Axis,
  type Given,
  isSameAxis,
  isSameStage,
  type Looked,
  type Numbers,
  type Product,
  type ReadLayer,
  type Recurrent,
  type Signal,
  unitsOf,
  type Value,
} from "./values";

const readers = new Map(Object.entries({ ...shapeNodes, ...networkNodes }));

export function readForeign({ graph, opset }: ReadModel, output: string | undefined): OnnxNetwork {
  const values = valuesOf(graph, opset);
  const { top, loss } = readoutOf(graph, values, output);
  const below = top.stage === "product" ? top.below : top;
  const { layers, first } = layersBelow(below);
  expectStates(layers);
  const table = first.stage === "looked" ? first.table : undefined;
  const isEvery = below.what === "every";
  const tied = top.stage === "product" && isTied(top, table);
  const network = networkOf({
    input:
      first.stage === "given"
        ? features(layers[0]!.inputs)
        : table
          ? embedding(first.tokens, layers[0]!.inputs)
          : tokens(first.tokens),
    layers: layers.map(({ named: { cell, ...choices }, hidden, directions, B }) =>
      layerOf(cell, hidden, { ...choices, bidirectional: directions === 2, bias: B !== undefined }),
    ),
    readout:
      top.stage === "product"
        ? (isEvery ? everyStep : lastStep)(top.outputs.size!, { bias: top.bias !== undefined, tied })
        : (isEvery ? everyHidden : lastHidden)(),
    loss: lossOf(loss, top.stage === "product"),
  });
  const parameters: ParameterValues = new Map();
  if (table) parameters.set("embeddingWeight", { shape: [...table.shape], data: table.data.slice() });
  const shapes = parameterShapes(network);
  for (const [i, layer] of architectureOf(network).layers.entries()) {
    addWeights(parameters, layers[i]!, layer, shapes[`${layer.names[0]}recurrentBias`] !== undefined);
  }
  if (top.stage === "product") {
    const { weight, bias } = top;
    if (!tied) parameters.set("outputWeight", { shape: [...weight.shape], data: weight.data.slice() });
    if (bias) parameters.set("outputBias", { shape: [bias.length], data: bias.slice() });
  }
  return { network, parameters, about: undefined };
}

function networkOf(options: PartsOptions): NetworkConfig {
  try {
    return networkConfig(options);
  } catch (error) {
    return refuse(
      "the model",
      `is of a network that is refused (${(error as Error).message})`,
      "one that is not",
      "change it",
    );
  }
}

const lossOf = (as: Answer["as"] | undefined, isRead: boolean) => {
  if (as === "sigmoid") return binaryCrossEntropy();
  return isRead || as ? "cross-entropy" : noLoss();
};

function valuesOf({ nodes, constants, inputs }: Graph, opset: number): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const { name, shape } of inputs) {
    const axes: Axis[] = shape.map((size) => [{ size: typeof size === "number" && size > 0 ? size : undefined }]);
    values.set(name, { kind: "signal", of: { stage: "given", name }, axes });
  }
  for (const constant of constants) values.set(constant.name, numbersOf(constant));
  for (const node of nodes) {
    let given: readonly Value[];
    try {
      const read = readers.get(node.type);
      if (!read) {
        const expected = "RNN, GRU, LSTM, what looks tokens up, one linear layer, and what moves axes";
        return refuseNode(node, "is not understood", expected) as never;
      }
      given = [read(new Operands(node, opset, values))].flat();
    } catch (error) {
      if (!(error instanceof TempogradError)) throw error;
      given = node.outputs.map(() => ({ kind: "refused", error }));
    }
    for (const [i, name] of node.outputs.entries()) if (name !== "" && given[i]) values.set(name, given[i]);
  }
  return values;
}

interface Read {
  readonly top: Recurrent | Product;
  readonly loss: Answer["as"] | undefined;
}

/** What is read of a network: what one output is of. States may come out beside it. */
function readoutOf({ outputs }: Graph, values: ReadonlyMap<string, Value>, output: string | undefined): Read {
  const names = outputs.map(({ name }) => name);
  const cure = `pass one of them as output: ${names.map(shown).join(", ")}`.slice(0, 200);
  if (output !== undefined && !names.includes(output))
    refuse(`output ${shown(output)}`, "is not there", "one that is", cure);
  const found: Read[] = [];
  const states: Recurrent[] = [];
  for (const name of output === undefined ? names : [output]) {
    const value = values.get(name);
    if (value?.kind === "refused") throw value.error;
    if (value?.kind === "joined" && value.parts.every(isState)) continue;
    if (value?.kind !== "signal") return refuse(`output ${shown(name)}`, "is not of a network", "its answers", cure);
    const { of } = value;
    if (isState(value) && of.stage === "recurrent") {
      if (of.what === "final" && value.direction === undefined) states.push(of);
      continue;
    }
    if (of.stage === "given" || of.stage === "looked") {
      return refuse(`output ${shown(name)}`, "is of the input", "the network's answers", cure);
    }
    expectWhole(name, value);
    if (of.stage === "answer") found.push({ top: of.of, loss: of.as });
    else found.push({ top: of, loss: undefined });
  }
  const [first = states.length === 1 ? { top: states[0]!, loss: undefined } : undefined, ...more] = found;
  if (!first) return refuse("the model", "has no output that is read of a layer", "one", cure);
  const losses = [first, ...more].map(({ loss }) => loss).filter((loss) => loss !== undefined);
  if (!more.every(({ top }) => isSameStage(top, first.top)) || new Set(losses).size > 1) {
    refuse("the model", "has outputs of several readouts", "one", cure);
  }
  return { top: first.top, loss: losses[0] };
}

const isState = ({ of }: Signal): boolean => of.stage === "recurrent" && of.what !== "every";

/** @throws unless it has all outputs, or units, apart from other axes. */
function expectWhole(name: string, { of, axes, direction }: Signal): void {
  const read = of.stage === "answer" ? of.of : of;
  if (read.stage !== "product" && read.stage !== "recurrent") return;
  const units = read.stage === "product" ? [read.outputs] : unitsOf(read);
  const isOne = read.stage === "product" && read.outputs.size === 1;
  if (direction === undefined && (isOne || axes.some((axis) => isSameAxis(axis, units)))) return;
  if (read.stage === "recurrent" && direction === undefined) return; // as the operator gives it, its directions apart
  refuse(
    `output ${shown(name)}`,
    "is a part of what the network answers",
    "all of it",
    "leave the rest to who reads it",
  );
}

/** From the lowest, and what that reads. */
function layersBelow(stage: Recurrent): { layers: ReadLayer[]; first: Given | Looked } {
  const layers: ReadLayer[] = [];
  let below: ReadLayer["below"] = stage;
  for (; below.stage === "recurrent"; below = below.layer.below) layers.unshift(below.layer);
  return { layers, first: below };
}

/** @throws unless all layers have the lengths of one input, and states to begin with one behind the other, or none. */
function expectStates(layers: readonly ReadLayer[]): void {
  const [first] = layers as [ReadLayer];
  const starts = new Map<string, number>();
  for (const { node, lengths, initial, directions } of layers) {
    if (lengths !== first.lengths) refuseNode(node, "has other lengths than the layer below", "the same");
    if (initial.length > 0 !== first.initial.length > 0) {
      refuseNode(node, "begins with zeros where others are given states", "all of them, or none");
    }
    for (const { name, part } of initial) {
      const start = starts.get(name) ?? 0;
      if ((part?.start ?? 0) !== start || (part && part.count !== directions)) {
        refuseNode(node, `begins with other states of ${shown(name)}`, `those from ${start}, in the order of layers`);
      }
      starts.set(name, start + directions);
    }
  }
}

/** Whether the output layer's weight is the embedding, transposed. */
function isTied({ weight, below }: Product, table: Numbers | undefined): boolean {
  if (!table || below.layer.directions === 2) return false;
  const other = transposed(table, [1, 0]);
  return other.shape.join() === weight.shape.join() && other.data.every((value, i) => value === weight.data[i]);
}
