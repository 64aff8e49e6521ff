// An ONNX model as a network.

import { TempogradError } from "../errors";
import { expectFinite } from "../interchange/finite";
import type { NetworkConfig } from "../network/config";
import { expectKnown } from "../network/expect";
import type { ParameterValues } from "../network/parameters";
import type { SavedNames } from "../network/saved-network";
import { readForeign } from "./foreign-model";
import { isOwn, readOwn } from "./own-model";
import { readModel } from "./read-model";

/** How a model is read. */
export interface FromOnnxOptions extends SavedNames {
  /** Which output is the network's, where a model has several of different readouts. */
  output?: string;
}

/** The network that an ONNX model is of. */
export interface OnnxNetwork {
  /** For `Network.create`. */
  network: NetworkConfig;
  /** For `network.write`. */
  parameters: ParameterValues;
  /** What was given to `toOnnx` as `about`; undefined where nothing was. */
  about: unknown;
}

/**
 * The network of an ONNX model. What `toOnnx` wrote is read as it was, to the bit: any network, whatever its cells. Of models that
 * others wrote, such as the exporters of PyTorch and Keras, these are read:
 *
 *     tokens, looked up in an embedding or one-hot, or features
 *     RNN (tanh, relu), GRU (both resets), LSTM (peepholes), stacked, forward or bidirectional, with or without biases
 *     one linear layer of every step or of the last one, tied or not; softmax or sigmoid of it; or the states themselves
 *     lengths and first states that are inputs, in the order of the layers
 *
 * Whatever their axes are called and in which order they lie, sequences are time-major in batches here. Two biases of a gate are added.
 * What a model does not tell is as it is by default: outputs that go through nothing have the loss "cross-entropy"; say another one
 * beside it, as `{ ...network, loss: "mean-squared-error" }`. States that come out are left out: `predict` answers them.
 *
 * @param bytes the whole file
 * @param options cells of `defineCell` and losses that are no names, of files that `toOnnx` wrote; the shipped cells need not be named
 * @throws TempogradError with the code "file" and the name of the node where a part of the model is not understood
 * @example
 * ```ts
 * import { Network } from "tempograd";
 * import { fromOnnx, toOnnx } from "tempograd/onnx";
 *
 * const file = toOnnx(await network.read(), network.config); // in place of one of PyTorch's or Keras'
 * const read = fromOnnx(file);
 * const again = await Network.create(gpu, read.network);
 * again.write(read.parameters);
 * again.destroy();
 * ```
 */
export function fromOnnx(bytes: Uint8Array | ArrayBuffer, options: FromOnnxOptions = {}): OnnxNetwork {
  const operation = "fromOnnx";
  expectKnown(operation, options, ["cells", "losses", "output"]);
  const kind = Object.prototype.toString.call(bytes).slice(8, -1);
  if (kind !== "Uint8Array" && kind !== "ArrayBuffer") {
    throw new TempogradError(
      "file",
      `${operation}: the file is ${kind}, expected a Uint8Array or an ArrayBuffer; pass its bytes.`,
    );
  }
  const model = readModel(ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes));
  const read = isOwn(model) ? readOwn(model, options) : readForeign(model, options.output);
  expectFinite(operation, read.parameters);
  return read;
}
