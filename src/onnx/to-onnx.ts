// A network as an ONNX model, for runtimes elsewhere.

import { cellOf } from "../cells/cells";
import { TempogradError } from "../errors";
import { type NetworkOptions, networkConfig } from "../network/config";
import { expectKnown, expectSwitch, expectWord } from "../network/expect";
import { expectParameters } from "../network/expect-parameters";
import type { ParameterValues } from "../network/parameters";
import { plainJson } from "../network/plain-json";
import { nameOfState } from "../network/state-specs";
import type { Clusters } from "../parts/adaptive";
import { type Architecture, architectureOf, depthOf, type PlacedReadout, type Sequence } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import { GraphBuilder } from "./builder";
import { toHalf } from "./half";
import type { LayerOutputs, Weights } from "./layer";
import { type Graph, modelBytes, type Value } from "./model";
import { addOperator, operatorOf } from "./operators";
import { addScan } from "./scan";

/** What a model has beside inputs and outputs. */
export interface OnnxOptions {
  /** Whether sequences may have lengths of their own: the inputs `lengths` and, of an encoder, `sourceLengths`. Default false. */
  lengths?: boolean;
  /** Whether it is given states and gives them, to go on from call to call. Default false. */
  states?: boolean;
  /** How it holds weights; what is computed is in 32 bits. "float16" halves the file, and rounds. Default "float32". */
  weights?: "float32" | "float16";
  /** Plain data of the caller's own, such as a vocabulary or a scaler: the model's metadata "about", as JSON. */
  about?: unknown;
}

/**
 * A network's way forward as an ONNX model (opset 22), to be run by any of its runtimes. `steps` and `batch` are free; all is time-major.
 *
 *     inputs         int32 [steps, batch], tokens; or float32 [steps, batch, I], features
 *     source         likewise, of an encoder: [sourceSteps, batch, …]
 *     lengths        int32 [batch], where it is asked for; what is put out past a sequence's end means nothing
 *     layer0.hidden  float32 [directions, batch, width of h], where states are asked for; layer0.cell, .cell1 … what the cell keeps beside h
 *
 *     logits, probabilities    float32 [steps, batch, K], of the last step [batch, K]; or
 *     values                   of a network whose outputs are no logits
 *     layer0.finalHidden …     the states after the last step, where they are asked for
 *
 * Elman, GRU, LSTM and `peepholeLstm` layers are ONNX's own operators; other cells, and what is projected, a Scan of their equations.
 * Dropout is left out, as it is in predictions. The network's options and `about` are among the model's metadata.
 *
 * @param parameters as `network.read()` answers them
 * @param options those of the network: `network.config`
 * @throws where parameters are missing, of other shapes or not finite; where an option is not one of these, or `about` no plain data
 */
export function toOnnx(
  parameters: ParameterValues,
  options: NetworkOptions,
  also: OnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  const operation = "toOnnx";
  expectKnown(operation, also, ["lengths", "states", "weights", "about"]);
  const { lengths = false, states = false, weights: held = "float32", about } = also;
  expectSwitch(operation, "lengths", lengths);
  expectSwitch(operation, "states", states);
  expectWord(operation, "weights", held, ["float32", "float16"]);
  const config = networkConfig(options);
  const architecture = architectureOf(config);
  if (states && architecture.encoder) {
    throw new TempogradError(
      "option",
      `${operation}: states is true of a network with an encoder, whose final states its layers begin with, expected false; leave it out.`,
    );
  }
  expectParameters(operation, parameters, config);
  const metadata = {
    format: "tempograd",
    network: JSON.stringify(config),
    ...(about !== undefined && { about: plainJson(operation, "about", about) }),
  };
  return modelBytes({
    graph: graphOf(parameters, architecture, { lengths, states, half: held === "float16" }),
    metadata,
  });
}

/** What a graph is beside a network: {@link OnnxOptions}. */
export interface GraphForm {
  readonly lengths: boolean;
  readonly states: boolean;
  readonly half: boolean;
}

/** Its numbers are laid out and nothing else: each is one of a parameter's, or zero. */
export function graphOf(
  parameters: ParameterValues,
  architecture: Architecture,
  { lengths, states, half }: GraphForm,
): Graph {
  const { encoder, readout, loss } = architecture;
  const graph = new GraphBuilder("network");
  const weights = weightsOf(graph, parameters, half);
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const given = (value: Value): string => {
    inputs.push(value);
    return value.name;
  };
  const lengthsOf = (name: string) => (lengths ? given({ name, type: "int32", shape: ["batch"] }) : undefined);
  const read = ({ input, prefix }: Sequence, name: string, steps: string) =>
    addInput(graph, input, weights, prefix, given(inputValue(input, name, steps)));

  let beginning: readonly Pick<LayerOutputs, "hidden" | "cell">[] = [];
  if (encoder) {
    const x = read(encoder, "source", "sourceSteps");
    beginning = addLayers(graph, encoder, weights, x, lengthsOf("sourceLengths"), []);
  }
  const x = read(architecture, "inputs", "steps");
  if (states) {
    beginning = architecture.layers.map((layer) => {
      const at = layer.names[0]!;
      const state = (name: string, width: number) =>
        given({ name, type: "float32", shape: [layer.directions, "batch", width] });
      const beside = Array.from({ length: cellOf(layer).states }, (_, i) => nameOfState(at, "cell", i));
      return {
        hidden: state(nameOfState(at, "hidden"), layer.width),
        cell: beside.map((name) => state(name, layer.hidden)),
      };
    });
  }
  const layers = addLayers(graph, architecture, weights, x, lengthsOf("lengths"), beginning);
  const o = addReadout(graph, architecture, weights, layers.at(-1)!);
  const shape = readout.kind === "every-step" ? ["steps", "batch", readout.outputs] : ["batch", readout.outputs];
  const put = (value: string, name: string, of: Value["shape"] = shape) => {
    graph.rename(value, name);
    outputs.push({ name, type: "float32", shape: of });
  };
  const isClasses = loss.targets === "classes";
  if (isClasses || (loss.targets === "values" && loss.labels)) {
    put(o, "logits");
    put(isClasses ? graph.add("Softmax", ["logits"], { axis: -1 }) : graph.add("Sigmoid", ["logits"]), "probabilities");
  } else put(o, "values");
  if (states) {
    for (const [i, layer] of architecture.layers.entries()) {
      const at = layer.names[0]!;
      const { hidden, cell } = layers[i]!;
      const final = (kind: "Hidden" | "Cell", index = 0) => `${at}final${kind}${index > 0 ? index : ""}`;
      put(hidden, final("Hidden"), [layer.directions, "batch", layer.width]);
      for (const [c, value] of cell.entries()) put(value, final("Cell", c), [layer.directions, "batch", layer.hidden]);
    }
  }
  return graph.graph(inputs, outputs);
}

