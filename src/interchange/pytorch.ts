// Translates parameters between this library's names and those of a PyTorch state_dict: nn.RNN, nn.GRU or nn.LSTM with
// an nn.Linear "head". PyTorch multiplies by transposed matrices (x·Wᵀ) and gives each gate two biases.

import { cellNames, cellOf, choicesOf, type NamedCell, nameOfCell } from "../cells/cells";
import { TempogradError } from "../errors";
import { countValues, type FloatTensor, type TensorData } from "./safetensors";
import { kindOf, quote } from "./untrusted";

/** Which network the parameters are of; a network's `config` says it all. */
export interface PyTorchOptions extends Partial<NamedCell> {
  /** Stacked layers. Default 1. */
  layers?: number;
  /** Whether each layer also reads the sequence from its end. Default false. */
  bidirectional?: boolean;
}

/** Whether a module of PyTorch computes the same from the same parameters. */
export const hasTwin = (cell: NamedCell): boolean => cellOf(cell).pytorch !== undefined;

/**
 * The library's parameters from PyTorch's: matrices transposed, biases added. The gates lie side by side in PyTorch's
 * order, each `hidden` wide: i f g o of an LSTM, r z n of a GRU. Sizes come from the tensors; the tensors returned are
 * copies. Tensors of other names are ignored.
 *
 *     weight_ih_l0 [G·H, I]                → layer0.inputWeight [I, G·H]      (in layer 1 and above, I is D·H)
 *     weight_hh_l0 [G·H, H]                → layer0.recurrentWeight [H, G·H]
 *     bias_ih_l0 [G·H] + bias_hh_l0 [G·H]  → layer0.bias [G·H]
 *     weight_ih_l0_reverse …               → layer0.reverse.inputWeight …
 *     head.weight [K, D·H]                 → outputWeight [D·H, K]
 *     head.bias [K]                        → outputBias [K]
 *
 * G is 1 (elman), 3 (gru) or 4 (lstm) gates, D is 1 or 2 directions. A GRU's reset gate acts on n's recurrent bias but
 * not on its other one, so these two stay apart: n's `bias_hh` becomes layer0.recurrentBias [H].
 *
 * What else a network needs there: `nonlinearity` of nn.RNN is `activation`; a step of tokens is a one-hot vector;
 * "last-step" gives the head h_n of the last layer, both directions side by side. A GRU with `reset: "before"` has no
 * twin: PyTorch's resets after the product.
 *
 * Source: the formulas of torch.nn.RNN, GRU, LSTM and Linear in PyTorch's documentation.
 *
 * @throws Error when a tensor is missing, is not F32 or has another shape, when there are more layers or directions
 * than the options say or a projection, when the cell has no twin in PyTorch, or when an option is out of range
 */
export function fromPyTorch(
  tensors: ReadonlyMap<string, TensorData>,
  options: PyTorchOptions = {},
): Map<string, FloatTensor> {
  const { gates, directions, sweeps, candidate } = layout("fromPyTorch", options, tensors);
  const take = reader("fromPyTorch", tensors, options, ({ suffix }) => `weight_hh${suffix}`);
  const parameters = new Map<string, FloatTensor>();
  for (const { prefix, suffix, inputs } of sweeps) {
    const recurrentWeight = transpose(take(`weight_hh${suffix}`, [gates, hidden]));
    const inputBias = take(`bias_ih${suffix}`, [gates]);
    const recurrentBias = take(`bias_hh${suffix}`, [gates]);
    const size = recurrentWeight.shape[0]!;
    const added = candidate === undefined ? inputBias.data.length : candidate * size;
    parameters.set(`${prefix}inputWeight`, transpose(take(`weight_ih${suffix}`, [gates, inputs])));
    parameters.set(`${prefix}recurrentWeight`, recurrentWeight);
    parameters.set(`${prefix}bias`, {
      shape: [...inputBias.shape],
      data: inputBias.data.map((value, i) => (i < added ? value + recurrentBias.data[i]! : value)),
    });
    if (candidate !== undefined) {
      parameters.set(`${prefix}recurrentBias`, { shape: [size], data: recurrentBias.data.slice(added) });
    }
  }
  parameters.set("outputWeight", transpose(take("head.weight", [outputs, directions])));
  parameters.set("outputBias", copy(take("head.bias", [outputs])));
  return parameters;
}

