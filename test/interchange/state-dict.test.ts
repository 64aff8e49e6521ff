// State dicts of models as their users write them: under any names, each part is found, and the network computes PyTorch's
// numbers; where there is a doubt, nothing is taken.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  crossEntropy,
  elman,
  embedding,
  everyHidden,
  everyStep,
  features,
  fromPyTorch,
  gru,
  initialParameters,
  lastStep,
  lstm,
  networkConfig,
  networkFromPyTorch,
  noLoss,
  type PartsOptions,
  type PyTorchOptions,
  peepholeLstm,
  readSafetensors,
  referenceForward,
  type TensorData,
  tokens,
  toPyTorch,
} from "../../src/index";
import { worstError } from "../numbers";

type Tensors = Map<string, TensorData>;

const read = (path: string) => readSafetensors(readFileSync(new URL(`../${path}.safetensors`, import.meta.url)));

/** Tensors whose names begin so, under other names. */
const renamed = (tensors: ReadonlyMap<string, TensorData>, from: RegExp, name: (own: string) => string): Tensors =>
  new Map([...tensors].flatMap(([key, value]) => (from.test(key) ? [[name(key.replace(from, "")), value]] : [])));

/** How far the logits of the network that is found are from PyTorch's. */
function errorOf(
  tensors: Tensors,
  file: ReturnType<typeof read>,
  options: PyTorchOptions,
  more: Partial<PartsOptions>,
) {
  const config = networkConfig({ ...networkFromPyTorch(tensors, options), ...more });
  const parameters = fromPyTorch(tensors, options);
  const shapes = [...initialParameters(config)].map(([name, { shape }]) => [name, shape]);
  expect(new Map([...parameters].map(([name, { shape }]) => [name, shape]))).toEqual(new Map(shapes as []));
  const values = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const { steps, batch } = JSON.parse(file.metadata.batch!);
  const inputs = (file.tensors.get("tokens") ?? file.tensors.get("inputs"))!.data as Float32Array;
  const { data: expected } = file.tensors.get("expected.logits")!;
  const targets = new Float32Array(expected.length); // the loss is not looked at
  return worstError(referenceForward(config, values, { steps, batch, inputs, targets }).logits, expected);
}

/** What files call a model, its embedding, its recurrent layers and its output layer. */
const authors: [string, string, string, string][] = [
  ["", "embedding", "rnn", "fc"],
  ["", "encoder", "rnn", "decoder"], // PyTorch's own example of a word language model
  ["module.", "embed", "lstm", "linear"], // nn.DataParallel
  ["_orig_mod.", "emb", "gru", "head"], // torch.compile
  ["_orig_mod.module.", "word_embeddings", "encoder.rnn", "classifier"],
  ["model.", "wte", "layers", "lm_head"],
  ["net.", "tok_emb", "RNN", "out"],
  ["", "embeddings.word", "core", "output"],
  ["", "drop.lookup", "hidden", "proj"],
  ["state.", "embedding_layer", "blstm", "fc1"],
  ["generator.", "embedder", "recurrent", "readout"],
  ["", "0", "1", "2"], // nn.Sequential
];

/** Recorded models, and what their tensors do not tell. */
const models: [string, Partial<PartsOptions>][] = [
  ["embedding-lstm", {}],
  ["embedding-tied", {}],
  ["projection", {}],
  ["no-bias", {}],
  ["different-layers", {}],
  ["bidirectional-below", { readout: lastStep(4) }],
  ["binary-cross-entropy", {}],
  ["frozen-below", { readout: lastStep(5) }],
];

describe.each(models)("the model %s", (name, more) => {
  const file = read(`models/${name}`);
  const model = JSON.parse(file.metadata.model!);
  const isStack = model.layers.length > 1;

  test.each(authors)("is found in %s: %s, %s, %s", (root, table, recurrent, head) => {
    const tensors = renamed(file.tensors, /^parameter\./, (own) => {
      const [module, ...rest] = own.split(".");
      if (module === "embedding") return `${root}${table}.${rest.join(".")}`;
      if (module === "fc") return `${root}${head}.${rest.join(".")}`;
      return `${root}${recurrent}.${rest.slice(isStack ? 0 : 1).join(".")}`;
    });
    const { input, readout } = networkFromPyTorch(tensors);
    expect(input.kind).toBe(model.embedding ? "embedding" : "features");
    expect(readout).toMatchObject({ tied: model.tied ?? false, bias: model.outputBias ?? true });
    expect(errorOf(tensors, file, {}, more)).toBeLessThan(2e-6);
    const said = { prefix: `${root}${recurrent}`, head: `${root}${head}` };
    expect(fromPyTorch(tensors, said)).toEqual(fromPyTorch(tensors));
  });
});

