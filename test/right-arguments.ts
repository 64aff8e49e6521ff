// Every public function that needs no device, listed from the types, with arguments that are right.

import { smallModel } from "../demo/soak/keras-file";
import { Trace } from "../src/expressions/expression";
import type * as library from "../src/index";
import {
  abs,
  adam,
  adamw,
  batchesOnce,
  batchStream,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  constant,
  cosine,
  crossEntropy,
  cut,
  defineCell,
  defineLoss,
  type Expression,
  embedding,
  everyStep,
  exp,
  forecast,
  forecastOf,
  fromPyTorch,
  huber,
  initialParameters,
  layer,
  log,
  log1p,
  logSigmoid,
  max,
  min,
  minMax,
  naiveForecast,
  networkConfig,
  networkFromPyTorch,
  type PartsOptions,
  paddedBatch,
  quantile,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  relu,
  rmsprop,
  saveNetwork,
  scaled,
  select,
  sgd,
  shuffledBatches,
  sigmoid,
  sign,
  softplus,
  split,
  splitItems,
  sqrt,
  standardise,
  stepDecay,
  tanh,
  tokens as tokenInput,
  toPyTorch,
  topK,
  type UniformOptions,
  unigramEntropy,
  unscaled,
  Vocabulary,
  warmUp,
  windowSize,
  windows,
  writeSafetensors,
} from "../src/index";
import { fromKeras, fromTensorFlowJs } from "../src/keras/index";

/** Takes a few of what an iterable has. */
export const some = (iterable: Iterable<unknown>) => {
  let left = 3;
  for (const _ of iterable) if (--left === 0) return;
};

export const tokens = Int32Array.from({ length: 60 }, (_, i) => i % 5);
export const documents = cut(tokens, 3);
export const items = [0, 1, 2, 3].map((label) => ({ label, tokens: tokens.slice(0, 3 + label) }));
const size = { steps: 6, batch: 2 };
export const streamed = { ...size, seed: 1 };
const description = {
  stream: "mine",
  given: { seed: 1 },
  source: () => ({
    next: () => ({ inputs: tokens, targets: tokens }),
    where: () => ({ random: [1, 2, 3, 4], place: [] }),
  }),
  isPlace: () => true,
};
const vocabulary = new Vocabulary(["a", "b"]);
const network: UniformOptions = {
  cell: "gru",
  inputs: 3,
  hidden: 2,
  outputs: 4,
  input: "tokens",
  readout: "every-step",
};
const config = networkConfig(network);
export const parameters = initialParameters(config);
const file = writeSafetensors(parameters, { k: "v" });
const { file: ofKeras, ...ofTensorFlow } = await smallModel();
/** Of a training, which it does not need a GPU to be of. */
export const checkpoint = await (async () => {
  const saved = await saveNetwork(
    { config, read: async () => parameters },
    { about: { symbols: ["a"], list: [1, [2]] } },
  );
  const { metadata, tensors } = readSafetensors(saved);
  for (const [name, { shape, data }] of parameters) tensors.set(`trainer.mean.${name}`, { shape, data });
  const trainer = JSON.stringify({ step: 3, learningRate: 0.1, optimizer: "adam" });
  const data = JSON.stringify(randomWindows(tokens, streamed).position);
  return writeSafetensors(tensors, { ...metadata, trainer, data });
})();

/** A network of a part, which is looked at where the network is made. */
const withPart = (part: Partial<PartsOptions>) =>
  networkConfig({ input: tokenInput(3), layers: [layer("gru", 2)], readout: everyStep(4), ...part });
const series = { a: [1, 3, 2, 5, 4, 6, 8, 7], b: [0, 1, 0, 1, 0, 1, 0, 1] };
const shape = { past: 2, future: 1, targets: ["a"], features: ["a", "b"] };
const scaler = minMax(series);
const values = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
const batch = { inputs: [0, 1, 2, 0], targets: [0, 1, 2, 3], steps: 2, batch: 2 };
/** What another function answered: nobody writes it by hand. */
const whole = <T extends object>(answer: T): T =>
  Object.assign(Object.create({ [Symbol.toStringTag]: "Answer" }), answer);
const update = { kind: "adam", learningRate: 0.1 } as const;
type Symbols = Readonly<Record<string, Expression>>;
const leaky = {
  name: "leaky",
  gates: ["g"],
  states: ["h"],
  parameters: { p: "unit" as const },
  step: ({ g }: Symbols, { h }: Symbols, { p }: Symbols) => ({ h: tanh(g!.plus(h!.times(p!))) }),
};
const scaledSquare = {
  name: "scaled-square",
  options: { scale: 1 },
  targets: [0, 1] as [number, number],
  value: ({ o, y }: Symbols, { scale }: Symbols) => scale!.times(o!.minus(y!)).times(o!.minus(y!)),
};
const trace = new Trace();
const [x, y, z] = ["x", "y", "z"].map((name) => trace.input(name));

