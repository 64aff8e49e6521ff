// Reads a recording of what PyTorch computes; test/recordings/README.md describes the format. The file is not trusted.

import {
  adam,
  adamw,
  fromPyTorch,
  initialParameters,
  networkConfig,
  type ReferenceOptimizerOptions,
  readSafetensors,
  rmsprop,
  sgd,
  type TensorData,
  type UniformConfig,
  type UniformOptions,
} from "../../src/index";
import { brief, checked, expectTensor, expectWord, isSize, jsonOf, refuse, type Words } from "./recording-metadata";

export interface Recording {
  network: UniformConfig;
  steps: number;
  batch: number;
  /** `carry`: the final state is the next step's initial state. */
  training: { steps: number; optimizer: ReferenceOptimizerOptions; carry: boolean } | undefined;
  tensors: Map<string, TensorData>;
  /** Whether a number of a tensor means nothing: outputs past a sequence's end. */
  isMeaningless(name: string, index: number): boolean;
}

type Tensors = Recording["tensors"];

const optimizers = { sgd, rmsprop, adam, adamw };

/**
 * @returns the recording, or in words what the library has not got of it.
 * @throws where the bytes are no safetensors file, or no recording.
 */
export function readRecording(bytes: Uint8Array): Recording | { unsupported: string[] } {
  const { metadata, tensors } = readSafetensors(bytes);
  const { format, version } = metadata;
  if (format !== "recurrent-recording" || version !== "1") {
    refuse("the file's format", brief(`${format} ${version}`), '"recurrent-recording 1"', "give a recording");
  }
  const { scale: _, ...network } = jsonOf(metadata, "network"); // of the initial values, which are in the file
  const { steps, batch } = jsonOf(metadata, "batch");
  const training = metadata.training === undefined ? undefined : jsonOf(metadata, "training");
  const optimizer = (training?.optimizer ?? {}) as Words;
  const unsupported: string[] = [];
  const known = (what: string, word: unknown, words: string[]) => expectWord(unsupported, what, word, words);
  known("cell", network.cell, ["elman", "gru", "lstm"]);
  known("input", network.input, ["tokens", "features"]);
  known("readout", network.readout, ["every-step", "last-step"]);
  known("loss", network.loss, ["cross-entropy", "mean-squared-error"]);
  if (training) known("optimizer", optimizer.kind, Object.keys(optimizers));
  if (unsupported.length > 0) return { unsupported };
  const config = checked('metadata "network"', () => networkConfig(network as unknown as UniformOptions));
  if (!isSize(steps) || !isSize(batch)) {
    refuse('"batch"', `steps ${brief(steps)}, batch ${brief(batch)}`, "whole numbers of 1 or more");
  }
  checkTensors(config, steps, batch, tensors);
  const lengths = config.readout === "every-step" ? tensors.get("lengths")?.data : undefined;
  return {
    ...{ network: config, steps, batch, tensors, training: training && trainingOf(training, optimizer, tensors) },
    isMeaningless(name, index) {
      if (!lengths || !(name === "expected.logits" || name === "expected.probabilities")) return false;
      const row = Math.floor(index / config.outputs);
      return Math.floor(row / batch) >= lengths[row % batch]!;
    },
  };
}

/** Holds the shapes of what is given, and of the parameters, against what the file says. */
function checkTensors(config: UniformConfig, steps: number, batch: number, tensors: Tensors): void {
  const { inputs, hidden, outputs, layers, bidirectional } = config;
  const expect = (name: string, shape: number[], type: "F32" | "I32") => expectTensor(tensors, name, shape, type);
  const time = [steps, batch];
  if (config.input === "tokens") expect("tokens", time, "I32");
  else expect("inputs", [...time, inputs], "F32");
  const rows = config.readout === "every-step" ? time : [batch];
  if (config.loss === "cross-entropy") expect("targets", rows, "I32");
  else expect("targets", [...rows, outputs], "F32");
  if (tensors.has("lengths")) expect("lengths", [batch], "I32");
  const state = [layers * (bidirectional ? 2 : 1), batch, hidden];
  for (const name of ["h0", "c0"]) if (tensors.has(name)) expect(name, state, "F32");
  const parameters = checked("the parameters", () => fromPyTorch(tensors, namesOf(config)));
  for (const [size, name, axis] of [
    ["inputs", "layer0.inputWeight", 0],
    ["hidden", "layer0.recurrentWeight", 0],
    ["outputs", "outputBias", 0],
  ] as const) {
    const held = parameters.get(name)?.shape[axis];
    if (held !== config[size]) refuse(`"network"'s ${size}`, config[size], `${held}, as its parameters have`);
  }
  const missing = [...initialParameters(config).keys()].find((name) => !parameters.has(name));
  if (missing) refuse("the tensors", `of no "${missing}"`, "both biases of each layer, and that of the head");
}

function trainingOf(training: Words, optimizer: Words, tensors: Tensors): Recording["training"] {
  const { steps, clipNorm, clipValue, carry = false } = training;
  const losses = tensors.get("expected.losses")?.data.length ?? 0;
  if (steps !== losses) refuse('"training"\'s steps', brief(steps), `${losses}, one for each of expected.losses`);
  if (typeof carry !== "boolean") refuse('"training"\'s carry', brief(carry), "true or false");
  for (const name of ["inputs", "targets"]) {
    const all = tensors.get(`training.${name}`);
    const one = tensors.get(name) ?? tensors.get("tokens");
    if (!all || all.data.length === losses * one!.data.length) continue;
    refuse(
      `tensor "training.${name}"`,
      `of ${all.data.length} values`,
      `${losses} times the ${one!.data.length} of one`,
    );
  }
  const clips = Object.fromEntries(
    Object.entries({ clipNorm, clipValue }).filter(([name, limit]) => {
      if (limit && !(Number.isFinite(limit) && (limit as number) > 0)) {
        refuse(`"training"'s ${name}`, brief(limit), "a number above 0");
      }
      return limit;
    }),
  );
  const { kind, ...numbers } = optimizer as unknown as ReferenceOptimizerOptions;
  checked('metadata "training"', () => optimizers[kind](numbers));
  return { steps: losses, optimizer: { kind, ...numbers, ...clips }, carry };
}

/** A recording has PyTorch's names, whatever a GRU's reset. */
export const namesOf = ({ cell, layers, bidirectional }: UniformConfig) => ({ cell, layers, bidirectional });
