// A model's layers, one behind the other, as a network and its parameters.

import { shown } from "../errors";
import { expectFinite } from "../interchange/finite";
import { isObject } from "../interchange/untrusted";
import { binaryCrossEntropy } from "../losses/binary-cross-entropy";
import { type Loss, type LossName, noLoss } from "../losses/loss";
import { meanAbsoluteError } from "../losses/mean-absolute-error";
import { type NetworkConfig, networkConfig } from "../network/config";
import type { ParameterValues } from "../network/parameters";
import { embedding, features } from "../parts/inputs";
import { type Layer, layer as layerOf } from "../parts/layers";
import { everyHidden, everyStep, lastHidden, lastStep } from "../parts/readouts";
import { chainOf, wrappedLayer } from "./chain";
import { addRecurrent, isRecurrent, type Recurrent, recurrentOf } from "./recurrent-layer";
import { refuse, type SaidLayer } from "./said-layer";
import { variables, type Weights } from "./weights";

/** The network of a model of Keras. */
export interface KerasNetwork {
  /** For `Network.create`. */
  network: NetworkConfig;
  /** For `network.write`. */
  parameters: ParameterValues;
}

/** What was read of a model so far. */
interface Reading {
  readonly weights: Weights;
  readonly parameters: ParameterValues;
  readonly layers: Layer[];
  /** Of an embedding: how many tokens there are. */
  tokens?: number;
  /** The width of what the next layer reads, where it is known. */
  width?: number | undefined;
  /** What is dropped of what the next layer reads. */
  dropout: number;
  /** Whether what it reads has steps. */
  hasSteps: boolean;
  head?: { readonly outputs: number; readonly bias: boolean };
  answer: "linear" | "softmax" | "sigmoid";
}

type Reader = (reading: Reading, layer: SaidLayer) => void;

/** Of what trains alone, nothing is said here. */
const idle: Reader = () => {};

const activations = ["linear", "softmax", "sigmoid"] as const;

const readers: Readonly<Record<string, Reader>> = {
  InputLayer(reading, layer) {
    const shape = layer.take("batch_shape") ?? layer.take("batch_input_shape");
    for (const option of ["sparse", "ragged"]) {
      if (layer.switch(option, false)) layer.refuse(`has ${option} true`, "false");
    }
    const width: unknown = Array.isArray(shape) && shape.length === 3 ? shape[2] : undefined;
    if (Number.isSafeInteger(width)) reading.width = width as number;
  },
  Embedding(reading, layer) {
    if (reading.tokens !== undefined || reading.layers.length > 0) layer.refuse("reads a layer", "tokens");
    const [count, width] = [layer.size("input_dim"), layer.size("output_dim")];
    const cure = "make the model with mask_zero False from the same weights, and pass the lengths of sequences";
    if (layer.switch("mask_zero", false)) layer.refuse("has mask_zero true", "false", cure);
    layer.finish();
    const [table] = variables(reading.weights, layer, { embeddings: [count, width] });
    reading.parameters.set("embeddingWeight", table!);
    reading.tokens = count;
    reading.width = width;
  },
  Bidirectional(reading, layer) {
    const said = layer.take("layer");
    const back = layer.take("backward_layer");
    layer.word("merge_mode", ["concat"]);
    layer.finish();
    const forward = wrappedLayer(layer, said, "forward_layer");
    if (!isRecurrent(forward.kind)) return forward.refuse("is in both directions", "LSTM, GRU or SimpleRNN");
    const read = recurrentOf(forward, reading.weights);
    if (isObject(back)) {
      const backward = wrappedLayer(layer, back, "backward_layer");
      const isLike = isRecurrent(backward.kind) && sameAs(read, recurrentOf(backward, reading.weights, true));
      if (!isLike) backward.refuse("is another than its forward layer", "the same in the other direction");
    }
    addLayer(reading, layer, read, forward);
  },
  TimeDistributed(reading, layer) {
    const dense = wrappedLayer(layer, layer.take("layer"), "layer");
    layer.finish();
    if (dense.kind !== "Dense") dense.refuse("is of every step", "Dense");
    if (!reading.hasSteps) layer.refuse("reads one step", "every step");
    addHead(reading, dense, layer);
  },
  Dense: (reading, layer) => addHead(reading, layer),
  Activation(reading, layer) {
    answerWith(reading, layer, layer.word("activation", activations));
    layer.finish();
  },
  Softmax(reading, layer) {
    const axis = layer.take("axis") ?? -1;
    if (axis !== -1) layer.refuse(`has axis ${shown(axis)}`, "-1");
    layer.finish();
    answerWith(reading, layer, "softmax");
  },
  Dropout(reading, layer) {
    const rate = layer.take("rate");
    const isOne = typeof rate === "number" && rate >= 0 && rate < 1 && (layer.take("noise_shape") ?? null) === null;
    if (isOne) reading.dropout = 1 - (1 - reading.dropout) * (1 - rate);
  },
  SpatialDropout1D: idle,
  GaussianDropout: idle,
  GaussianNoise: idle,
  AlphaDropout: idle,
  ActivityRegularization: idle,
};

/**
 * @param said the model's `{ class_name, config }`
 * @param compiled what it was compiled with, where the file says it
 * @throws with the name of the layer that is not understood
 */
