// What a user says of a network, checked and completed.

import { choicesOf, type NamedCell, nameOfCell } from "../cells/cells";
import { expectOptions, TempogradError } from "../errors";
import type { CrossEntropyOptions } from "../losses/cross-entropy";
import type { Loss, LossName } from "../losses/loss";
import { architectureOf, isParts, mostLayers } from "../parts/architecture";
import {
  type Beginning,
  expectBeginnings,
  expectCell,
  expectClasses,
  expectForgetBias,
  expectLoss,
} from "./config-checks";
import { expectKnown, expectShare, expectSize, expectSwitch, expectWord } from "./expect";
import { type PartsConfig, type PartsOptions, partsConfig } from "./parts-config";
import { completed, defaults } from "./plain";

/** A network of one kind of cell and one width. */
export interface UniformOptions extends NamedCell, CrossEntropyOptions, Beginning {
  /** Width of x: how many tokens there are, or how many features a step has. */
  inputs: number;
  /** H: width of h, in each layer and direction. */
  hidden: number;
  /** Width of o: classes, or values. */
  outputs: number;
  /** Layers, each reading the one below. Default 1. */
  layers?: number;
  /** Whether each layer also reads from the last step to the first. Default false. */
  bidirectional?: boolean;
  /** What a step reads: a token's number, or a vector of features. */
  input: "tokens" | "features";
  /** Where the output layer reads h: at every step, or after the last step of each sequence. */
  readout: "every-step" | "last-step";
  /** By name, or what `huber()`, `meanAbsoluteError()`, `binaryCrossEntropy()` or one of `defineLoss` answers. Default "cross-entropy". */
  loss?: LossName | Loss;
  /** The share of h that is dropped between layers while training, from 0 to below 1. Default 0. */
  dropout?: number;
  /** What an LSTM's forget gate has for its bias at first. Without it, as the other biases. */
  forgetBias?: number;
  /** Seed of the initial parameters, and of dropout. Default 1. */
  seed?: number;
}

/** What a network is to be: by its parts, or in the short form. */
export type NetworkOptions = UniformOptions | PartsOptions;

/** Those of other cells are not there. */
type WithoutDefault = "classWeights" | "forgetBias" | "activation" | "reset";

/** The short form, completed. */
export type UniformConfig = Readonly<
  Required<Omit<UniformOptions, WithoutDefault>> & Pick<UniformOptions, WithoutDefault>
>;

/** All that was said of a network, and the defaults of what was not. */
export type NetworkConfig = UniformConfig | PartsConfig;

const sizes = ["inputs", "hidden", "outputs"];

const choices = {
  input: ["tokens", "features"],
  readout: ["every-step", "last-step"],
} as const;

/**
 * Checks and completes options.
 * @throws where an option is missing, unknown or out of range, with what was got and expected.
 */
export function networkConfig(options: UniformOptions): UniformConfig;
export function networkConfig(options: PartsOptions): PartsConfig;
export function networkConfig(options: NetworkOptions): NetworkConfig;
export function networkConfig(options: NetworkOptions): NetworkConfig {
  expectOptions("Network", options);
  return isParts(options) ? partsConfig(options) : uniformConfig(options);
}

/** The short form alone. @throws as `networkConfig`. */
function uniformConfig(options: UniformOptions): UniformConfig {
  expectCell(options.cell);
  const words: Readonly<Record<string, readonly string[]>> = { ...choices, ...choicesOf(options) };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const config = completed(options);
  for (const [name, allowed] of Object.entries(words)) {
    expectWord("Network", name, config[name as keyof UniformConfig], allowed);
  }
  for (const name of ["inputs", "hidden", "outputs"] as const) expectSize("Network", name, config[name]);
  expectSize("Network", "layers", config.layers, mostLayers);
  expectSwitch("Network", "bidirectional", config.bidirectional);
  const { labelSmoothing, classWeights, dropout, layers, forgetBias, loss } = config;
  expectShare("Network", "dropout", dropout);
  if (dropout > 0 && layers === 1) {
    throw new TempogradError(
      "option",
      `Network: dropout is ${dropout} with 1 layer, expected 0; it acts between layers: add one.`,
    );
  }
  expectForgetBias(config, forgetBias);
  expectLoss(loss, config.outputs);
  expectClasses(config, config.outputs);
  if (loss !== "cross-entropy" && (classWeights || labelSmoothing > 0)) {
    const name = classWeights ? "classWeights" : "labelSmoothing";
    const cure = typeof loss === "object" && loss.targets === "classes" ? `crossEntropy({ ${name} })` : undefined;
    throw new TempogradError(
      "option",
      `Network: ${name} is given with loss "${nameOfLoss(config)}", ${cure ? `expected in it; write ${cure}` : "which has no classes; leave it out"}.`,
    );
  }
  const known = ["cell", ...sizes, ...Object.keys(words), ...Object.keys(defaults), "classWeights", "forgetBias"];
  expectKnown(`Network of cell "${nameOfCell(config)}"`, Object.fromEntries(given), [...new Set(known)]);
  expectBeginnings(config);
  return config;
}

/** What a loss is called. */
export const nameOfLoss = (config: NetworkConfig): string => architectureOf(config).loss.name;
