// Layers models that TensorFlow.js makes and saves, as networks: the reference predicts what TensorFlow.js does.
import "@tensorflow/tfjs-backend-cpu";
import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { fromTensorFlowJs } from "../../src/keras/index";
import { integers, numbers, worstError } from "../numbers";
import { predicted } from "./predicted";

const steps = 5;

/** model.json and the bytes of the weights, as TensorFlow.js sends them to a server. */
async function saved(model: tf.LayersModel) {
  let sent = new FormData();
  const fetchFunc = async (_: unknown, { body }: { body: FormData }) => {
    sent = body;
    return { ok: true };
  };
  await model.save(core.io.http("http://nowhere", { fetchFunc: fetchFunc as never }));
  const [json, weights] = [sent.get("model.json"), sent.get("model.weights.bin")] as [Blob, Blob];
  return { model: JSON.parse(await json.text()), weights: new Uint8Array(await weights.arrayBuffer()) };
}

/** Draws the weights, biases included, which begin with zeros. */
function drawn(model: tf.LayersModel): tf.LayersModel {
  model.setWeights(model.getWeights().map((weight, i) => core.tensor(numbers(weight.size, i + 1), weight.shape)));
  return model;
}

const features = { inputShape: [steps, 3] };
const tokens = { inputDim: 7, outputDim: 4, inputLength: steps };
const plain = { units: 4, recurrentInitializer: "glorotUniform" as const }; // which needs no methods of tensors, as "orthogonal" does
const gated = { ...plain, recurrentActivation: "sigmoid" as const };
const { layers } = tf;
const models: [string, () => tf.LayersModel][] = [
  [
    "LSTM, softmax",
    () =>
      tf.sequential({
        layers: [layers.lstm({ ...gated, ...features }), layers.dense({ units: 3, activation: "softmax" })],
      }),
  ],
  [
    "GRU, every step, of tokens",
    () =>
      tf.sequential({
        layers: [
          ...[layers.embedding(tokens), layers.gru({ ...gated, returnSequences: true })],
          layers.timeDistributed({ layer: layers.dense({ units: 7, activation: "softmax" }) as never }),
        ],
      }),
  ],
  [
    "LSTM and GRU with the gates of TensorFlow.js, both ways",
    () =>
      tf.sequential({
        layers: [
          layers.lstm({ ...plain, returnSequences: true, ...features }),
          layers.bidirectional({ layer: layers.gru(plain) as never, mergeMode: "concat" }),
          layers.dense({ units: 3 }),
        ],
      }),
  ],
  [
    "SimpleRNN, dropout, LSTM, sigmoid",
    () =>
      tf.sequential({
        layers: [
          ...[
            layers.simpleRNN({ ...plain, units: 5, returnSequences: true, ...features }),
            layers.dropout({ rate: 0.3 }),
          ],
          ...[layers.lstm(gated), layers.dense({ units: 2 }), layers.activation({ activation: "sigmoid" })],
        ],
      }),
  ],
  [
    "Bidirectional, of a functional model, with a layer whose weights stand still",
    () => {
      const input = tf.input({ shape: [steps, 3] });
      const lower = layers.bidirectional({
        layer: layers.lstm({ ...gated, returnSequences: true }) as never,
        mergeMode: "concat",
      });
      const upper = layers.bidirectional({ layer: layers.gru({ ...gated, units: 2 }) as never, mergeMode: "concat" });
      const dense = layers.dense({ units: 3, activation: "softmax", trainable: false });
      return tf.model({ inputs: input, outputs: dense.apply(upper.apply(lower.apply(input))) as tf.SymbolicTensor });
    },
  ],
];

/** Predictions of one sequence, by TensorFlow.js. */
async function byTensorFlow(model: tf.LayersModel, inputs: Int32Array | Float32Array): Promise<Float32Array> {
  const isTokens = inputs instanceof Int32Array;
  const x = core.tensor(inputs, isTokens ? [1, steps] : [1, steps, inputs.length / steps]);
  return (await (model.predict(x) as core.Tensor).data()) as Float32Array;
}

const inputsOf = (model: tf.LayersModel) =>
  model.inputs[0]!.shape.length === 2 ? integers(steps, 3, 0, 6) : numbers(steps * 3, 3);

