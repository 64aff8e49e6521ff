// Files of Keras 3 as networks: the reference predicts of those what Keras' formulas give for the files' numbers.
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { kerasFile } from "../../demo/soak/keras-file";
import { fromKeras } from "../../src/keras/index";
import { architectureOf } from "../../src/parts/architecture";
import { integers, numbers, worstError } from "../numbers";
import { functional, kerasPredicts, type LayerSpec, sequential, variablesOf } from "./models";
import { predicted } from "./predicted";

const steps = 6;
const features: LayerSpec = { kind: "InputLayer", options: { batch_shape: [null, steps, 3] } };
const ofTokens: LayerSpec = { kind: "InputLayer", options: { batch_shape: [null, null], dtype: "int32" } };
const embedding: LayerSpec = { kind: "Embedding", options: { input_dim: 7, output_dim: 3 } };
const of = (kind: string, options: Record<string, unknown> = {}, layer?: LayerSpec): LayerSpec => ({
  ...{ kind, options },
  ...(layer && { layer }),
});
const all = { return_sequences: true };
const mse = { compile_config: { optimizer: "adam", loss: "mse" } };

const models: [string, LayerSpec[], object?][] = [
  ["LSTM, its last step, softmax", [features, of("LSTM"), of("Dense", { units: 3, activation: "softmax" })]],
  [
    "LSTM, every step, of tokens",
    [ofTokens, embedding, of("LSTM", all), of("Dense", { units: 7, activation: "softmax" })],
  ],
  ["GRU with reset_after", [features, of("GRU", all), of("Dense", { units: 2, activation: "sigmoid" })]],
  ["GRU without reset_after", [features, of("GRU", { reset_after: false }), of("Dense", { units: 2 })]],
  ["GRUs without biases", [features, of("GRU", { use_bias: false }), of("Dense", { units: 2, use_bias: false })], mse],
  ["SimpleRNN of tanh", [features, of("SimpleRNN"), of("Dense", { units: 2 })]],
  ["SimpleRNN of relu", [features, of("SimpleRNN", { activation: "relu", ...all })]],
  [
    "layers that are not alike, with dropout",
    [
      ...[
        features,
        of("Dropout"),
        of("LSTM", { units: 5, ...all, dropout: 0.1 }),
        of("SpatialDropout1D", { rate: 0.1 }),
      ],
      ...[of("GRU", { units: 3, ...all }), of("Dropout"), of("Dropout", { rate: 0.5 }), of("LSTM", { units: 2 })],
      ...[of("Dropout"), of("Dense", { units: 3 }), of("Activation", { activation: "softmax" })],
    ],
  ],
  [
    "Bidirectional, stacked, its last steps",
    [
      ...[features, of("Bidirectional", {}, of("LSTM", { units: 3, ...all }))],
      ...[of("Bidirectional", {}, of("GRU", { units: 2 })), of("Dense", { units: 3, activation: "softmax" })],
    ],
  ],
  [
    "Bidirectional, every step, TimeDistributed",
    [
      ...[ofTokens, embedding, of("Bidirectional", {}, of("SimpleRNN", all))],
      of("TimeDistributed", {}, of("Dense", { units: 4, activation: "softmax" })),
    ],
  ],
  ["states alone", [features, of("LSTM")]],
];

const named = (layers: readonly LayerSpec[]) => layers.map((layer, i) => ({ ...layer, name: `own_${i}` }));

test.each(models)("%s", async (_, layers, more) => {
  const variables = variablesOf(layers);
  const isTokens = layers.includes(embedding);
  const inputs = isTokens ? integers(steps, 3, 0, 6) : numbers(steps * 3, 3);
  const given = Array.from({ length: steps }, (_, t) => (isTokens ? inputs[t]! : [...inputs.slice(3 * t, 3 * t + 3)]));
  const expected = kerasPredicts(layers, variables, given).flat();
  for (const config of [sequential(layers, more), { ...functional(named(layers)), ...more }]) {
    const read = fromKeras(await kerasFile(config, variables));
    expect(worstError(predicted(read, inputs as Float32Array), expected)).toBeLessThan(1e-5);
  }
});