test.each(["elman-three-layers", "gru-two-layers-bidirectional", "lstm-two-layers", "elman-bidirectional"])(
  "all layers of one module are found, as in the recording %s",
  (name) => {
    const file = read(`recordings/${name}`);
    const tensors = renamed(file.tensors, /^(?=(weight|bias)_)/, (own) => `module.encoder.rnn.${own}`);
    for (const end of ["weight", "bias"]) tensors.set(`module.fc.${end}`, file.tensors.get(`head.${end}`)!);
    const { inputs, input, readout, outputs } = JSON.parse(file.metadata.network!);
    const more: Partial<PartsOptions> = {
      input: input === "tokens" ? tokens(inputs) : features(inputs),
      readout: (readout === "last-step" ? lastStep : everyStep)(outputs),
    };
    expect(errorOf(tensors, file, {}, more)).toBeLessThan(2e-6);
  },
);

test.each(["", "encoder.rnn"])("a module alone, called %j, is a network of hidden states without a loss", (prefix) => {
  const tensors = modelOf({ [prefix]: ofLstm(5, 3) });
  expect(networkFromPyTorch(tensors)).toEqual({
    ...{ input: features(5), layers: [lstm(3)], readout: everyHidden(), loss: noLoss() },
  });
  const config = networkConfig(networkFromPyTorch(tensors) as PartsOptions);
  expect([...fromPyTorch(tensors).keys()].sort()).toEqual([...initialParameters(config).keys()].sort());
});

test("activation of nn.RNN is said, as tensors do not tell it", () => {
  const file = read("recordings/elman-relu");
  const tensors = renamed(file.tensors, /^(?=weight_|bias_|head\.)/, (own) => own);
  const { inputs } = JSON.parse(file.metadata.network!);
  expect(errorOf(tensors, file, { activation: "relu" }, { input: features(inputs) })).toBeLessThan(2e-6);
  expect(errorOf(tensors, file, {}, {})).toBeGreaterThan(1e-3);
});

/** Sizes that no two parts have in common, unless `sizes` says so. */
function modelOf(modules: Record<string, Record<string, number[]>>): Tensors {
  const fields = Object.entries(modules).flatMap(([module, tensors]) =>
    Object.entries(tensors).map(([field, shape]) => [`${module}${module && "."}${field}`, shape] as const),
  );
  const values = (shape: number[], seed: number): TensorData => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 7 * seed)),
  });
  return new Map(fields.map(([name, shape], i) => [name, values(shape, i)]));
}

const ofLstm = (inputs: number, hidden: number) => ({
  weight_ih_l0: [4 * hidden, inputs],
  weight_hh_l0: [4 * hidden, hidden],
  bias_ih_l0: [4 * hidden],
  bias_hh_l0: [4 * hidden],
});
const linear = (inputs: number, outputs: number) => ({ weight: [outputs, inputs], bias: [outputs] });

