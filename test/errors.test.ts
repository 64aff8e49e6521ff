import { expect, test } from "vitest";
import {
  adam,
  carriedWindows,
  fromPyTorch,
  lstm,
  networkConfig,
  paddedBatch,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  split,
  TempogradError,
  tokens,
  Vocabulary,
  writeSafetensors,
} from "../src/index";
import { checkBatch } from "../src/network/check-batch";
import { checkPassOptions } from "../src/network/pass-options";

const options = { cell: "lstm", inputs: 3, hidden: 4, outputs: 2, input: "features", readout: "last-step" } as const;
const config = networkConfig(options);
const shape = { steps: 2, batch: 1 };

test.each<[code: string, what: string, use: () => unknown]>([
  ["option", "a cell that there is not", () => networkConfig({ ...options, cell: "lstn" } as never)],
  ["option", "a size that is none", () => networkConfig({ ...options, hidden: 0 })],
  ["option", "an unknown option", () => networkConfig({ ...options, hiden: 4 } as never)],
  ["option", "parts without a readout", () => networkConfig({ input: tokens(3), layers: [lstm(4)] } as never)],
  ["option", "a pass that cannot be", () => checkPassOptions(config, { ...shape, checkpointEvery: 3 })],
  ["option", "a learning rate that is none", () => adam({ learningRate: Number.NaN })],
  [
    "batch",
    "inputs of another length",
    () => checkBatch("test", config, shape, { inputs: new Float32Array(5), targets: new Int32Array(1) }),
  ],
  [
    "batch",
    "a class that there is not",
    () => checkBatch("test", config, shape, { inputs: new Float32Array(6), targets: Int32Array.of(2) }),
  ],
  [
    "batch",
    "numbers that are not finite",
    () =>
      checkBatch("test", config, shape, { inputs: new Float32Array(6).fill(Number.NaN), targets: new Int32Array(1) }),
  ],
  ["batch", "a text that is empty", () => Vocabulary.fromText("")],
  ["batch", "a character that is not known", () => Vocabulary.fromText("ab").encode("c")],
  ["batch", "tokens of another type", () => randomWindows([1, 2, 3] as never, { steps: 1, batch: 1, seed: 1 })],
  ["batch", "too few tokens", () => randomWindows(new Int32Array(3), { steps: 8, batch: 1, seed: 1 })],
  [
    "batch",
    "an item that is too long",
    () => paddedBatch([{ tokens: new Int32Array(3), label: 0 }], { steps: 2, batch: 1 }),
  ],
  ["batch", "documents that are none", () => carriedWindows([], { steps: 2, batch: 1, seed: 1 })],
  ["option", "a fraction that is none", () => split(new Int32Array(100), 2)],
  [
    "option",
    "more values than a batch may have",
    () => randomWindows(new Int32Array(9), { steps: 1e9, batch: 99, seed: 1 }),
  ],
  [
    "file",
    "a position in another stream",
    () => randomWindows(new Int32Array(9), { steps: 1, batch: 1, seed: 1, position: { stream: "cut" } }),
  ],
  ["file", "bytes that are no file", () => readSafetensors(new Uint8Array(100))],
  ["file", "a file of another making", () => readCheckpoint(writeSafetensors(new Map(), {}))],
  ["file", "tensors of another network", () => fromPyTorch(new Map(), { cell: "lstm" })],
])("an error of code %s is thrown for %s", async (code, _, use) => {
  const error = await Promise.resolve()
    .then(use)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TempogradError);
  expect((error as TempogradError).code).toBe(code);
});
