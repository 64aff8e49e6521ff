// Reads a recording of a whole model as PyTorch computes it; test/models/README.md describes the format. The file is not
// trusted.

import {
  binaryCrossEntropy,
  embedding,
  everyStep,
  features,
  huber,
  lastStep,
  layer,
  meanAbsoluteError,
  networkConfig,
  type ParameterValues,
  type PartsConfig,
  type PartsOptions,
  readSafetensors,
  type TensorData,
  tokens,
} from "../../src/index";
import { fromStateDict, modelCells, theirNames } from "./model-names";
import {
  brief,
  checked,
  expectTensor,
  expectWord,
  isSize,
  isWords,
  jsonOf,
  mostQuoted,
  refuse,
  type Words,
} from "./recording-metadata";

export interface ModelTraining {
  readonly optimizer: "sgd" | "adam";
  readonly learningRate: number;
  readonly steps: number;
  /** The final state is the next step's initial state. */
  readonly carry: boolean;
  /** By the library's names: parameters that do not learn, and learning rates of their own. */
  readonly frozen: ReadonlySet<string>;
  readonly rates: ReadonlyMap<string, number>;
}

export interface Model {
  readonly config: PartsConfig;
  readonly steps: number;
  readonly batch: number;
  /** Of an encoder–decoder: how many steps the encoder reads. */
  readonly sourceSteps: number | undefined;
  /** By the library's names. */
  readonly parameters: ParameterValues;
  readonly training: ModelTraining | undefined;
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Whether a number of a tensor is left to chance. */
  isMeaningless(name: string, index: number): boolean;
}

type LossPart = NonNullable<PartsOptions["loss"]>;

const readouts = { "every-step": everyStep, "last-step": lastStep };

const losses: Readonly<Record<string, (delta: unknown) => LossPart>> = {
  "cross-entropy": () => "cross-entropy",
  "mean-squared-error": () => "mean-squared-error",
  "mean-absolute-error": () => meanAbsoluteError(),
  huber: (delta) => huber(delta === undefined ? {} : { delta: delta as number }),
  "binary-cross-entropy": () => binaryCrossEntropy(),
};

/** Whether the bytes are a recording of a whole model, by its format. @throws as `readSafetensors`. */
export const isModel = (bytes: Uint8Array): boolean => readSafetensors(bytes).metadata.format === "recurrent-model";

/**
 * @returns the model, or in words what the library has not got of it.
 * @throws where the bytes are no safetensors file, or no recording of a model.
 */
export function readModel(bytes: Uint8Array): Model | { unsupported: string[] } {
  const { metadata, tensors } = readSafetensors(bytes);
  const { format, version } = metadata;
  if (format !== "recurrent-model" || version !== "1") {
    refuse("the file's format", brief(`${format} ${version}`), '"recurrent-model 1"', "give a recording");
  }
  const model = jsonOf(metadata, "model");
  const size = jsonOf(metadata, "batch");
  const training = metadata.training === undefined ? undefined : jsonOf(metadata, "training");
  const unsupported: string[] = [];
  const isPair = model.encoderDecoder === true;
  const said = isPair ? encoderDecoder(model, unsupported) : single(model, tensors, unsupported);
  expectKeys(unsupported, "batch", size, ["steps", "batch", ...(isPair ? ["source"] : [])]);
  if (training) {
    expectKeys(unsupported, "training", training, trainingWords);
    expectWord(unsupported, "optimizer", training.optimizer, ["sgd", "adam"]);
  }
  if (unsupported.length > 0) return { unsupported };
  const { steps, batch, source: sourceSteps } = size;
  for (const [name, count] of Object.entries({ steps, batch, ...(isPair && { source: sourceSteps }) })) {
    if (!isSize(count)) refuse(`"batch"'s ${name}`, brief(count), "a whole number of 1 or more");
  }
  const sizes = { steps, batch, sourceSteps } as Pick<Model, "steps" | "batch" | "sourceSteps">;
  const config = checked('metadata "model"', () => networkConfig(said()));
  const parameters = fromStateDict(config, tensors, "parameter.");
  const trained = training && trainingOf(training, config);
  checkTensors(config, sizes, trained, tensors);
  return {
    ...{ ...sizes, config, parameters, tensors, training: trained },
    // The sLSTM's h is a quotient that exp(b_i) cancels out of: b_i has no gradient, and Adam makes whole steps of what
    // rounding leaves there.
    isMeaningless(name, index) {
      if (trained?.optimizer !== "adam") return false;
      return config.layers.some(
        ({ cell, hidden }, number) =>
          cell === modelCells.slstm?.cell && name === `after.rnn.${number}.bias` && index < hidden,
      );
    },
  };
}

const modelWords = [
  "inputs",
  "embedding",
  "tied",
  "layers",
  "outputs",
  "outputBias",
  "readout",
  "loss",
  "delta",
  "input",
];
const layerWords = ["cell", "hidden", "bias", "activation", "bidirectional", "projection"];
const encoderDecoderWords = ["encoderDecoder", "cell", "inputs", "embedding", "hidden", "outputs"];
const trainingWords = ["optimizer", "learningRate", "steps", "frozen", "learningRates", "carry"];