test("dropout is kept where a layer here has it, and the loss is what the model was compiled with", async () => {
  const [, layers] = models[7]!;
  const read = fromKeras(await kerasFile(sequential(layers), variablesOf(layers)));
  const { layers: own, loss } = architectureOf(read.network);
  expect(own.map(({ dropout }) => Number(dropout.toFixed(6)))).toEqual([0.2, 0, 0.6]);
  expect(loss.name).toBe("cross-entropy");
  const linear = [features, of("LSTM"), of("Dense", { units: 3 })];
  const losses = [
    undefined,
    "mse",
    "mean_absolute_error",
    { class_name: "BinaryCrossentropy" },
    { class_name: "SparseCategoricalCrossentropy" },
  ];
  const names = losses.map(async (loss) => {
    const file = await kerasFile(sequential(linear, { compile_config: { loss } }), variablesOf(linear));
    return architectureOf(fromKeras(file).network).loss.name;
  });
  expect(await Promise.all(names)).toEqual([
    "mean-squared-error",
    "mean-squared-error",
    "mean-absolute-error",
    "binary-cross-entropy",
    "cross-entropy",
  ]);
});

test("a file of Keras 2.13, and one that is deflated, are read as others", async () => {
  const layers = models[0]![1];
  const variables = variablesOf(layers);
  const older = new Map(
    [...variables].map(([path, one]) => [path.replace("layers/", "_layer_checkpoint_dependencies/"), one]),
  );
  const expected = fromKeras(await kerasFile(sequential(layers), variables));
  expect(fromKeras(await kerasFile(sequential(layers), older))).toEqual(expected);
  const packed = zipSync(unzipSync(await kerasFile(sequential(layers), variables)), { level: 9 });
  expect(fromKeras(packed.buffer)).toEqual(expected);
});

