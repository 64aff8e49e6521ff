// Folders of Hugging Face's hub: there and back to the bit, and what their card says.
import { describe, expect, test } from "vitest";
import { fromHuggingFace, type HuggingFaceOptions, toHuggingFace } from "../../src/hugging-face/index";
import {
  everyStep,
  features,
  gru,
  initialParameters,
  layer,
  lstm,
  minGru,
  type NetworkOptions,
  networkConfig,
  readSafetensors,
  tokens,
  Vocabulary,
  writeSafetensors,
} from "../../src/index";
import { networks } from "./networks";

const parametersOf = (options: NetworkOptions) => initialParameters(networkConfig(options));
const textOf = (files: ReadonlyMap<string, Uint8Array>, name: string) => new TextDecoder().decode(files.get(name));

test.each(networks)("%s comes back to the bit, and its files byte for byte", (_, options) => {
  const config = networkConfig(options);
  const parameters = parametersOf(options);
  const files = toHuggingFace(parameters, config);
  expect([...files.keys()]).toEqual(["config.json", "model.safetensors", "README.md"]);
  const read = fromHuggingFace(files);
  expect(JSON.stringify(read.network)).toBe(JSON.stringify(config));
  expect([...read.parameters.keys()]).toEqual([...parameters.keys()]);
  for (const [name, { shape, data }] of parameters) {
    const own = read.parameters.get(name)!;
    expect(own.shape, name).toEqual(shape);
    expect([...new Uint32Array(own.data.buffer)], name).toEqual([...new Uint32Array(data.buffer)]);
  }
  expect([read.vocabulary, read.about]).toEqual([undefined, undefined]);
  for (const [name, bytes] of toHuggingFace(read.parameters, read.network)) {
    expect(Buffer.compare(bytes, files.get(name)!), name).toBe(0);
  }
});

const small: NetworkOptions = { input: tokens(6), layers: [lstm(3)], readout: everyStep(6) };
const vocabulary = new Vocabulary(["a", "1", "0", "constructor", " the", "\uFFFD"], { kind: "words" });
const card: HuggingFaceOptions = {
  ...{ name: "Words: a | test", data: "a text", size: "6 words", metrics: { accuracy: 0.5, perplexity: 12.25 } },
  ...{ task: "text-generation", license: "mit", language: "en" },
};

test("what belongs to a network goes along", () => {
  const about = { classes: ["a", "b"], scaler: { mean: 0.5 } };
  const files = toHuggingFace(parametersOf(small), small, { ...card, vocabulary, about });
  expect(JSON.parse(textOf(files, "vocab.json"))).toEqual(
    JSON.parse('{"a":0,"1":1,"0":2,"constructor":3," the":4,"\\ufffd":5}'),
  );
  const read = fromHuggingFace(files);
  expect(read.about).toEqual(about);
  expect(JSON.stringify(read.vocabulary)).toBe(JSON.stringify(vocabulary));
});

