// What a user says of a network, checked and completed.

import type { Activation } from "../ops/recurrence";

export interface NetworkOptions {
  cell: "elman";
  /** The cell's f. Default "tanh". */
  activation?: Activation;
  /** Width of x: how many tokens there are, or how many features a step has. */
  inputs: number;
  /** Width of h. */
  hidden: number;
  /** Width of o: classes, or values. */
  outputs: number;
  /** What a step reads: a token's number, or a vector of features. */
  input: "tokens" | "features";
  /** Where the output layer reads h: at every step, or after the last step of each sequence. */
  readout: "every-step" | "last-step";
  /** Default "cross-entropy". */
  loss?: "cross-entropy" | "mean-squared-error";
  /** Seed of the initial parameters. Default 1. */
  seed?: number;
}

export type NetworkConfig = Readonly<Required<NetworkOptions>>;

const choices = {
  cell: ["elman"],
  activation: ["tanh", "relu"],
  input: ["tokens", "features"],
  readout: ["every-step", "last-step"],
  loss: ["cross-entropy", "mean-squared-error"],
} as const;

/**
 * Checks and completes options.
 * @throws where an option is missing, unknown or out of range, with what was got and expected.
 */
export function networkConfig(options: NetworkOptions): NetworkConfig {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const config = {
    activation: "tanh",
    loss: "cross-entropy",
    seed: 1,
    ...(given as unknown as NetworkOptions),
  } as const;
  for (const [name, allowed] of Object.entries(choices)) {
    const got = config[name as keyof typeof choices];
    if (!(allowed as readonly string[]).includes(got)) {
      throw new Error(
        `Network: ${name} is ${JSON.stringify(got)}, expected ${allowed.map((word) => `"${word}"`).join(" or ")}.`,
      );
    }
  }
  for (const name of ["inputs", "hidden", "outputs"] as const) expectSize("Network", name, config[name]);
  expectSeed("Network", config.seed);
  expectKnown("Network", options, [...Object.keys(choices), "inputs", "hidden", "outputs", "seed"]);
  return config;
}

/** @throws unless `value` is an integer from 1 up. */
export function expectSize(operation: string, name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new Error(`${operation}: ${name} is ${String(value)}, expected an integer from 1 up.`);
  }
}

/** @throws unless `value` is an integer from 0 to 2³² − 1. */
export function expectSeed(operation: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff) {
    throw new Error(`${operation}: seed is ${String(value)}, expected an integer from 0 to 4294967295.`);
  }
}

/** @throws where `options` has a name that is not known. */
export function expectKnown(operation: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new Error(`${operation}: unknown option "${name}", expected one of ${known.join(", ")}.`);
    }
  }
}