/**
 * PyTorch's parameters from the library's: the inverse of {@link fromPyTorch}, with `bias_ih` = `bias` and `bias_hh` = 0
 * but for a GRU's n, where it is `recurrentBias`. The tensors returned are copies. Tensors of other names are ignored.
 * They compute there what they compute here; trained on there, the two biases of a gate both learn, where here one does.
 *
 * @throws Error as `fromPyTorch`
 */
export function toPyTorch(
  parameters: ReadonlyMap<string, TensorData>,
  options: PyTorchOptions = {},
): Map<string, FloatTensor> {
  const { gates, directions, sweeps, candidate } = layout("toPyTorch", options, parameters);
  const take = reader("toPyTorch", parameters, options, ({ prefix }) => `${prefix}recurrentWeight`);
  const tensors = new Map<string, FloatTensor>();
  for (const { prefix, suffix, inputs } of sweeps) {
    const recurrentWeight = take(`${prefix}recurrentWeight`, [hidden, gates]);
    const bias = take(`${prefix}bias`, [gates]);
    const recurrentBias = new Float32Array(bias.data.length);
    if (candidate !== undefined) {
      recurrentBias.set(take(`${prefix}recurrentBias`, [hidden]).data, candidate * recurrentWeight.shape[0]!);
    }
    tensors.set(`weight_ih${suffix}`, transpose(take(`${prefix}inputWeight`, [inputs, gates])));
    tensors.set(`weight_hh${suffix}`, transpose(recurrentWeight));
    tensors.set(`bias_ih${suffix}`, copy(bias));
    tensors.set(`bias_hh${suffix}`, { shape: [...bias.shape], data: recurrentBias });
  }
  tensors.set("head.weight", transpose(take("outputWeight", [directions, outputs])));
  tensors.set("head.bias", copy(take("outputBias", [outputs])));
  return tensors;
}

/** A multiple of a size that the tensors set: `[3, "hidden"]`. */
type Dimension = readonly [multiple: number, size: string];
const hidden: Dimension = [1, "hidden"];
const outputs: Dimension = [1, "outputs"];

/** One direction of one layer: how its parameters' names begin in the library and end in PyTorch. */
const sweepNames = (layer: number, reverse: boolean) => ({
  prefix: `layer${layer}.${reverse ? "reverse." : ""}`,
  suffix: `_l${layer}${reverse ? "_reverse" : ""}`,
});

/** The checked options as dimensions and names; `candidate` is the index of the gate, the last one, that keeps its two biases. */
function layout(operation: string, options: PyTorchOptions, tensors: ReadonlyMap<string, TensorData>) {
  if (kindOf(tensors) !== "Map") fail(operation, "tensors", `is ${kindOf(tensors)}`, "a Map", "pass tensors by name");
  if (typeof options !== "object" || options === null)
    fail(operation, "options", `is ${quote(options)}`, "an object", "pass a network's config");
  const { cell = "elman", layers = 1, bidirectional = false } = options;
  const named = { ...options, cell };
  const oneOf = (name: string, value: unknown, words: readonly unknown[]) => {
    if (words.includes(value)) return;
    fail(operation, name, `is ${quote(value)}`, words.map(quote).join(" or "), "pass that of the network");
  };
  oneOf("cell", cell, cellNames);
  const choices = Object.entries(choicesOf(named)) as [keyof NamedCell, readonly string[]][];
  for (const [name, words] of choices) oneOf(name, named[name] ?? words[0], words);
  oneOf("bidirectional", bidirectional, [false, true]);
  const subject = "layers";
  const cure = "pass the number of stacked layers";
  if (!Number.isSafeInteger(layers) || layers < 1) {
    fail(operation, subject, `is ${quote(layers)}`, "a whole number of 1 or more", cure);
  }
  if (layers > tensors.size) fail(operation, subject, `is ${layers}`, `no more than the ${tensors.size} tensors`, cure);
  if (!hasTwin(named)) {
    const own = choices.map(([name]) => ` with ${name} "${named[name]}"`).join("");
    const expected = "what nn.RNN, nn.GRU or nn.LSTM computes";
    const cure = "saveNetwork and readCheckpoint keep it under this library's names";
    fail(operation, `cell "${cell}"${own}`, "has no twin in PyTorch", expected, cure);
  }
  const { gates: count, candidate } = cellOf(named);
  const gates: Dimension = [count, "hidden"];
  const directions: Dimension = [bidirectional ? 2 : 1, "hidden"];
  const sweeps = Array.from({ length: layers }, (_, layer) => {
    const inputs: Dimension = layer === 0 ? [1, "inputs"] : directions;
    return (bidirectional ? [false, true] : [false]).map((reverse) => ({ ...sweepNames(layer, reverse), inputs }));
  }).flat();
  return { gates, directions, sweeps, candidate: candidate ? count - 1 : undefined };
}