/** Notes what the file says and this reader does not know. */
function expectKeys(unsupported: string[], what: string, words: Words, known: readonly string[]): void {
  for (const key of Object.keys(words)) {
    if (!known.includes(key)) unsupported.push(`${what}'s ${key.slice(0, mostQuoted)}`);
  }
}

function single(model: Words, tensors: Model["tensors"], unsupported: string[]): () => PartsOptions {
  expectKeys(unsupported, "model", model, modelWords);
  const { inputs, embedding: width, tied = false, outputs, outputBias = true, readout, loss, delta } = model;
  const layers: readonly unknown[] = Array.isArray(model.layers) ? model.layers : refuseLayers(model.layers);
  for (const words of layers) {
    if (!isWords(words)) refuseLayers(words);
    expectWord(unsupported, "cell", words.cell, Object.keys(modelCells));
    const isOwn = modelCells[String(words.cell)]?.own !== undefined; // which is of one direction, with biases
    expectKeys(unsupported, "layer", words, isOwn ? ["cell", "hidden"] : layerWords);
  }
  expectWord(unsupported, "readout", readout, Object.keys(readouts));
  expectWord(unsupported, "loss", loss, Object.keys(losses));
  const areTokens = tensors.has("tokens");
  const count = inputs as number;
  return () => ({
    input: width !== undefined ? embedding(count, width as number) : areTokens ? tokens(count) : features(count),
    layers: layers.map((words) => {
      const { cell, hidden, ...options } = words as Words;
      return layer(modelCells[cell as string]!.cell, hidden as number, options);
    }),
    readout: readouts[readout as keyof typeof readouts](outputs as number, {
      bias: outputBias as boolean,
      tied: tied as boolean,
    }),
    loss: losses[loss as string]!(delta),
  });
}

function refuseLayers(got: unknown): never {
  refuse('"model"\'s layers', brief(got), "an array of objects");
}

function encoderDecoder(model: Words, unsupported: string[]): () => PartsOptions {
  expectKeys(unsupported, "model", model, encoderDecoderWords);
  expectWord(unsupported, "cell", model.cell, Object.keys(modelCells));
  const { cell, inputs, embedding: width, hidden, outputs } = model as Record<string, number>;
  return () => {
    const side = { input: embedding(inputs!, width!), layers: [layer(modelCells[String(cell)]!.cell, hidden!)] };
    return { ...side, encoder: side, readout: everyStep(outputs!) };
  };
}

function trainingOf(training: Words, config: PartsConfig): ModelTraining {
  const { optimizer, steps, learningRate, frozen = [], learningRates = {}, carry = false } = training;
  if (!isSize(steps)) refuse('"training"\'s steps', brief(steps), "a whole number of 1 or more");
  if (typeof carry !== "boolean") refuse('"training"\'s carry', brief(carry), "true or false");
  if (!Array.isArray(frozen) || !frozen.every((name) => typeof name === "string")) {
    refuse('"training"\'s frozen', brief(frozen), "names");
  }
  if (!isWords(learningRates)) refuse('"training"\'s learningRates', brief(learningRates), "rates by name");
  for (const rate of [learningRate, ...Object.values(learningRates)]) {
    if (!Number.isFinite(rate)) refuse("a learning rate", brief(rate), "a finite number");
  }
  const names = [...theirNames(config)];
  const own = Object.entries(learningRates);
  const rates = names.flatMap(([ours, theirs]) => {
    const [, rate] = own.find(([name]) => theirs.startsWith(name)) ?? [];
    return rate === undefined ? [] : [[ours, rate as number] as const];
  });
  const still = names.filter(([, theirs]) => frozen.some((name) => theirs.startsWith(name)));
  return {
    ...{ optimizer: optimizer as ModelTraining["optimizer"], learningRate: learningRate as number, steps, carry },
    ...{ frozen: new Set(still.map(([ours]) => ours)), rates: new Map(rates) },
  };
}

/** Holds the shapes of what is given against what the file says. */
function checkTensors(
  { input, layers, encoder, readout, loss }: PartsConfig,
  { steps, batch, sourceSteps }: Pick<Model, "steps" | "batch" | "sourceSteps">,
  training: ModelTraining | undefined,
  tensors: Model["tensors"],
): void {
  const given = (name: string, shape: number[], type: "F32" | "I32") => {
    expectTensor(tensors, name, shape, type);
    const again = `training.${name === "tokens" ? "inputs" : name}`;
    if (training) expectTensor(tensors, again, [training.steps, ...shape], type);
  };
  const time = [steps, batch];
  if (input.kind === "features") given("inputs", [...time, input.width], "F32");
  else given(encoder ? "inputs" : "tokens", time, "I32");
  if (encoder) given("source", [sourceSteps!, batch], "I32");
  const rows = readout.kind === "every-step" ? time : [batch];
  if (loss === "cross-entropy") given("targets", rows, "I32");
  else given("targets", [...rows, readout.outputs as number], "F32"); // no file reads h itself
  if (tensors.has("weights")) expectTensor(tensors, "weights", rows, "F32");
  if (training && tensors.has("weights")) refuse('"training"', "of weighted rows", "none");
  for (const name of ["h0", "c0"]) {
    if (tensors.has(name)) expectTensor(tensors, name, [1, batch, layers[0]!.hidden], "F32");
  }
  if (training) expectTensor(tensors, "expected.losses", [training.steps], "F32");
}
