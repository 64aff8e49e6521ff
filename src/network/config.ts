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
  const config = { activation: "tanh", loss: "cross-entropy", seed: 1, ...options } as const;
  for (const [name, allowed] of Object.entries(choices)) {
    const got = config[name as keyof typeof choices];
    if (!(allowed as readonly string[]).includes(got)) {
      throw new Error(
        `Network: ${name} is ${JSON.stringify(got)}, expected ${allowed.map((word) => `"${word}"`).join(" or ")}.`,
      );
    }
  }
  for (const name of ["inputs", "hidden", "outputs"] as const) expectSize("Network", name, config[name]);
  if (!Number.isInteger(config.seed)) throw new Error(`Network: seed is ${config.seed}, expected an integer.`);
  const known = [...Object.keys(choices), "inputs", "hidden", "outputs", "seed"];
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new Error(`Network: unknown option "${name}", expected one of ${known.join(", ")}.`);
  }
  return config;
}

/** @throws unless `value` is an integer from 1 up. */
export function expectSize(operation: string, name: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new Error(`${operation}: ${name} is ${String(value)}, expected an integer from 1 up.`);
  }
}
