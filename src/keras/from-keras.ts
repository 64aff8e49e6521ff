// A `.keras` file as a network: a ZIP of config.json and model.weights.h5.

import { unzipSync } from "fflate";
import { brief, TempogradError } from "../errors";
import { isObject, kindOf, parseJson } from "../interchange/untrusted";
import { hdf5Weights } from "./hdf5";
import { type KerasNetwork, readModel } from "./read-model";
import { refuse } from "./said-layer";

const operation = "fromKeras";
const config = "config.json";
const weights = "model.weights.h5";
const again = 'save the model again with Keras 3: model.save("model.keras")';

/** Deflate makes no more of a byte. */
const mostInflated = 1032;

/**
 * The network of a model that Keras 3 saved as a `.keras` file, `model.save("model.keras")`: a Sequential model, or a Functional one of
 * one chain of layers. These are read:
 *
 *     Embedding of tokens, or features
 *     LSTM, GRU (reset_after or not), SimpleRNN (tanh, relu), stacked, Bidirectional (concat) or not, with or without biases
 *     one Dense of every step (TimeDistributed or not) or of the last one, with softmax, sigmoid or nothing; or none
 *     Dropout below a recurrent layer; what else acts in training alone is left out
 *
 * `predict` answers what Keras' does. Where nothing stands behind Dense, the loss is the one that the model was compiled with: absolute,
 * cross-entropy of logits (whose probabilities `predict` answers then), or else squared. A GRU's two biases of a gate are added where they
 * are one here.
 *
 * Sources: the formulas of keras.layers.LSTM, GRU and SimpleRNN, and keras/src/saving/saving_lib.py for where variables are.
 *
 * @param bytes the whole file
 * @throws TempogradError with the code "file", and the name of the layer and its option where it is not understood: masks, go_backwards,
 *   states that are kept, other activations, a second Dense
 * @example
 * ```ts
 * import { Network } from "tempograd";
 * import { fromKeras } from "tempograd/keras";
 *
 * const file = await (await fetch("model.keras")).arrayBuffer();
 * const { network: options, parameters } = fromKeras(file);
 * const ofKeras = await Network.create(gpu, options);
 * ofKeras.write(parameters);
 * console.log(await ofKeras.predict(Int32Array.of(3, 1, 2)));
 * ```
 */
export function fromKeras(bytes: Uint8Array | ArrayBuffer): KerasNetwork {
  if (!["Uint8Array", "ArrayBuffer"].includes(kindOf(bytes))) {
    return refuse(operation, "the file", `is ${kindOf(bytes)}`, "a Uint8Array or an ArrayBuffer", "pass its bytes");
  }
  const files = unzipped(ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes));
  const [said, variables] = [config, weights].map((name) => {
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    return file ?? refuse(operation, "the file", `has no ${name}`, "what Keras 3 saves", again);
  }) as [Uint8Array, Uint8Array];
  const model = jsonOf(said);
  const compiled = isObject(model) ? model.compile_config : undefined;
  return readModel(operation, model, compiled, hdf5Weights(operation, weights, variables));
}

function unzipped(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter({ name, size, originalSize }) {
        if (name !== config && name !== weights) return false;
        if (originalSize <= mostInflated * size && size <= bytes.length) return true;
        const got = `has ${originalSize} bytes in ${size} packed ones`;
        return refuse(operation, `${name} of the file`, got, `${mostInflated} times as many at most`, again);
      },
    });
  } catch (error) {
    if (error instanceof TempogradError) throw error;
    const got = `is no ZIP (${brief((error as Error).message)})`;
    return refuse(operation, "the file", got, "what Keras 3 saves", again);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch (error) {
    return refuse(operation, config, (error as Error).message, "JSON", again);
  }
}