describe("parts that names and shapes tell apart", () => {
  test("cells of one step, named without layers", () => {
    const cell = { weight_ih: [9, 5], weight_hh: [9, 3], bias_ih: [9], bias_hh: [9] };
    const tensors = modelOf({ cell, out: linear(3, 2) });
    expect(networkFromPyTorch(tensors)).toMatchObject({ layers: [gru(3)], readout: everyStep(2) });
  });

  test("an embedding as wide as the hidden states, beside a head without bias", () => {
    const tensors = modelOf({ drop: {}, emb: { weight: [9, 4] }, rnn: ofLstm(4, 4), fc: { weight: [9, 4] } });
    expect(networkFromPyTorch(tensors)).toMatchObject({
      input: embedding(9, 4),
      readout: everyStep(9, { bias: false }),
    });
  });

  test("tied weights: the same twice, or once with the head's bias", () => {
    const twice = modelOf({ emb: { weight: [9, 4] }, rnn: ofLstm(4, 4), fc: linear(4, 9) });
    twice.set("fc.weight", twice.get("emb.weight")!);
    const once = new Map(twice);
    once.delete("fc.weight");
    const head = new Map(twice);
    head.delete("emb.weight");
    expect(networkFromPyTorch(twice).readout).toEqual(everyStep(9, { tied: true }));
    expect(networkFromPyTorch(once).readout).toEqual(everyStep(9, { tied: true }));
    expect(networkFromPyTorch(head).input).toEqual(features(4));
    const said = { embedding: "fc", head: "fc" };
    expect(networkFromPyTorch(head, said)).toEqual(networkFromPyTorch(twice));
    for (const [tensors, options] of [[once], [head, said]] as const) {
      expect(fromPyTorch(tensors, options)).toEqual(fromPyTorch(twice));
    }
  });

  test("one of several, by name; a list of them as a stack", () => {
    const tensors = modelOf({
      "encoder.rnn": ofLstm(5, 3),
      "decoder.rnn": ofLstm(3, 6),
      "decoder.fc": linear(6, 2),
      lstm1: ofLstm(5, 7),
    });
    expect(networkFromPyTorch(tensors, { prefix: "decoder.rnn", head: "decoder.fc" })).toMatchObject({
      ...{ input: features(3), layers: [lstm(6)], readout: everyStep(2) },
    });
    expect(networkFromPyTorch(tensors, { prefix: ["encoder.rnn.", "decoder.rnn."], head: "decoder.fc" })).toMatchObject(
      { input: features(5), layers: [lstm(3), lstm(6)] },
    );
    const parameters = fromPyTorch(tensors, { prefix: ["encoder.rnn", "decoder.rnn"], head: null });
    expect([...parameters.keys()].filter((name) => !name.startsWith("layer"))).toEqual([]);
  });
});