/**
 * A function that takes a tensor by name and checks it: the first tensor taken that has a dimension of a single size
 * sets that size, and every later one must agree. `nameOf` names a tensor that every direction of every layer has.
 */
function reader(
  operation: string,
  tensors: ReadonlyMap<string, TensorData>,
  { cell = "elman", layers = 1, bidirectional = false }: PyTorchOptions,
  nameOf: (names: ReturnType<typeof sweepNames>) => string,
): (name: string, dimensions: Dimension[]) => FloatTensor {
  const reverse = nameOf(sweepNames(0, true));
  for (const name of tensors.keys()) {
    if (typeof name !== "string") fail(operation, "tensors", `has a name that is ${kindOf(name)}`, "text", "name it");
    if (/^weight_hr_l\d/.test(name)) {
      const cure = "train a network without proj_size";
      fail(operation, `tensor ${quote(name)}`, "is of a projection", "none", cure);
    }
    const [, layer] = /^(?:weight_hh_l(?=\d+(?:_reverse)?$)|layer(?=\d+\.))(\d+)/.exec(name) ?? [];
    if (layer === undefined || Number(layer) < layers) continue;
    fail(operation, `tensor ${quote(name)}`, "is of a further layer", `layers: ${layers}`, "pass the number there are");
  }
  if (!bidirectional && tensors.has(reverse)) {
    const got = "is of a reverse direction";
    fail(operation, `tensor "${reverse}"`, got, "bidirectional: false", "pass bidirectional: true");
  }
  const network = `cell "${nameOfCell({ cell })}", layers ${layers} and bidirectional ${bidirectional}`;
  const cure = `pass all parameters of a network of ${network}, or the options of this one`;
  const sizes = new Map<string, number>();
  return (name, dimensions) => {
    const subject = `tensor "${name}"`;
    const names = `[${dimensions.map(([multiple, size]) => (multiple === 1 ? size : `${multiple}·${size}`)).join(", ")}]`;
    const tensor = tensors.get(name);
    if (!tensor) fail(operation, subject, "is missing", `F32 ${names}`, cure);
    const { shape, data } = tensor;
    const count = countValues(shape);
    const kind = kindOf(data);
    if (!(data instanceof Float32Array)) {
      fail(operation, subject, `is ${kind === "Int32Array" ? "I32" : kind}`, `F32 ${names}`, "store it as float32");
    }
    if (Number.isNaN(count)) fail(operation, subject, `has shape ${quote(shape)}`, names, cure);
    for (const [axis, [multiple, size]] of dimensions.entries()) {
      const sets = multiple === 1 && shape.length === dimensions.length && !sizes.has(size);
      if (sets) sizes.set(size, shape[axis]!);
    }
    const expected = dimensions.map(([multiple, size]) => (sizes.has(size) ? multiple * sizes.get(size)! : "any"));
    if (String(shape) !== String(expected) || data.length !== count) {
      const got = `has shape ${quoteShape(shape)} and ${data.length} values`;
      fail(operation, subject, got, `${names} = [${expected.join(", ")}]`, cure);
    }
    return { shape, data };
  };
}

/** As JSON, with blanks. */
const quoteShape = (shape: readonly number[]): string => quote(shape).replaceAll(",", ", ");

function copy({ shape, data }: FloatTensor): FloatTensor {
  return { shape: [...shape], data: data.slice() };
}

/** [rows, columns] → [columns, rows] */
function transpose({ shape, data }: FloatTensor): FloatTensor {
  const [rows, columns] = shape as [number, number];
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = data[row * columns + column]!;
    }
  }
  return { shape: [columns, rows], data: transposed };
}

function fail(operation: string, subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