test("the card tells what it is told, and nothing else", () => {
  const text = textOf(toHuggingFace(parametersOf(small), small, { ...card, vocabulary }), "README.md");
  expect(text.slice(0, text.indexOf("\n# "))).toBe(`---
license: "mit"
language: "en"
library_name: tempograd
pipeline_tag: "text-generation"
tags:
- "recurrent-neural-network"
- "lstm"
model-index:
- name: "Words: a | test"
  results:
  - task:
      type: "text-generation"
    dataset:
      name: "a text"
      type: "a text"
    metrics:
    - type: "accuracy"
      value: 0.5
    - type: "perplexity"
      value: 12.25
---
`);
  expect(text).toContain(
    "\n# Words: a \\| test\n\nA recurrent network that was trained by tempograd: lstm of 3 units; 144 parameters.",
  );
  expect(text).toContain("\n## Data\n\na text: 6 words\n");
  expect(text).toContain("\n| metric | value |\n|---|---|\n| accuracy | 0.5 |\n| perplexity | 12.25 |\n");
  expect(text).toContain("`vocab.json` has the token of each symbol");
  const bare = textOf(toHuggingFace(parametersOf(small), small), "README.md");
  expect(bare).toMatch(/^---\nlibrary_name: tempograd\ntags:\n.*\n.*\n---\n\n# A recurrent network\n/);
  expect(bare).not.toMatch(/## (Data|Metrics)|vocab\.json|license|model-index/);
});

describe("refuses by name", () => {
  const write = (options: NetworkOptions, also: object = {}) => toHuggingFace(parametersOf(options), options, also);
  const changed = (name: string, text: string | Uint8Array) =>
    fromHuggingFace(
      write(small).set(name, typeof text === "string" ? new TextEncoder().encode(text) : (text as never)),
    );
  const config = () => JSON.parse(textOf(write(small), "config.json"));
  test.each<[string, () => unknown, string]>([
    [
      "a cell that PyTorch has not",
      () => write({ ...small, layers: [layer(minGru, 3)] }),
      'toHuggingFace: layer 0 of cell "mingru" has no twin in PyTorch, expected what nn.RNN',
    ],
    [
      "a GRU that resets before",
      () => write({ ...small, layers: [gru(3, { reset: "before" })] }),
      'of cell "gru" has no twin',
    ],
    [
      "an adaptive readout",
      () => write({ ...small, layers: [lstm(8)], readout: everyStep(6, { adaptive: { cutoffs: [2] } }) }),
      "an adaptive readout has no twin in PyTorch",
    ],
    [
      "an encoder",
      () => write({ ...small, encoder: { input: tokens(4), layers: [lstm(3)] } }),
      "an encoder has no twin in PyTorch",
    ],
    ["a misspelt option", () => write(small, { licence: "mit" }), 'toHuggingFace: unknown option "licence"'],
    ["a name that is none", () => write(small, { name: 7 }), "toHuggingFace: name is 7, expected a text"],
    [
      "a metric that is none",
      () => write(small, { metrics: { loss: Number.NaN } }),
      "toHuggingFace: metrics.loss is NaN",
    ],
    ["about that is no plain data", () => write(small, { about: { a: new Map() } }), "toHuggingFace: about.a is Map"],
    [
      "another vocabulary",
      () => write({ ...small, input: features(2) }, { vocabulary }),
      "toHuggingFace: vocabulary is of 6 symbols, expected one of the no tokens",
    ],
    [
      "a file that is missing",
      () => fromHuggingFace(new Map([...write(small)].slice(0, 1))),
      'fromHuggingFace: file "model.safetensors" is missing',
    ],
    ["files that are none", () => fromHuggingFace([] as never), "fromHuggingFace: files is Array, expected a Map"],
    ["another config", () => changed("config.json", "{}"), 'fromHuggingFace: "config.json" has format undefined'],
    ["what is no JSON", () => changed("config.json", "{"), 'fromHuggingFace: "config.json" is "{", expected JSON'],
    [
      "a network that is none",
      () => changed("config.json", JSON.stringify({ ...config(), network: { cell: "lstn" } })),
      'fromHuggingFace: "config.json" has a network that is refused (Network: cell is "lstn"',
    ],
    [
      "a network of other sizes",
      () => changed("config.json", JSON.stringify({ ...config(), network: { ...small, layers: [lstm(4)] } })),
      'fromHuggingFace: parameter "layer0.inputWeight" has shape [6, 12], expected [6, 16] by "config.json"',
    ],
    [
      "a token that comes twice",
      () => changed("vocab.json", '{ "a": 0, "b": 0 }'),
      'fromHuggingFace: "vocab.json" has token 0 for "b"',
    ],
    [
      "what is not finite",
      () => {
        const { tensors } = readSafetensors(write(small).get("model.safetensors")!);
        tensors.get("head.bias")!.data.fill(Number.NaN);
        return changed("model.safetensors", writeSafetensors(tensors));
      },
      'fromHuggingFace: "outputBias"[0] is NaN',
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