export function readModel(operation: string, said: unknown, compiled: unknown, weights: Weights): KerasNetwork {
  const reading: Reading = {
    ...{ weights, parameters: new Map(), layers: [], dropout: 0, hasSteps: true, answer: "linear" },
  };
  for (const layer of chainOf(operation, said)) {
    if (isRecurrent(layer.kind)) addLayer(reading, layer, recurrentOf(layer, weights));
    else if (Object.hasOwn(readers, layer.kind)) readers[layer.kind]!(reading, layer);
    else layer.refuse("is not understood", "Embedding, LSTM, GRU, SimpleRNN, Bidirectional, Dropout or Dense");
  }
  const { layers, parameters, tokens, hasSteps, head } = reading;
  const [lowest] = layers;
  const rows = parameters.get("layer0.inputWeight")?.shape[0];
  if (!lowest || rows === undefined) return refuse(operation, "the model", "has no recurrent layer", "one", "add it");
  const network = networkOf(operation, {
    input: tokens === undefined ? features(rows) : embedding(tokens, rows),
    layers,
    readout: head
      ? (hasSteps ? everyStep : lastStep)(head.outputs, { bias: head.bias })
      : (hasSteps ? everyHidden : lastHidden)(),
    loss: head ? lossOf(reading.answer, compiled) : noLoss(),
  });
  expectFinite(operation, parameters);
  return { network, parameters };
}

function networkOf(operation: string, options: Parameters<typeof networkConfig>[0]): NetworkConfig {
  try {
    return networkConfig(options);
  } catch (error) {
    const got = `is of a network that is refused (${(error as Error).message})`;
    return refuse(operation, "the model", got, "one that is not", "change it");
  }
}

const sameAs = (one: Recurrent, other: Recurrent): boolean => JSON.stringify(one) === JSON.stringify(other);

/** @param forward of one in both directions: the layer that it wraps */
function addLayer(reading: Reading, layer: SaidLayer, read: Recurrent, forward?: SaidLayer): void {
  const { weights, parameters, layers, dropout } = reading;
  if (reading.head) layer.refuse("reads a linear layer", "a recurrent one, an embedding or features");
  const below = "make the layer below with return_sequences True";
  if (!reading.hasSteps) layer.refuse("reads one step", "every step", below);
  const { hidden, bias, isEvery } = read;
  const { cell, ...choices } = read.cell;
  const prefix = `layer${layers.length}.`;
  const from = { weights, layer, inputs: reading.width };
  const own = forward?.name.replace(/^forward_/, "");
  const roles = own === undefined ? [] : (["forward", "backward"] as const);
  if (roles.length === 0) addRecurrent(parameters, prefix, read, from);
  for (const [i, role] of roles.entries()) {
    const wrapped = { role: `${role}_layer` as const, name: `${role}_${own}` };
    from.inputs = addRecurrent(parameters, `${prefix}${i === 0 ? "" : "reverse."}`, read, { ...from, wrapped });
  }
  layers.push(layerOf(cell, hidden, { ...choices, dropout, bias, bidirectional: forward !== undefined }));
  reading.width = (forward ? 2 : 1) * hidden;
  reading.dropout = 0;
  reading.hasSteps = isEvery;
}

/** @param outer where it stands within another */
function addHead(reading: Reading, layer: SaidLayer, outer?: SaidLayer): void {
  const { weights, parameters, layers, width } = reading;
  if (reading.head || layers.length === 0) layer.refuse("is another linear layer", "one, above the recurrent ones");
  const outputs = layer.size("units");
  const bias = layer.switch("use_bias", true);
  const answer = layer.word("activation", activations);
  layer.finish();
  const shapes = { kernel: [width, outputs], ...(bias && { bias: [outputs] }) };
  const wrapped = outer && ({ role: "layer", name: layer.name } as const);
  const [kernel, own] = variables(weights, outer ?? layer, shapes, wrapped);
  parameters.set("outputWeight", kernel!);
  if (own) parameters.set("outputBias", own);
  reading.head = { outputs, bias };
  answerWith(reading, layer, answer);
}

function answerWith(reading: Reading, layer: SaidLayer, answer: Reading["answer"]): void {
  if (answer === "linear") return;
  if (!reading.head || reading.answer !== "linear") layer.refuse(`is ${answer}`, "one, of a linear layer");
  reading.answer = answer;
}

/** What a model is compiled with, where nothing stands behind its linear layer. */
const losses: Readonly<Record<string, () => LossName | Loss>> = {
  mae: meanAbsoluteError,
  meanabsoluteerror: meanAbsoluteError,
  binarycrossentropy: binaryCrossEntropy,
  categoricalcrossentropy: () => "cross-entropy",
  sparsecategoricalcrossentropy: () => "cross-entropy",
};

/** By what stands behind the linear layer; or by what the model was compiled with, and otherwise of values, as it answers them. */
function lossOf(answer: Reading["answer"], compiled: unknown): LossName | Loss {
  if (answer === "softmax") return "cross-entropy";
  if (answer === "sigmoid") return binaryCrossEntropy();
  const said = isObject(compiled) ? compiled.loss : undefined;
  const name = isObject(said) ? said.class_name : said;
  const word = typeof name === "string" ? name.slice(0, 60).toLowerCase().replaceAll("_", "") : "";
  return Object.hasOwn(losses, word) ? losses[word]!() : "mean-squared-error";
}
