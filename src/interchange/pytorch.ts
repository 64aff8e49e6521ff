// Translates parameters between this library's names and those of a PyTorch state_dict: nn.RNN with an nn.Linear "head".
// PyTorch multiplies by transposed matrices (x·Wᵀ) and gives each layer two biases, which it adds; here there is one.
import type { FloatTensor, TensorData } from "./safetensors";

/**
 * The library's parameters from PyTorch's: matrices transposed, `bias` = `bias_ih` + `bias_hh`. Sizes come from the
 * tensors; the tensors returned are copies. Tensors of other names are ignored.
 *
 *     weight_ih_l0 [H, I]              → layer0.inputWeight [I, H]        (in layer 1 and above, I is H)
 *     weight_hh_l0 [H, H]              → layer0.recurrentWeight [H, H]
 *     bias_ih_l0 [H] + bias_hh_l0 [H]  → layer0.bias [H]
 *     head.weight [K, H]               → outputWeight [H, K]
 *     head.bias [K]                    → outputBias [K]
 *
 * Source: the formulas of torch.nn.RNN and torch.nn.Linear in PyTorch's documentation.
 *
 * @throws Error when a tensor is missing, is not F32 or has another shape, or when there are more layers than `layers`
 */
export function fromPyTorch(tensors: ReadonlyMap<string, TensorData>, layers = 1): Map<string, FloatTensor> {
  const take = reader("fromPyTorch", tensors, layers, `weight_hh_l${layers}`);
  const parameters = new Map<string, FloatTensor>();
  for (let layer = 0; layer < layers; layer++) {
    const below = layer === 0 ? "inputs" : "hidden";
    const inputBias = take(`bias_ih_l${layer}`, ["hidden"]);
    const recurrentBias = take(`bias_hh_l${layer}`, ["hidden"]);
    parameters.set(`layer${layer}.inputWeight`, transpose(take(`weight_ih_l${layer}`, ["hidden", below])));
    parameters.set(`layer${layer}.recurrentWeight`, transpose(take(`weight_hh_l${layer}`, ["hidden", "hidden"])));
    parameters.set(`layer${layer}.bias`, {
      shape: [...inputBias.shape],
      data: inputBias.data.map((value, i) => value + recurrentBias.data[i]!),
    });
  }
  parameters.set("outputWeight", transpose(take("head.weight", ["outputs", "hidden"])));
  parameters.set("outputBias", copy(take("head.bias", ["outputs"])));
  return parameters;
}

/**
 * PyTorch's parameters from the library's: the inverse of {@link fromPyTorch}, with `bias_ih` = `bias` and `bias_hh` = 0.
 * The tensors returned are copies. Tensors of other names are ignored.
 *
 * @throws Error when a tensor is missing, is not F32 or has another shape, or when there are more layers than `layers`
 */
export function toPyTorch(parameters: ReadonlyMap<string, TensorData>, layers = 1): Map<string, FloatTensor> {
  const take = reader("toPyTorch", parameters, layers, `layer${layers}.recurrentWeight`);
  const tensors = new Map<string, FloatTensor>();
  for (let layer = 0; layer < layers; layer++) {
    const below = layer === 0 ? "inputs" : "hidden";
    const bias = take(`layer${layer}.bias`, ["hidden"]);
    tensors.set(`weight_ih_l${layer}`, transpose(take(`layer${layer}.inputWeight`, [below, "hidden"])));
    tensors.set(`weight_hh_l${layer}`, transpose(take(`layer${layer}.recurrentWeight`, ["hidden", "hidden"])));
    tensors.set(`bias_ih_l${layer}`, copy(bias));
    tensors.set(`bias_hh_l${layer}`, { shape: [...bias.shape], data: new Float32Array(bias.data.length) });
  }
  tensors.set("head.weight", transpose(take("outputWeight", ["hidden", "outputs"])));
  tensors.set("head.bias", copy(take("outputBias", ["outputs"])));
  return tensors;
}

/**
 * A function that takes a tensor by name and checks it. A dimension has a name too ("hidden"): the first tensor taken
 * that has it sets its size, and every later one must agree. `surplus` names a tensor of a layer beyond the last.
 */
function reader(
  operation: string,
  tensors: ReadonlyMap<string, TensorData>,
  layers: number,
  surplus: string,
): (name: string, dimensions: string[]) => FloatTensor {
  if (!Number.isSafeInteger(layers) || layers < 1) {
    fail(operation, "layers", `is ${layers}`, "a whole number of 1 or more", "pass the number of stacked layers");
  }
  if (tensors.has(surplus)) {
    fail(operation, `tensor "${surplus}"`, "is of a further layer", `layers: ${layers}`, "pass the number there are");
  }
  const sizes = new Map<string, number>();
  return (name, dimensions) => {
    const subject = `tensor "${name}"`;
    const names = `[${dimensions.join(", ")}]`;
    const cure = "pass all parameters of an elman network of one direction";
    const tensor = tensors.get(name);
    if (!tensor) fail(operation, subject, "is missing", `F32 ${names}`, cure);
    const { shape, data } = tensor;
    if (!(data instanceof Float32Array)) fail(operation, subject, "is I32", `F32 ${names}`, "store it as float32");
    for (const [axis, dimension] of dimensions.entries()) {
      if (shape.length === dimensions.length && !sizes.has(dimension)) sizes.set(dimension, shape[axis]!);
    }
    const expected = dimensions.map((dimension) => sizes.get(dimension) ?? "any");
    if (String(shape) !== String(expected) || data.length !== shape.reduce((product, size) => product * size, 1)) {
      const got = `has shape [${shape.join(", ")}] and ${data.length} values`;
      fail(operation, subject, got, `${names} = [${expected.join(", ")}]`, cure);
    }
    return { shape, data };
  };
}

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
  throw new Error(`${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