// biome-ignore lint/suspicious/noExplicitAny: what they are given is of any type.
export type Call = [says: RegExp, call: (...given: any[]) => unknown, right: unknown[]];
const ofExpressions = (call: Call[1], ...given: unknown[]): Call => [/^Expression: /, call, given];
const ofNetworks = /^Network\b.{0,60}: /;

/** Given what is wrong elsewhere, with a device or a browser's storage; and what is no function, or takes nothing. */
type Elsewhere =
  | ("Network" | "Trainer" | "evaluate" | "fit" | "generate" | "traceGradients" | "saveNetwork" | "saveCheckpoint")
  | ("readTensors" | "planTable" | "timePlan" | "openGpu" | "openCheckpointStore" | "cellNames" | "TempogradError")
  | ("coupledLstm" | "indrnn" | "minGru" | "minLstm" | "peepholeLstm" | "slstm")
  | ("noLoss" | "binaryCrossEntropy" | "meanSquaredError" | "meanAbsoluteError" | "everyHidden" | "lastHidden")
  | (
      | "accuracy"
      | "confusionMatrix"
      | "f1"
      | "f1PerClass"
      | "labelAccuracy"
      | "mae"
      | "perplexity"
      | "rmse"
      | "constant"
    )
  | ("elman" | "lstm" | "gru" | "features" | "lastStep"); // as `layer`, `tokens` and `everyStep`

