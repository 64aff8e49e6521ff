// Models that `toOnnx` wrote: the network is in their metadata. Where each parameter's numbers are in the graph is found by
// writing it again, with the place of each number in place of the number.

import { parseJson } from "../interchange/untrusted";
import type { NetworkConfig } from "../network/config";
import type { ParameterValues } from "../network/parameters";
import { type SavedNames, savedNetwork } from "../network/saved-network";
import { withShipped } from "../network/shipped";
import { architectureOf } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import type { OnnxNetwork } from "./from-onnx";
import { fromHalf } from "./half";
import { type Constant, type Graph, isGraph, isTensor, opset } from "./model";
import type { ReadModel } from "./read-model";
import { nodeText, refuse, shown } from "./refuse";
import { type GraphForm, graphOf } from "./to-onnx";

export const isOwn = ({ metadata = {} }: ReadModel): boolean => metadata.format === "tempograd";

export function readOwn({ graph, metadata = {}, opset: version }: ReadModel, names: SavedNames): OnnxNetwork {
  const again = "read it with the release that wrote it";
  if (version !== opset) refuse("the model", `is of opset ${version}`, `${opset}, as toOnnx writes it`, again);
  const network = networkOf(graph, jsonOf(metadata, "network"), names);
  const parameters = parametersOf(graph, network);
  const differs = differenceOf(graph, graphOf(parameters, architectureOf(network), formOf(graph)));
  if (differs) refuse(differs, "is not as toOnnx writes it", 'the graph of metadata "network"', again);
  return { network, parameters, about: metadata.about === undefined ? undefined : jsonOf(metadata, "about") };
}

function jsonOf(metadata: Readonly<Record<string, string>>, name: string): unknown {
  try {
    return parseJson(metadata[name] ?? "");
  } catch (error) {
    refuse(`metadata ${shown(name)}`, (error as Error).message, "JSON", "fetch or write the file again");
  }
}

function networkOf({ constants }: Graph, said: unknown, names: SavedNames): NetworkConfig {
  const expected = "the options of a network";
  const subject = 'metadata "network"';
  const damaged = "fetch or write the file again";
  if (typeof said !== "object" || said === null) refuse(subject, `is ${shown(said)}`, expected, damaged);
  let network: NetworkConfig;
  try {
    network = savedNetwork(said as Record<string, unknown>, withShipped(names));
  } catch (error) {
    const cure = "pass cells and losses of your own as options cells and losses";
    refuse(subject, `is refused (${(error as Error).message})`, expected, cure);
  }
  const count = countOf(parameterShapes(network));
  const there = constants.reduce((sum, { data }) => sum + data.length, 0);
  if (count > there) refuse("the model", `has ${there} numbers`, `the ${count} of metadata "network"`, damaged);
  return network;
}

const countOf = (shapes: Readonly<Record<string, { readonly shape: readonly number[] }>>) =>
  Object.values(shapes).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

const formOf = ({ inputs, constants }: Graph): GraphForm => ({
  lengths: inputs.some(({ name }) => name === "lengths"),
  states: inputs.some(({ name }) => name === "layer0.hidden"),
  half: constants.some(({ data }) => data instanceof Uint16Array),
});

function parametersOf(graph: Graph, network: NetworkConfig): ParameterValues {
  const shapes = Object.entries(parameterShapes(network));
  // Places from 1 as the bits of floats, which are copied as they are; zero is what the graph has of its own.
  const places: ParameterValues = new Map();
  let count = 0;
  for (const [name, { shape }] of shapes) {
    const own = Uint32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => ++count);
    places.set(name, { shape: [...shape], data: new Float32Array(own.buffer) });
  }
  const laidOut = graphOf(places, architectureOf(network), { ...formOf(graph), half: false });
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const values = new Float32Array(count + 1);
  for (const { name, data } of laidOut.constants) {
    const there = constants.get(name);
    if (!(data instanceof Float32Array) || there?.data.length !== data.length) continue; // which the comparison finds
    const numbers = there.data instanceof Uint16Array ? fromHalf(there.data) : there.data;
    const of = new Uint32Array(data.buffer, data.byteOffset, data.length);
    if (numbers instanceof Float32Array)
      for (const [i, place] of of.entries()) if (place <= count) values[place] = numbers[i]!;
  }
  const parameters: ParameterValues = new Map();
  let at = 1;
  for (const [name, { data, shape }] of places) {
    parameters.set(name, { shape, data: values.slice(at, at + data.length) });
    at += data.length;
  }
  return parameters;
}

/** What of a graph is another than in the one that is expected, undefined where nothing is. */
function differenceOf(got: Graph, expected: Graph): string | undefined {
  const constants = new Map(got.constants.map((constant) => [constant.name, constant]));
  if (constants.size !== got.constants.length) return "a tensor whose name comes twice";
  for (const constant of expected.constants) {
    if (!isSame(constants.get(constant.name), constant)) return `tensor ${shown(constant.name)}`;
    constants.delete(constant.name);
  }
  for (const name of constants.keys()) return `tensor ${shown(name)}`;
  for (const of of ["inputs", "outputs"] as const) {
    if (JSON.stringify(got[of]) !== JSON.stringify(expected[of])) return `the list of ${of}`;
  }
  for (const [i, node] of got.nodes.entries()) {
    if (textOf(node) !== textOf(expected.nodes[i])) return nodeText(node);
  }
  return got.nodes.length === expected.nodes.length ? undefined : "the list of nodes";
}

const isSame = (a: Constant | undefined, b: Constant): boolean =>
  a !== undefined &&
  a.shape.join() === b.shape.join() &&
  a.data.constructor === b.data.constructor &&
  a.data.length === b.data.length &&
  a.data.every((value, i) => Object.is(value, b.data[i]));

/** All of a node but what it is called, in one order. */
function textOf(node: Graph["nodes"][number] | undefined): string {
  if (!node) return "";
  const { type, inputs, outputs, attributes = {} } = node;
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const own = entries.map(([name, value]) => [name, isGraph(value) ? graphText(value) : isTensor(value) ? {} : value]);
  return JSON.stringify([type, inputs, outputs, own]);
}

const graphText = ({ nodes, constants, inputs, outputs }: Graph): unknown => [
  nodes.map(textOf),
  constants.map(({ name, shape, data }) => [name, shape, Array.from(data, String)]),
  inputs,
  outputs,
];