const inputValue = ({ tokens, width }: Input, name: string, steps: string): Value =>
  tokens === undefined
    ? { name, type: "float32", shape: [steps, "batch", width] }
    : { name, type: "int32", shape: [steps, "batch"] };

/** x [steps, batch, I] */
function addInput(
  graph: GraphBuilder,
  { kind, tokens, width }: Input,
  weights: Weights,
  prefix: string,
  given: string,
): string {
  if (kind === "features") return given;
  if (kind === "embedding") {
    const name = `${prefix}embeddingWeight`;
    return graph.add("Gather", [weights.constant(name, [tokens!, width], weights.take(name)), given]);
  }
  const depth = graph.constant(`int32 at ${tokens}`, [], Int32Array.of(tokens!));
  return graph.add("OneHot", [given, depth, graph.constant("off and on", [2], Float32Array.of(0, 1))]);
}

function addLayers(
  graph: GraphBuilder,
  { layers }: Sequence,
  weights: Weights,
  input: string,
  lengths: string | undefined,
  beginning: readonly Pick<LayerOutputs, "hidden" | "cell">[],
): LayerOutputs[] {
  const all: LayerOutputs[] = [];
  for (const [i, layer] of layers.entries()) {
    const given = { x: all.at(-1)?.y ?? input, lengths, ...beginning[i] };
    const operator = operatorOf(layer);
    all.push(operator ? addOperator(graph, operator, layer, weights, given) : addScan(graph, layer, weights, given));
  }
  return all;
}

/** o, or h itself. */
function addReadout(
  graph: GraphBuilder,
  { readout, ...sequence }: Sequence & { readonly readout: PlacedReadout },
  weights: Weights,
  { y, hidden }: LayerOutputs,
): string {
  const h =
    readout.kind === "every-step"
      ? y
      : graph.add("Reshape", [graph.add("Transpose", [hidden], { perm: [1, 0, 2] }), graph.integers(0, -1)]);
  if (readout.bare) return h;
  const { clusters } = readout;
  const { input, prefix } = sequence;
  const outputs = clusters?.head ?? readout.outputs;
  const embedded = `${prefix}embeddingWeight`;
  const V = readout.tied
    ? graph.add("Transpose", [weights.constant(embedded, [input.tokens!, input.width], weights.take(embedded))])
    : weights.constant("outputWeight", [depthOf(sequence), outputs], weights.take("outputWeight"));
  const product = graph.add("MatMul", [h, V]);
  const o = readout.bias
    ? graph.add("Add", [product, weights.constant("outputBias", [outputs], weights.take("outputBias"))])
    : product;
  return clusters ? addClusters(graph, clusters, weights, h, depthOf(sequence), o) : o;
}

/** ln ŷ of all outputs, of what the head answers: of those in a tail, that of their cluster and theirs within it. */
function addClusters(
  graph: GraphBuilder,
  { frequent, tails }: Clusters,
  weights: Weights,
  h: string,
  depth: number,
  o: string,
): string {
  const head = graph.add("LogSoftmax", [o], { axis: -1 });
  const sizes = graph.integers(frequent, ...tails.map(() => 1));
  const [ofHead, ...clusters] = graph.addWith(tails.length + 1, "Split", [head, sizes], { axis: -1 });
  const ofTails = tails.map(({ name, width, count }, i) => {
    const matrix = (of: string, shape: number[]) => weights.constant(name + of, shape, weights.take(name + of));
    const projected = graph.add("MatMul", [h, matrix("projectionWeight", [depth, width])]);
    const within = graph.add("MatMul", [projected, matrix("outputWeight", [width, count])]);
    return graph.add("Add", [graph.add("LogSoftmax", [within], { axis: -1 }), clusters[i]!]);
  });
  return graph.add("Concat", [ofHead!, ...ofTails], { axis: -1 });
}

function weightsOf(graph: GraphBuilder, parameters: ParameterValues, half: boolean): Weights {
  const known = new Map<string, string>();
  return {
    has: (name) => parameters.has(name),
    take: (name) => parameters.get(name)!.data,
    constant(name, shape, data) {
      let value = known.get(name);
      if (value === undefined) {
        const kept = graph.constant(name, shape, half ? toHalf(name, data) : data);
        value = half ? graph.add("Cast", [kept], { to: 1 }) : kept;
        known.set(name, value);
      }
      return value;
    },
  };
}