describe("where names and shapes leave a doubt, what there is and what to say", () => {
  const rnn = ofLstm(5, 3);
  test.each<[string, Record<string, Record<string, number[]>>, PyTorchOptions, string | RegExp]>([
    [
      "no recurrent module",
      { fc: linear(3, 2) },
      {},
      /nn\.RNN.* are not among "fc\.weight" \[2, 3\], "fc\.bias" \[2\]/,
    ],
    ["nothing", {}, {}, "are not among none"],
    ["two recurrent modules", { lstm1: rnn, lstm2: ofLstm(3, 3), fc: linear(3, 2) }, {}, 'prefix: ["lstm1", "lstm2"]'],
    ["two heads", { rnn, mean: linear(3, 2), deviation: linear(3, 2) }, {}, "pass the name of its module as head"],
    ["two embeddings", { rnn, words: { weight: [9, 5] }, tags: { weight: [4, 5] } }, {}, "that may be the embedding"],
    ["a head of two layers", { rnn, fc1: linear(3, 8), fc2: linear(8, 2) }, {}, 'of other parts "fc2.weight" [2, 8]'],
    ["a norm", { rnn, norm: { weight: [3], bias: [3] }, fc: linear(3, 2) }, {}, 'other parts "norm.weight" [3]'],
    ["a square matrix below", { rnn, below: { weight: [5, 5] }, fc: linear(3, 2) }, {}, '"below.weight" [5, 5]'],
    ["a matrix of either kind", { rnn: ofLstm(4, 4), x: { weight: [9, 4] } }, {}, "may be the embedding or the head"],
    [
      "weights of a norm of weights",
      { rnn: { ...rnn, weight_hh_l0: [5] } },
      {},
      'tensor "rnn.weight_hh_l0" has shape [5]',
    ],
    ["another prefix", { rnn, fc: linear(3, 2) }, { prefix: "lstm" }, 'one of "rnn.weight_hh_l0" [12, 3]; '],
    ["another head", { rnn, fc: linear(3, 2) }, { head: "out" }, 'tensor "out.weight" is missing'],
    ["another number of layers", { "rnn.0": rnn, "rnn.1": ofLstm(3, 3) }, { layers: 3 }, "the 2 of 2 modules"],
    [
      "widths that do not meet",
      { "rnn.0": rnn, "rnn.1": rnn },
      { head: null },
      'tensor "rnn.1.weight_ih_l0" has shape [12, 5]',
    ],
    [
      "a stranger among layers",
      { rnn: { ...rnn, weight_hh_l0_g: [12] }, fc: linear(3, 2) },
      {},
      '"rnn.weight_hh_l0_g"',
    ],
  ])("of %s", (_, modules, options, message) => {
    expect(() => fromPyTorch(modelOf(modules), options)).toThrow(message);
    expect(() => fromPyTorch(modelOf(modules), options)).toThrow(/^fromPyTorch: .+, expected .+; .+\.$/s);
  });

  test("in few words, however many and long the names are", () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${"long".repeat(50)}${i}`, rnn]));
    for (const modules of [
      many,
      { rnn, ...Object.fromEntries(Object.keys(many).map((name) => [name, linear(3, 2)])) },
    ]) {
      expect(() => fromPyTorch(modelOf(modules))).toThrow(/^.{1,650}$/s);
    }
  });
});

describe("toPyTorch of networks of parts", () => {
  const networks: [string, PartsOptions][] = [
    ["an embedding", { input: embedding(9, 5), layers: [lstm(4), lstm(4)], readout: everyStep(3) }],
    ["a tied embedding", { input: embedding(9, 4), layers: [gru(4)], readout: everyStep(9, { tied: true }) }],
    ["layers unlike", { input: features(2), layers: [lstm(4, { bidirectional: true }), gru(3)], readout: lastStep(3) }],
    ["projections", { input: tokens(5), layers: [lstm(6, { projection: 2 })], readout: everyStep(3, { bias: false }) }],
    ["no biases", { input: features(2), layers: [elman(3, { bias: false })], readout: everyStep(2) }],
    ["hidden states alone", { input: features(2), layers: [gru(3)], readout: everyHidden(), loss: noLoss() }],
    [
      "embedded hidden states",
      { input: embedding(9, 2), layers: [lstm(3), gru(3)], readout: everyHidden(), loss: noLoss() },
    ],
    ["unlike widths, embedded", { input: embedding(9, 4), layers: [gru(4), gru(6)], readout: everyStep(4) }],
  ];
  test.each(networks)("is undone by fromPyTorch: %s", (_, said) => {
    const config = networkConfig(said);
    const parameters = initialParameters(config);
    for (const { data } of parameters.values()) for (const [i] of data.entries()) data[i]! += 0; // no −0
    for (const names of [{}, { prefix: "model.rnn", head: "model.fc", embedding: "model.emb" }]) {
      const tensors = toPyTorch(parameters, { ...config, ...names });
      if ("head" in names) expect([...tensors.keys()].filter((name) => !name.startsWith("model."))).toEqual([]);
      expect(fromPyTorch(tensors)).toEqual(parameters);
      const { layers, readout, loss } = networkFromPyTorch(tensors);
      expect(loss).toEqual(said.loss);
      expect(layers).toEqual(config.layers.map(({ activation: _, reset: __, ...layer }) => layer));
      expect(readout).toEqual({ ...config.readout, kind: "every-step" });
    }
  });

  const features2 = { input: features(2), readout: everyStep(2) };
  test.each<[string, PartsOptions, string]>([
    ["a cell", { ...features2, layers: [{ ...lstm(3), cell: peepholeLstm }] }, 'cell "peephole-lstm" has no twin'],
    ["a reset", { ...features2, layers: [gru(3, { reset: "before" })] }, 'cell "gru" with reset "before" has no twin'],
    [
      "a projection",
      { ...features2, layers: [{ ...elman(3), projection: 2 }] },
      'the projection of cell "elman" has no',
    ],
    [
      "an encoder",
      { ...features2, layers: [gru(3)], encoder: { input: features(2), layers: [gru(3)] } },
      "an encoder has no twin in PyTorch",
    ],
  ])("refuses %s by name", (_, said, message) => {
    const config = networkConfig({ ...said, loss: crossEntropy() });
    expect(() => toPyTorch(initialParameters(config), config)).toThrow(`toPyTorch: ${message}`);
  });

  test("refuses to leave out what it is not told of", () => {
    const config = networkConfig({ input: embedding(5, 4), layers: [lstm(4)], readout: everyStep(3) });
    const parameters = initialParameters(config);
    expect(() => toPyTorch(parameters, { cell: "lstm" })).toThrow(
      'tensor "embeddingWeight" is of a part that is not said',
    );
  });
});