describe("refuses by name", () => {
  const small = [features, of("LSTM"), of("Dense", { units: 3 })];
  const read = async (layers: LayerSpec[], config: object = sequential(layers)) =>
    fromKeras(await kerasFile(config, variablesOf(layers)));
  const withLstm = (options: object) => [features, of("LSTM", options as never), of("Dense", { units: 3 })];
  const linked = (change: (layers: { inbound_nodes?: unknown }[]) => void) => read(small, functional(small, change));
  const spoilt = async (path: string, change: { shape?: number[]; data?: Float32Array } | undefined) => {
    const variables = variablesOf(small);
    if (change) variables.set(path, { ...variables.get(path)!, ...change });
    else variables.delete(path);
    return fromKeras(await kerasFile(sequential(small), variables));
  };
  const bytesOf = async () => kerasFile(sequential(small), variablesOf(small));
  const text = new TextEncoder();
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "states that are kept",
      () => read(withLstm({ stateful: true })),
      'layer "lstm" (LSTM) has stateful true, expected none',
    ],
    [
      "states that are given",
      () => read(withLstm({ return_state: true })),
      'layer "lstm" (LSTM) has return_state true',
    ],
    [
      "the other way",
      () => read(withLstm({ go_backwards: true })),
      'layer "lstm" (LSTM) has go_backwards true, expected false',
    ],
    ["time first", () => read(withLstm({ time_major: true })), 'layer "lstm" (LSTM) has time_major true'],
    [
      "another activation",
      () => read(withLstm({ recurrent_activation: "hard_sigmoid" })),
      'layer "lstm" (LSTM) has recurrent_activation "hard_sigmoid", expected "sigmoid"',
    ],
    [
      "what is new",
      () => read(withLstm({ peepholes: "all" })),
      'layer "lstm" (LSTM) has peepholes "all", expected none',
    ],
    [
      "masks of an embedding",
      () => read([ofTokens, { ...embedding, options: { ...embedding.options, mask_zero: true } }, of("LSTM")]),
      'layer "embedding" (Embedding) has mask_zero true, expected false; make the model with mask_zero False',
    ],
    ["masks", () => read([features, of("Masking"), of("LSTM")]), 'layer "masking" (Masking) is not understood'],
    [
      "sums of directions",
      () => read([features, of("Bidirectional", { merge_mode: "sum" }, of("LSTM"))]),
      'layer "bidirectional" (Bidirectional) has merge_mode "sum", expected "concat"',
    ],
    [
      "another layer after the last step",
      () => read([features, of("LSTM"), of("LSTM")]),
      'layer "lstm" (LSTM) reads one step, expected every step; make the layer below with return_sequences True',
    ],
    [
      "a second linear layer",
      () => read([...small, { ...of("Dense", { units: 2 }), name: "more" }]),
      'layer "more" (Dense) is another linear layer',
    ],
    [
      "another activation of it",
      () => read([features, of("LSTM"), of("Dense", { units: 2, activation: "relu" })]),
      'has activation "relu"',
    ],
    ["no recurrent layer", () => read([ofTokens, embedding]), "the model has no recurrent layer"],
    [
      "a layer of one's own",
      () => linked((layers) => Object.assign(layers[1]!, { module: "mine", registered_name: "mine>LSTM" })),
      'layer "lstm" (LSTM) is of "mine>LSTM", expected a layer of Keras',
    ],
    [
      "a layer that is given more",
      () =>
        linked((layers) => Object.assign((layers[1]!.inbound_nodes as { kwargs: object }[])[0]!.kwargs, { mask: {} })),
      'layer "lstm" (LSTM) is called with "mask"',
    ],
    [
      "a layer that is called twice",
      () => linked((layers) => (layers[1]!.inbound_nodes as unknown[]).push({})),
      "is called 2 times",
    ],
    [
      "a chain that ends in itself",
      () => linked((layers) => Object.assign(layers[1]!, { inbound_nodes: layers[2]!.inbound_nodes })),
      'layer "lstm" (LSTM) reads what it gives',
    ],
    [
      "a variable of another shape",
      () => spoilt("layers/lstm/cell/vars/0", { shape: [16, 3] }),
      'layer "lstm" (LSTM) has kernel of [16, 3], expected [3, 16]',
    ],
    [
      "a variable that is missing",
      () => spoilt("layers/dense/vars/1", undefined),
      'layer "dense" (Dense) has 1 variables at "layers/dense/vars", expected kernel, bias',
    ],
    [
      "what is not finite",
      () => spoilt("layers/dense/vars/1", { data: Float32Array.of(1, Number.NaN, 1) }),
      '"outputBias"[1] is NaN, expected a finite number',
    ],
    [
      "another model",
      () => read(small, { class_name: "Mine", config: {} }),
      'the model is "Mine", expected "Sequential" or "Functional"',
    ],
    [
      "no config",
      async () => fromKeras(zipSync({ "model.weights.h5": new Uint8Array(9) })),
      "the file has no config.json",
    ],
    [
      "no HDF5",
      async () => fromKeras(zipSync({ "config.json": text.encode("{}"), "model.weights.h5": new Uint8Array(99) })),
      "model.weights.h5 is not read as HDF5",
    ],
    [
      "no JSON",
      async () => fromKeras(zipSync({ "config.json": text.encode("{"), "model.weights.h5": new Uint8Array(9) })),
      'config.json is "{", expected JSON',
    ],
    ["a file that is cut off", async () => fromKeras((await bytesOf()).slice(0, -100)), "the file is no ZIP"],
    ["no ZIP", async () => fromKeras(text.encode("hello")), "the file is no ZIP"],
    [
      "no bytes",
      async () => fromKeras("hello" as never),
      "the file is String, expected a Uint8Array or an ArrayBuffer",
    ],
  ])("%s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});
