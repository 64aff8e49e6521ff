// What reads what is not trusted: files, addresses and vocabularies, each with some that are right, and what must hold of what
// it answers.

import { fromHuggingFace, toHuggingFace } from "../../src/hugging-face/index";
import {
  embedding,
  everyStep,
  features,
  initialParameters,
  lastStep,
  layer,
  lstm,
  networkConfig,
  peepholeLstm,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  saveNetwork,
  slstm,
  Vocabulary,
  writeSafetensors,
} from "../../src/index";
import { fromKeras, fromTensorFlowJs, type KerasNetwork } from "../../src/keras/index";
import { fromOnnx, toOnnx } from "../../src/onnx/index";
import { judge } from "../data/file-kind";
import { readLabelledFile } from "../data/labelled-file";
import { readSeriesFile } from "../data/series-file";
import { readText } from "../data/text-file";
import { fromAddress, toAddress } from "../tasks/address";
import { initialOf } from "../tasks/settings";
import { taskNames } from "../tasks/tasks";
import { smallModel } from "./keras-file";

/** A reader, and what it is given. */
export type Target =
  | { name: string; right: readonly string[]; read(mutant: string): unknown }
  | { name: string; right: readonly Uint8Array[]; read(mutant: Uint8Array): unknown };

/** @throws where what a reader answered is not what it should be. */
function expectSame(what: string, got: unknown, expected: unknown): void {
  const [a, b] = [got, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new RangeError(`${what} is ${a?.slice(0, 200)}, expected ${b?.slice(0, 200)}`);
}

const many = (line: (i: number) => string, separator = "") =>
  Array.from({ length: 12 }, (_, i) => line(i)).join(separator);
const csv = [
  `label,text\n${many((i) => (i % 2 ? 'spam,"buy, ""now"""\n' : `ham,see you at ${i}\n`))}`,
  `class;a;b\n${many((i) => `${i % 3 ? "up" : "down"};${i},5;${i * i}\n`)}`,
  many((i) => `${i % 2 ? "yes" : "no"}\tgood ${i}\n`),
];
const json = [
  `[${many((i) => `{"label":"${"ab"[i % 2]}","text":"text ${i}"}`, ",")}]`,
  `[${many((i) => `{"label":"${i % 2 ? "up" : "down"}","values":[[${i},2],[3,${i}]]}`, ",")}]`,
  many((i) => `{"class":"${"ab"[i % 2]}","text":"text ${i}"}\n`),
];
const series = [
  "date,sales,price\n2024-01-01,3,2\n2024-01-02,4,2\n2024-01-03,6,1\n2024-01-04,5,2\n2024-01-05,7,1\n2024-01-06,,1\n",
  "time;load\n01.01.2024 00:00;1,5\n01.01.2024 01:00;2,5\n01.01.2024 02:00;1.000,25\n",
  "1\n2\n3\n5\n8\n13\n",
];

const config = networkConfig({
  ...{ cell: "gru", inputs: 3, hidden: 2, outputs: 4, input: "tokens", readout: "every-step" },
});
const parts = networkConfig({
  input: embedding(4, 2),
  layers: [lstm(3), lstm(2, { bidirectional: true })],
  readout: everyStep(3),
});

async function checkpoints(): Promise<Uint8Array[]> {
  const parameters = initialParameters(config);
  const alone = await saveNetwork(
    { config, read: async () => parameters },
    { about: { symbols: ["a"], list: [1, [2]] } },
  );
  const { metadata, tensors } = readSafetensors(alone);
  for (const [name, { shape, data }] of parameters) tensors.set(`trainer.mean.${name}`, { shape, data });
  const trainer = JSON.stringify({ step: 3, learningRate: 0.1, optimizer: "adam" });
  const data = JSON.stringify(randomWindows(new Int32Array(60), { steps: 6, batch: 2, seed: 1 }).position);
  const ofParts = await saveNetwork({ config: parts, read: async () => initialParameters(parts) });
  return [alone, ofParts, writeSafetensors(tensors, { ...metadata, trainer, data })];
}

/** A text as JSON, or itself where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const inOnnx = [
  config,
  parts,
  networkConfig({ input: features(3), layers: [layer(slstm, 2), layer(peepholeLstm, 3)], readout: lastStep(2) }),
].map((network) => toOnnx(initialParameters(network), network, { about: { symbols: ["a"], list: [1, [2]] } }));
const folder = toHuggingFace(initialParameters(parts), parts, {
  vocabulary: new Vocabulary(["a", "b", "c", "d"]),
  about: { list: [1, [2]] },
});
const inFolder = (name: string) => new TextDecoder().decode(folder.get(name));

/** A folder with another file in the place of one. */
const withFile = (name: string, mutant: string) => {
  const files = [...folder].filter(([other]) => name === "config.json" || other !== "vocab.json"); // read before a tokenizer
  return new Map([...files, [name, new TextEncoder().encode(mutant)]]);
};

/** @throws unless a network has these parameters. */
function expectWhole({ network, parameters }: Pick<KerasNetwork, "network" | "parameters">): void {
  const shapes = (values: typeof parameters) => [...values].map(([name, { shape }]) => `${name} ${shape}`).sort();
  expectSame("a network's parameters", shapes(parameters), shapes(initialParameters(network)));
}

/** All of them. */
export async function targets(): Promise<Target[]> {
  const files = await checkpoints();
  const small = writeSafetensors(new Map([["a", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]]), { k: "v" });
  const { file, model, weights } = await smallModel();
  const text = new TextEncoder().encode("Call me Ishmael — “some” years ago,\r\nnever mind how long 😀.\n");
  return [
    {
      name: "safetensors",
      right: [small, ...files],
      read(mutant: Uint8Array) {
        const { tensors, metadata } = readSafetensors(mutant);
        const again = readSafetensors(writeSafetensors(tensors, metadata));
        expectSame("what was written again", [...again.tensors.keys()], [...tensors.keys()]);
        expectSame("its metadata", again.metadata, metadata);
      },
    },
    { name: "checkpoints", right: files, read: (mutant: Uint8Array) => readCheckpoint(mutant) },
    { name: "texts", right: [text], read: (mutant: Uint8Array) => readText("file", mutant) },
    { name: "CSV", right: csv, read: (mutant: string) => readLabelledFile("file.csv", mutant) },
    { name: "JSON", right: json, read: (mutant: string) => readLabelledFile("file.json", mutant) },
    {
      name: "kinds of files",
      right: [...csv, ...json, ...series],
      read: (mutant: string) => Promise.all(["file.csv", "file.json", "file"].map((name) => judge(name, mutant))),
    },
    { name: "series", right: series, read: (mutant: string) => readSeriesFile("file.csv", mutant) },
    {
      name: "addresses",
      right: taskNames.map((task) =>
        toAddress({ ...initialOf(task), cell: "lstm", layers: 2, dropout: 0.5, seed: 7, clipNorm: undefined }),
      ),
      read(mutant: string) {
        const { settings } = fromAddress(mutant);
        const again = fromAddress(toAddress(settings));
        expectSame("what was not understood of an address that was written", again.ignored, []);
        expectSame("an address's settings", again.settings, settings);
      },
    },
    {
      name: "vocabularies",
      right: [
        JSON.stringify(new Vocabulary(["a", "b"])),
        JSON.stringify(Vocabulary.fromText("to be, or not", { kind: "words" })),
      ],
      read(mutant: string) {
        const vocabulary = Vocabulary.fromJSON(parsed(mutant));
        expectSame(
          "a vocabulary",
          Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary))).symbols,
          vocabulary.symbols,
        );
      },
    },
    { name: "models of ONNX", right: inOnnx, read: (mutant: Uint8Array) => expectWhole(fromOnnx(mutant)) },
    ...["config.json", "tokenizer.json"].map((name) => ({
      name: `${name} of Hugging Face`,
      right: [inFolder(name)],
      read: (mutant: string) => expectWhole(fromHuggingFace(withFile(name, mutant))),
    })),
    { name: "files of Keras", right: [file], read: (mutant: Uint8Array) => expectWhole(fromKeras(mutant)) },
    {
      name: "models of TensorFlow.js",
      right: [JSON.stringify(model)],
      read: (mutant: string) => expectWhole(fromTensorFlowJs({ model: parsed(mutant), weights })),
    },
    {
      name: "texts in tokens",
      right: ["to be, or not to be", "naïve e\u0301 😀 👩‍👩‍👧\r\n"],
      read(mutant: string) {
        for (const kind of ["characters", "graphemes", "words"] as const) {
          const vocabulary = Vocabulary.fromText(mutant, { kind });
          expectSame(`a text in ${kind}`, vocabulary.decode(vocabulary.encode(mutant)), mutant);
        }
      },
    },
  ];
}
