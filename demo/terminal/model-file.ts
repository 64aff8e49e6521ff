// Reads a recording of a whole model as PyTorch computes it; test/models/README.md describes the format. The file is not
// trusted.

import {
  binaryCrossEntropy,
  embedding,
  everyStep,
  features,
  huber,
  type Input,
  type Layer,
  lastStep,
  layer,
  meanAbsoluteError,
  networkConfig,
  type ParameterValues,
  type PartsConfig,
  type PartsOptions,
  type Readout,
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

/** A network of a model. */
export interface ModelNetwork {
  /** How the names of its parameters begin: "", or "encoder." and "decoder.". */
  readonly prefix: string;
  readonly config: PartsConfig;
  readonly steps: number;
  /** What it reads, in the file. */
  readonly inputs: "tokens" | "inputs" | "source";
  /** Whether its outputs are the model's; an encoder has none. */
  readonly hasOutputs: boolean;
  /** By the library's names. */
  readonly parameters: ParameterValues;
}

export interface ModelTraining {
  readonly optimizer: "sgd" | "adam";
  readonly steps: number;
  /** The final state is the next step's initial state. */
  readonly carry: boolean;
  /** By each parameter's prefix and the library's name: its learning rate, or 0 where it is frozen. */
  readonly rates: ReadonlyMap<string, number>;
}

export interface Model {
  /** One, or an encoder and a decoder, which begins with the encoder's final state. */
  readonly networks: readonly ModelNetwork[];
  readonly batch: number;
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
  const parts =
    model.encoderDecoder === true ? encoderDecoder(model, unsupported) : single(model, tensors, unsupported);
  expectKeys(unsupported, "batch", size, ["steps", "batch", ...(parts.length > 1 ? ["source"] : [])]);
  if (training) {
    expectKeys(unsupported, "training", training, trainingWords);
    expectWord(unsupported, "optimizer", training.optimizer, ["sgd", "adam"]);
  }
  if (unsupported.length > 0) return { unsupported };
  const { batch } = size;
  const networks = parts.map(({ said, prefix, inputs, hasOutputs }): ModelNetwork => {
    const steps = inputs === "source" ? size.source : size.steps;
    if (!isSize(steps) || !isSize(batch)) {
      refuse('"batch"', `steps ${brief(steps)}, batch ${brief(batch)}`, "whole numbers of 1 or more");
    }
    const config = checked('metadata "model"', () => networkConfig(said()));
    const parameters = fromStateDict(config, hasOutputs, tensors, `parameter.${prefix}`);
    return { prefix, config, steps, inputs, hasOutputs, parameters };
  });
  const trained = training && trainingOf(training, networks);
  checkTensors(networks, batch as number, trained, tensors);
  return {
    ...{ networks, batch: batch as number, tensors, training: trained },
    // The sLSTM's h is a quotient that exp(b_i) cancels out of: b_i has no gradient, and Adam makes whole steps of what
    // rounding leaves there.
    isMeaningless(name, index) {
      if (trained?.optimizer !== "adam") return false;
      return networks.some(({ prefix, config: { layers } }) =>
        layers.some(
          ({ cell, hidden }, number) =>
            cell === modelCells.slstm?.cell && name === `after.${prefix}rnn.${number}.bias` && index < hidden,
        ),
      );
    },
  };
}

interface Said extends Pick<ModelNetwork, "prefix" | "inputs" | "hasOutputs"> {
  said(): { input: Input; layers: Layer[]; readout: Readout; loss: LossPart };
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

function single(model: Words, tensors: Model["tensors"], unsupported: string[]): Said[] {
  expectKeys(unsupported, "model", model, modelWords);
  const { inputs, embedding: width, tied = false, outputs, outputBias = true, readout, loss, delta } = model;
  const layers: readonly unknown[] = Array.isArray(model.layers) ? model.layers : refuseLayers(model.layers);
  for (const words of layers) {
    if (!isWords(words)) refuseLayers(words);
    expectKeys(unsupported, "layer", words, layerWords);
    expectWord(unsupported, "cell", words.cell, Object.keys(modelCells));
  }
  expectWord(unsupported, "readout", readout, Object.keys(readouts));
  expectWord(unsupported, "loss", loss, Object.keys(losses));
  const areTokens = tensors.has("tokens");
  const count = inputs as number;
  return [
    {
      ...{ prefix: "", inputs: areTokens ? "tokens" : "inputs", hasOutputs: true },
      said: () => ({
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
      }),
    },
  ];
}

function refuseLayers(got: unknown): never {
  refuse('"model"\'s layers', brief(got), "an array of objects");
}

function encoderDecoder(model: Words, unsupported: string[]): Said[] {
  expectKeys(unsupported, "model", model, encoderDecoderWords);
  expectWord(unsupported, "cell", model.cell, Object.keys(modelCells));
  const { cell, inputs, embedding: width, hidden, outputs } = model as Record<string, number>;
  const said = (readout: Readout) => () => ({
    input: embedding(inputs!, width!),
    layers: [layer(modelCells[String(cell)]!.cell, hidden!)],
    readout,
    loss: "cross-entropy" as const,
  });
  return [
    { prefix: "encoder.", inputs: "source", hasOutputs: false, said: said(lastStep(1, { bias: false })) },
    { prefix: "decoder.", inputs: "inputs", hasOutputs: true, said: said(everyStep(outputs!)) },
  ];
}

function trainingOf(training: Words, networks: readonly ModelNetwork[]): ModelTraining {
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
  const rateOf = (theirs: string): number => {
    if (frozen.some((name) => theirs.startsWith(name))) return 0;
    return (Object.entries(learningRates).find(([name]) => theirs.startsWith(name))?.[1] ?? learningRate) as number;
  };
  const rates = networks.flatMap(({ prefix, config, hasOutputs }) =>
    [...theirNames(config, hasOutputs)].map(([ours, theirs]) => [prefix + ours, rateOf(prefix + theirs)] as const),
  );
  return { optimizer: optimizer as ModelTraining["optimizer"], steps, carry, rates: new Map(rates) };
}

/** Holds the shapes of what is given against what the file says. */
function checkTensors(
  networks: readonly ModelNetwork[],
  batch: number,
  training: ModelTraining | undefined,
  tensors: Model["tensors"],
): void {
  const given = (name: string, shape: number[], type: "F32" | "I32") => {
    expectTensor(tensors, name, shape, type);
    const again = `training.${name === "tokens" ? "inputs" : name}`;
    if (training) expectTensor(tensors, again, [training.steps, ...shape], type);
  };
  for (const { config, steps, inputs, hasOutputs } of networks) {
    const { input, readout, loss } = config;
    const time = [steps, batch];
    if (input.kind === "features") given(inputs, [...time, input.width], "F32");
    else given(inputs, time, "I32");
    if (!hasOutputs) continue;
    const rows = readout.kind === "every-step" ? time : [batch];
    if (loss === "cross-entropy") given("targets", rows, "I32");
    else given("targets", [...rows, readout.outputs], "F32");
    if (tensors.has("weights")) expectTensor(tensors, "weights", rows, "F32");
    if (training && tensors.has("weights")) refuse('"training"', "of weighted rows", "none");
  }
  const [first] = networks;
  for (const name of ["h0", "c0"]) {
    if (tensors.has(name)) expectTensor(tensors, name, [1, batch, first!.config.layers[0]!.hidden], "F32");
  }
  if (training) expectTensor(tensors, "expected.losses", [training.steps], "F32");
}
