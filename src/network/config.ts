// What a user says of a network, checked and completed.

import { type CellOptions, cellNames, cellOf, choicesOf, type NamedCell, nameOfCell } from "../cells/cells";
import type { ValueLoss } from "../losses/define-loss";

export interface NetworkOptions extends NamedCell {
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
  loss?: "cross-entropy" | "mean-squared-error" | ValueLoss;
  /** Cross-entropy: the share of each target that is spread over all classes. Default 0. */
  labelSmoothing?: number;
  /** Cross-entropy: what each class counts. Default 1 each. */
  classWeights?: readonly number[];
  /** The share of h that is dropped between layers while training, from 0 to below 1. Default 0. */
  dropout?: number;
  /**
   * How W and V begin: uniform in ±1/√hidden, as PyTorch has it, or as Glorot and Bengio (2010) have it, with biases of
   * zero. Default "uniform".
   */
  initializer?: "uniform" | "glorot";
  /** How U begins, gate by gate: like W, or orthogonal (Saxe et al. 2014). Default "uniform". */
  recurrentInitializer?: "uniform" | "glorot" | "orthogonal";
  /** What an LSTM's forget gate has for its bias at first. Without it, as the other biases. */
  forgetBias?: number;
  /** Seed of the initial parameters, and of dropout. Default 1. */
  seed?: number;
}

/** Those of other cells are not there. */
type WithoutDefault = "classWeights" | "forgetBias" | keyof CellOptions;

export type NetworkConfig = Readonly<
  Required<Omit<NetworkOptions, WithoutDefault>> & Pick<NetworkOptions, WithoutDefault>
>;

const sizes = ["inputs", "hidden", "outputs"];
const mostLayers = 1000;

const choices = {
  input: ["tokens", "features"],
  readout: ["every-step", "last-step"],
  initializer: ["uniform", "glorot"],
  recurrentInitializer: ["uniform", "glorot", "orthogonal"],
} as const;

const lossNames = ["cross-entropy", "mean-squared-error"];

const defaults = {
  layers: 1,
  bidirectional: false,
  loss: "cross-entropy",
  labelSmoothing: 0,
  dropout: 0,
  initializer: "uniform",
  recurrentInitializer: "uniform",
  seed: 1,
} as const;

/**
 * Checks and completes options.
 * @throws where an option is missing, unknown or out of range, with what was got and expected.
 */
export function networkConfig(options: NetworkOptions): NetworkConfig {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new Error(`Network: options is ${shown(options)}, expected an object; pass what the network is to be.`);
  }
  expectCell(options.cell);
  const words: Readonly<Record<string, readonly string[]>> = { ...choices, ...choicesOf(options) };
  const cellDefaults = Object.entries(choicesOf(options)).map(([name, [first]]) => [name, first]);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const config: NetworkConfig = { ...defaults, ...Object.fromEntries([...cellDefaults, ...given]) };
  for (const [name, allowed] of Object.entries(words)) expectWord(name, config[name as keyof NetworkConfig], allowed);
  expectLoss(config.loss);
  for (const name of ["inputs", "hidden", "outputs"] as const) expectSize("Network", name, config[name]);
  expectSize("Network", "layers", config.layers, mostLayers);
  expectSeed("Network", config.seed);
  expectSwitch("Network", "bidirectional", config.bidirectional);
  const { labelSmoothing, classWeights, dropout, layers, forgetBias, loss } = config;
  const cell = nameOfCell(config);
  if (!isBetween(labelSmoothing, 0, 1)) {
    throw new Error(`Network: labelSmoothing is ${shown(labelSmoothing)}, expected a number from 0 to 1.`);
  }
  if (!isBetween(dropout, 0, 1) || dropout === 1) {
    throw new Error(`Network: dropout is ${shown(dropout)}, expected a number from 0 to below 1.`);
  }
  if (dropout > 0 && layers === 1) {
    throw new Error(`Network: dropout is ${dropout} with 1 layer, expected 0; it acts between layers: add one.`);
  }
  if (forgetBias !== undefined && cellOf(config).forgetGate === undefined) {
    throw new Error(
      `Network: forgetBias is ${shown(forgetBias)} for cell "${cell}", expected none; that cell has no forget gate: leave it out.`,
    );
  }
  if (forgetBias !== undefined && !Number.isFinite(forgetBias)) {
    throw new Error(`Network: forgetBias is ${shown(forgetBias)}, expected a finite number.`);
  }
  const { recurrent = "full" } = cellOf(config);
  if (recurrent !== "full" && config.recurrentInitializer !== "uniform") {
    throw new Error(
      `Network: recurrentInitializer is "${config.recurrentInitializer}" for cell "${cell}", expected "uniform"; units of that cell do not meet, so that it has no matrix U: leave it out.`,
    );
  }
  if (classWeights !== undefined) expectWeights(classWeights, config.outputs);
  if (loss !== "cross-entropy" && (classWeights || labelSmoothing > 0)) {
    const name = classWeights ? "classWeights" : "labelSmoothing";
    throw new Error(`Network: ${name} is given with loss "${nameOfLoss(config)}", which has no classes; leave it out.`);
  }
  const known = ["cell", ...sizes, ...Object.keys(words), ...Object.keys(defaults), "classWeights", "forgetBias"];
  expectKnown(`Network of cell "${cell}"`, Object.fromEntries(given), [...new Set(known)]);
  return config;
}