const functions: Record<Exclude<keyof typeof library, Elsewhere>, Call> = {
  Vocabulary: [/^Vocabulary: /, (symbols) => new Vocabulary(symbols), [["a", "b"]]],
  unigramEntropy: [/^unigramEntropy: /, unigramEntropy, [tokens, 5]],
  split: [/^split: /, split, [tokens, 0.2]],
  cut: [/^cut: /, cut, [tokens, 3]],
  randomWindows: [/^randomWindows: /, (text, options) => some(randomWindows(text, options)), [tokens, streamed]],
  consecutiveWindows: [
    /^consecutiveWindows: /,
    (text, options) => some(consecutiveWindows(text, options)),
    [tokens, size],
  ],
  carriedWindows: [
    /^carriedWindows: /,
    (texts, options) => some(carriedWindows(texts, options)),
    [documents, streamed],
  ],
  carriedWindowsOnce: [
    /^carriedWindowsOnce: /,
    (texts, options) => some(carriedWindowsOnce(texts, options)),
    [documents, size],
  ],
  paddedBatch: [/^paddedBatch: /, paddedBatch, [items.slice(2), size]],
  shuffledBatches: [/^shuffledBatches: /, (list, options) => some(shuffledBatches(list, options)), [items, streamed]],
  batchesOnce: [/^batchesOnce: /, (list, options) => some(batchesOnce(list, options)), [items, size]],
  splitItems: [/^splitItems: /, splitItems, [items, 0.5, 1]],
  batchStream: [/^.{1,60}: /, (said, position) => some(batchStream(said, position)), [description, undefined]],
  readSafetensors: [/^readSafetensors: /, readSafetensors, [file]],
  writeSafetensors: [/^writeSafetensors: /, writeSafetensors, [parameters, { k: "v" }]],
  fromPyTorch: [/^fromPyTorch: /, fromPyTorch, [toPyTorch(parameters, config), config]],
  networkFromPyTorch: [
    /^(networkF|f)romPyTorch: /,
    networkFromPyTorch,
    [toPyTorch(parameters, config), { reset: "after" }],
  ],
  toPyTorch: [/^toPyTorch: /, toPyTorch, [parameters, config]],
  networkConfig: [ofNetworks, networkConfig, [network]],
  readCheckpoint: [/^read(Checkpoint|Safetensors): /, readCheckpoint, [checkpoint]],
  initialParameters: [/^(initialParameters|Network\b.{0,60}): /, initialParameters, [config]],
  layer: [
    ofNetworks,
    (...of) => withPart({ layers: [layer(...(of as Parameters<typeof layer>))] }),
    ["lstm", 2, { dropout: 0 }],
  ],
  tokens: [ofNetworks, (count) => withPart({ input: tokenInput(count) }), [3]],
  embedding: [
    ofNetworks,
    (...of) => withPart({ input: embedding(...(of as [number, number])) }),
    [3, 2, { sparse: true }],
  ],
  everyStep: [ofNetworks, (...of) => withPart({ readout: everyStep(...(of as [number])) }), [4, { bias: false }]],
  crossEntropy: [
    /^(crossEntropy|Network\b.{0,60}): /,
    (options) => withPart({ loss: crossEntropy(options) }),
    [{ labelSmoothing: 0.1, classWeights: [1, 2, 1, 1] }],
  ],
  huber: [/^huber: /, huber, [{ delta: 2 }]],
  quantile: [/^quantile: /, quantile, [[0.1, 0.9]]],
  defineCell: [/^(defineCell|Cell\b.{0,90}): /, defineCell, [leaky]],
  defineLoss: [/^(defineLoss|Loss\b.{0,90}): /, defineLoss, [scaledSquare]],
  abs: ofExpressions(abs, x),
  exp: ofExpressions(exp, x),
  log: ofExpressions(log, x),
  log1p: ofExpressions(log1p, x),
  logSigmoid: ofExpressions(logSigmoid, x),
  max: ofExpressions(max, x, y),
  min: ofExpressions(min, x, y),
  relu: ofExpressions(relu, x),
  select: ofExpressions(select, x, y, z),
  sigmoid: ofExpressions(sigmoid, x),
  sign: ofExpressions(sign, x),
  softplus: ofExpressions(softplus, x),
  sqrt: ofExpressions(sqrt, x),
  tanh: ofExpressions(tanh, x),

  sgd: [/^sgd: /, sgd, [{ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }]],
  rmsprop: [/^rmsprop: /, rmsprop, [{ learningRate: 0.1, decay: 0.9, epsilon: 1e-8 }]],
  adam: [/^adam: /, adam, [{ learningRate: 0.1, beta1: 0.9, beta2: 0.99 }]],
  adamw: [/^adamw: /, adamw, [{ learningRate: 0.1, weightDecay: 0.01 }]],
  stepDecay: [/^stepDecay: /, stepDecay, [{ every: 3, factor: 0.1 }]],
  cosine: [/^cosine: /, cosine, [{ steps: 3, final: 0.1 }]],
  warmUp: [/^warmUp: /, warmUp, [3, constant()]],
  topK: [/^topK: /, topK, [3]],

  standardise: [/^standardise: /, standardise, [series, { to: 3, relative: { targets: ["a"], future: 1 } }]],
  minMax: [/^minMax: /, minMax, [series, { to: 3 }]],
  scaled: [/^scaled: /, scaled, [series, scaler]],
  unscaled: [/^unscaled: /, unscaled, [series, scaler]],
  windows: [/^windows: /, windows, [series, { ...shape, stride: 2, from: 1 }]],
  windowSize: [/^windowSize: /, windowSize, [shape]],
  forecastOf: [/^(forecastOf|windowSize): /, forecastOf, [windows(series, shape)[0], [0.5], shape]],
  forecast: [/^forecast: /, forecast, [() => [0.5], series, shape]],
  naiveForecast: [/^naiveForecast: /, naiveForecast, [series.a, 2, 2]],

  referenceForward: [/^referenceForward: /, referenceForward, [whole(config), values, batch]],
  referenceBackward: [
    /^referenceBackward: /,
    referenceBackward,
    [whole(config), values, batch, whole(referenceForward(config, values, batch))],
  ],
  referenceTrainStep: [/^reference(TrainStep|Forward): /, referenceTrainStep, [whole(config), values, batch, () => {}]],
  referenceOptimizer: [/^referenceOptimizer: /, referenceOptimizer, [update]],
};

/** And methods of what they answer, and functions of subpaths. */
export const operations: Record<string, Call> = {
  ...functions,
  fromKeras: [/^fromKeras: /, fromKeras, [ofKeras]],
  fromTensorFlowJs: [/^fromTensorFlowJs: /, fromTensorFlowJs, [ofTensorFlow]],
  "Vocabulary.fromText": [/^Vocabulary\.fromText: /, Vocabulary.fromText, ["some text", { limit: 4 }]],
  "Vocabulary.fromText of words": [/^Vocabulary\.fromText: /, Vocabulary.fromText, ["some text", { kind: "words" }]],
  "Vocabulary.fromJSON": [
    /^Vocabulary(\.fromJSON)?: /,
    Vocabulary.fromJSON,
    [{ kind: "graphemes", symbols: ["a", "b"] }],
  ],
  "Vocabulary.encode": [/^Vocabulary\.encode: /, (text) => vocabulary.encode(text), ["abab"]],
  "Vocabulary.decode": [/^Vocabulary\.decode: /, (list) => vocabulary.decode(list), [[0, 1]]],
};
