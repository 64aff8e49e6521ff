// A layers model of TensorFlow.js as a network: model.json, and weights in binary files.

import { expectOptions, shown } from "../errors";
import { decoded, dtypeOf } from "../interchange/dtypes";
import type { FloatTensor } from "../interchange/safetensors";
import { isObject, kindOf, quote } from "../interchange/untrusted";
import { expectKnown } from "../network/expect";
import { type KerasNetwork, readModel } from "./read-model";
import { refuse, type SaidLayer } from "./said-layer";
import type { Weights, Wrapped } from "./weights";

/** The files of a layers model. */
export interface TensorFlowJsFiles {
  /** model.json: what `JSON.parse` makes of it. */
  model: unknown;
  /** The binary files, in the order of the manifest in model.json, or all their bytes one behind the other. */
  weights: Uint8Array | ArrayBuffer | readonly (Uint8Array | ArrayBuffer)[];
}

const operation = "fromTensorFlowJs";
const again = "fetch or write the files again";

/**
 * The network of a layers model of TensorFlow.js, which `model.save` wrote or tensorflowjs_converter made of one of Keras: of the layers
 * that `fromKeras` reads. Weights may be quantized, to float16 or to whole numbers of 8 or 16 bits. Layers with TensorFlow.js' own
 * recurrentActivation, "hardSigmoid", are of the cells `hardLstm` and `hardGru`.
 *
 * @throws TempogradError with the code "file", as `fromKeras`
 * @example
 * ```ts
 * import { Network } from "tempograd";
 * import { fromTensorFlowJs } from "tempograd/keras";
 *
 * const model = await (await fetch("model.json")).json();
 * const weights = await (await fetch("weights.bin")).arrayBuffer();
 * const { network: options, parameters } = fromTensorFlowJs({ model, weights });
 * const ofTensorFlow = await Network.create(gpu, options);
 * ofTensorFlow.write(parameters);
 * ```
 */
export function fromTensorFlowJs(files: TensorFlowJsFiles): KerasNetwork {
  expectOptions(operation, files, "files");
  expectKnown(operation, files, ["model", "weights"]);
  const { model } = files;
  const { format, modelTopology: topology, weightsManifest: manifest, trainingConfig } = isObject(model) ? model : {};
  if (!isObject(topology) || (format !== undefined && format !== "layers-model")) {
    const got = `is of format ${shown(format)} with modelTopology ${shown(topology)}`;
    const cure = "convert it with --output_format=tfjs_layers_model, and pass JSON.parse of its text";
    return refuse(operation, "the model", got, '"layers-model"', cure);
  }
  const tensors = tensorsOf(manifest, joined(files.weights));
  // tensorflowjs_converter keeps what it found in a file of Keras as it was.
  const { model_config: own = topology, training_config: compiled = trainingConfig } = topology;
  return readModel(operation, own, compiled, named(tensors));
}

function joined(weights: unknown): Uint8Array {
  const parts = (Array.isArray(weights) ? weights : [weights]).map((part: unknown) => {
    const isBytes = ["Uint8Array", "ArrayBuffer"].includes(kindOf(part));
    if (!isBytes)
      refuse(operation, "weights", `are ${kindOf(part)}`, "bytes, or a list of them", "pass those of files");
    return ArrayBuffer.isView(part) ? (part as Uint8Array) : new Uint8Array(part as ArrayBuffer);
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What a number of a type that TensorFlow.js writes is called in safetensors files. */
const dtypes: Readonly<Record<string, string>> = {
  ...{ float32: "F32", float16: "F16", uint8: "U8", uint16: "U16", int32: "I32", bool: "BOOL" },
};

/** All weights by name; those that are not of floats, such as counts, are left out. */
function tensorsOf(manifest: unknown, bytes: Uint8Array): Map<string, FloatTensor> {
  if (!Array.isArray(manifest)) {
    return refuse(operation, "the model", `has weightsManifest ${shown(manifest)}`, "a list", again);
  }
  const tensors = new Map<string, FloatTensor>();
  let at = 0;
  for (const one of manifest.flatMap((group: unknown) => (isObject(group) ? group.weights : undefined))) {
    const { name, shape, dtype, quantization } = isObject(one) ? one : {};
    const { dtype: stored = dtype, scale = 1, min = 0 } = isObject(quantization) ? quantization : {};
    const type = typeof stored === "string" && Object.hasOwn(dtypes, stored) ? dtypeOf(dtypes[stored]) : undefined;
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    const isKnown = typeof name === "string" && typeof scale === "number" && typeof min === "number";
    if (!type || !isShape || !isKnown) {
      const got = `is of type ${shown(stored)}, shape ${quote(shape)}, scale ${shown(scale)} and min ${shown(min)}`;
      return refuse(operation, `weight ${shown(name)}`, got, Object.keys(dtypes).join(", "), again);
    }
    const count = shape.reduce((product: number, size: number) => product * size, 1);
    const end = at + count * type[0];
    if (!(end <= bytes.length)) {
      const got = `ends at byte ${end} of ${bytes.length}`;
      return refuse(
        operation,
        `weight ${shown(name)}`,
        got,
        "all of it",
        "pass all files of the manifest, in its order",
      );
    }
    const data = decoded(type, new DataView(bytes.buffer, at, end - at));
    at = end;
    if (dtype !== "float32" || typeof data === "number") continue;
    const whole = data instanceof Int32Array;
    tensors.set(name, { shape, data: whole ? Float32Array.from(data, (value) => value * scale + min) : data });
  }
  if (at !== bytes.length) {
    refuse(operation, "weights", `have ${bytes.length} bytes`, `the ${at} of the manifest`, "pass its files alone");
  }
  return tensors;
}

/** By the names that Keras 2 and TensorFlow.js make of layers and variables: "lstm_1/lstm_cell/kernel", "forward_lstm/bias". */
function named(tensors: ReadonlyMap<string, FloatTensor>): Weights {
  const all = [...tensors].map(([name, tensor]) => ({ parts: name.replace(/:0$/, "").split("/"), tensor }));
  const find = (layer: SaidLayer, variable: string, wrapped: Wrapped | undefined): FloatTensor | undefined => {
    const names = wrapped?.role === "layer" ? [layer.name, wrapped.name] : [wrapped?.name ?? layer.name];
    const found = all.filter(
      ({ parts }) => parts.at(-1) === variable && parts.slice(0, -1).some((part) => names.includes(part)),
    );
    const within = found.filter(({ parts }) => parts.includes(layer.name));
    const [one, ...more] = within.length > 0 ? within : found;
    return more.length === 0 ? one?.tensor : undefined;
  };
  return {
    gateActivations: ["sigmoid", "hard_sigmoid"],
    read: (layer, names, wrapped) =>
      names.map((variable) => {
        const wanted = `${wrapped?.name ?? layer.name}/${variable}`;
        const listed = quote(all.slice(0, 3).map(({ parts }) => parts.join("/")));
        return (
          find(layer, variable, wrapped) ??
          layer.refuse(`has no ${variable} of its own among ${listed}`, `a weight ${shown(wanted)}`, again)
        );
      }),
  };
}