/** One of the library's, by name, or one that `defineCell` made, which must not be called as one of those is: in files they are names. */
function expectCell(cell: unknown): void {
  if (typeof cell !== "object" || cell === null || !("gpu" in cell) || !("name" in cell)) {
    expectWord("cell", cell, cellNames);
  } else if (cellNames.some((name) => name === cell.name)) {
    throw new Error(
      `Network: the cell that was defined is called "${cell.name}", as the library's own; give it another name, or pass cell: "${cell.name}".`,
    );
  }
}

/** What a loss is called. */
export const nameOfLoss = ({ loss }: Pick<NetworkConfig, "loss">): string =>
  typeof loss === "string" ? loss : loss.name;

/** Likewise of losses. */
function expectLoss(loss: unknown): void {
  if (typeof loss !== "object" || loss === null || !("source" in loss) || !("name" in loss)) {
    const got = typeof loss === "function" ? "a function: call it" : shown(loss);
    const words = lossNames.map((name) => `"${name}"`).join(" or ");
    if (!lossNames.some((name) => name === loss)) {
      throw new Error(`Network: loss is ${got}, expected ${words}, or what one of defineLoss answers.`);
    }
  } else if (lossNames.some((name) => name === loss.name)) {
    throw new Error(
      `Network: the loss that was defined is called "${loss.name}", as the library's own; give it another name, or pass loss: "${loss.name}".`,
    );
  }
}

function expectWord(name: string, value: unknown, words: readonly string[]): void {
  if (words.some((word) => word === value)) return;
  const expected = words.map((word) => `"${word}"`).join(" or ");
  throw new Error(`Network: ${name} is ${shown(value)}, expected ${expected}.`);
}

function expectWeights(weights: unknown, outputs: number): void {
  const got = Array.isArray(weights) ? brief(`[${weights.slice(0, 20).map(shown).join(", ")}]`) : shown(weights);
  if (!Array.isArray(weights) || weights.length !== outputs || !weights.every((weight) => isBetween(weight, 0, 1e30))) {
    throw new Error(
      `Network: classWeights is ${got}, expected an array of ${outputs} numbers from 0 up, one an output.`,
    );
  }
}

const isBetween = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && value >= least && value <= most;

const brief = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A value for a message, short whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(brief(value));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : brief(String(value));
}

/** @throws unless `value` is an integer from 1 up, and up to `most` where one is given. */
export function expectSize(operation: string, name: string, value: unknown, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? "from 1 up" : `from 1 to ${most}`;
    throw new Error(`${operation}: ${name} is ${shown(value)}, expected an integer ${range}.`);
  }
}

/** @throws unless `value` is true, false or not given. */
export function expectSwitch(operation: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new Error(`${operation}: ${name} is ${shown(value)}, expected true or false.`);
  }
}

/** @throws unless `value` is an integer from 0 to 2³² − 1. */
export function expectSeed(operation: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff) {
    throw new Error(`${operation}: seed is ${shown(value)}, expected an integer from 0 to 4294967295.`);
  }
}

/** @throws where `options` has a name that is not known. */
export function expectKnown(operation: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new Error(`${operation}: unknown option ${shown(name)}, expected one of ${known.join(", ")}.`);
    }
  }
}

/** D: 2 where a network also reads from the last step to the first. */
export const directionsOf = ({ bidirectional }: NetworkConfig): number => (bidirectional ? 2 : 1);