test.each(models)("%s", async (_, make) => {
  await core.setBackend("cpu");
  const model = drawn(make());
  const inputs = inputsOf(model);
  const expected = await byTensorFlow(model, inputs);
  const files = await saved(model);
  expect(worstError(predicted(fromTensorFlowJs(files), inputs), expected)).toBeLessThan(1e-5);
  const { weights } = files;
  const cut = weights.length >> 1; // in shards, and with the names of cells that Keras 2.2 and above has
  const shards = [weights.slice(0, cut).buffer, weights.slice(cut)];
  for (const weight of files.model.weightsManifest[0].weights)
    weight.name = weight.name.replace(/\/(\w+)$/, "/cell/$1");
  expect(worstError(predicted(fromTensorFlowJs({ ...files, weights: shards }), inputs), expected)).toBeLessThan(1e-5);
});

const small = () => drawn(models[0]![1]());
type Spec = core.io.WeightsManifestEntry & { quantization?: object };

/** Weights as tensorflowjs_converter quantizes them. */
function quantized(weights: Uint8Array, specs: Spec[], dtype: "uint8" | "uint16" | "float16") {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const spec of specs) {
    const count = core.util.sizeFromShape(spec.shape);
    const values = new Float32Array(weights.slice(at, at + 4 * count).buffer);
    at += 4 * count;
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const scale = (max - min) / (dtype === "uint8" ? 255 : 65535);
    const whole = Array.from(values, (value) => Math.round((value - min) / scale));
    const halves = Array.from(
      values,
      (value) => (new Uint32Array(Float32Array.of(value * 2 ** -112).buffer)[0]! >> 13) & 0x7fff,
    );
    const bits = dtype === "float16" ? halves.map((half, i) => half | (values[i]! < 0 ? 0x8000 : 0)) : whole;
    parts.push(new Uint8Array((dtype === "uint8" ? Uint8Array.from(bits) : Uint16Array.from(bits)).buffer));
    spec.quantization = dtype === "float16" ? { dtype } : { dtype, min, scale };
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test.each(["uint8", "uint16", "float16"] as const)("weights of %s are what TensorFlow.js reads", async (dtype) => {
  await core.setBackend("cpu");
  const files = await saved(small());
  const specs: Spec[] = files.model.weightsManifest[0].weights;
  const weights = quantized(files.weights, specs, dtype);
  const expected = core.io.decodeWeights(weights.buffer, specs);
  const { parameters } = fromTensorFlowJs({ ...files, weights });
  const names = ["inputWeight", "recurrentWeight", "bias"].map((name) => `layer0.${name}`);
  for (const [i, name] of [...names, "outputWeight", "outputBias"].entries()) {
    expect([...parameters.get(name)!.data], name).toEqual([...(await expected[specs[i]!.name]!.data())]);
  }
});

describe("refuses by name", () => {
  type Files = Awaited<ReturnType<typeof saved>>;
  const changed = async (change: (files: Files) => object | undefined, model = small()) => {
    await core.setBackend("cpu");
    const files = await saved(model);
    return fromTensorFlowJs({ ...files, ...change(files) });
  };
  const specOf = ({ model }: Files, i: number) => model.weightsManifest[0].weights[i];
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "a graph model",
      () => changed(({ model }) => ({ model: { ...model, format: "graph-model" } })),
      'the model is of format "graph-model"',
    ],
    [
      "a model as text",
      () => changed(({ model }) => ({ model: JSON.stringify(model) })),
      "the model is of format undefined with modelTopology undefined",
    ],
    ["weights that are cut off", () => changed(({ weights }) => ({ weights: weights.slice(4) })), "ends at byte"],
    ["weights left over", () => changed(({ weights }) => ({ weights: [weights, new Uint8Array(4)] })), "expected the"],
    ["weights that are none", () => changed(() => ({ weights: [[1, 2]] })), "weights are Array, expected bytes"],
    [
      "a type that is none",
      () => changed((files) => void Object.assign(specOf(files, 0), { dtype: "complex64" })),
      'is of type "complex64"',
    ],
    [
      "a shape that is none",
      () => changed((files) => void Object.assign(specOf(files, 0), { shape: [1e9, -1] })),
      "shape [1000000000,-1]",
    ],
    [
      "a shape of too many",
      () => changed((files) => void Object.assign(specOf(files, 0), { shape: [1e9, 1e9] })),
      "ends at byte 4000000000000000000",
    ],
    [
      "a weight of another name",
      () => changed((files) => void Object.assign(specOf(files, 1), { name: "other/recurrent_kernel" })),
      "has no recurrent_kernel of its own among",
    ],
    ["a misspelt option", () => changed(() => ({ weight: 1 })), 'fromTensorFlowJs: unknown option "weight"'],
  ])("%s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});
