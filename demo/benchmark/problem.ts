// What every engine is given to compute: a network with its initial values, one batch, and a learning rate.

import {
  type CellName,
  initialParameters,
  networkConfig,
  type ParameterValues,
  type UniformOptions,
} from "../../src/index";

import type { Work } from "./engines/names";

export interface Shape {
  batch: number;
  steps: number;
  hidden: number;
  symbols: number;
}

/** From one sequence at a time to what fills a GPU. */
export const shapes = {
  S: { batch: 1, steps: 25, hidden: 100, symbols: 64 },
  M: { batch: 32, steps: 64, hidden: 128, symbols: 64 },
  L: { batch: 64, steps: 128, hidden: 256, symbols: 64 },
  XL: { batch: 64, steps: 64, hidden: 512, symbols: 64 },
} as const satisfies Record<string, Shape>;

export interface Problem {
  cell: CellName;
  shape: Shape;
  /** By this library's names: W [I, G·H], U [H, G·H], b [G·H], V [H, K], b_o [K]. */
  parameters: ParameterValues;
  /** Tokens, time-major: [steps, batch] each. */
  inputs: Int32Array;
  targets: Int32Array;
  /** α of plain gradient descent on the mean loss of all targets. */
  learningRate: number;
}

/** The network of a problem, as this library's options. */
export const networkOf = (cell: CellName, { hidden, symbols }: Shape) =>
  ({
    cell,
    inputs: symbols,
    hidden,
    outputs: symbols,
    input: "tokens",
    readout: "every-step",
    loss: "cross-entropy",
    seed: 1,
  }) as const satisfies UniformOptions;

/** The same for every engine and at every run. */
export function problemOf(cell: CellName, shape: Shape): Problem {
  const { batch, steps, symbols } = shape;
  const token = (i: number) => (i * 7919 + ((i * i) % 101)) % symbols; // any fixed pattern will do
  return {
    cell,
    shape,
    parameters: initialParameters(networkConfig(networkOf(cell, shape))),
    inputs: Int32Array.from({ length: steps * batch }, (_, i) => token(i)),
    targets: Int32Array.from({ length: steps * batch }, (_, i) => token(i + batch)),
    learningRate: 4, // so that the third loss tells when a gradient is missing
  };
}

const gates = { elman: 1, gru: 3, lstm: 4 };

/**
 * Floating-point operations of the matrix products in one training step, a mul-add counting 2: h·U, da·Uᵀ and
 * Σ hᵀ·da of every gate, h·V, do·Vᵀ and Σ hᵀ·do; of a prediction h·U and h·V. Tokens need no product with W.
 */
export function flopsOf(cell: CellName, { batch, steps, hidden, symbols }: Shape, work: Work = "train"): number {
  return 2 * steps * batch * (work === "train" ? 3 : 1) * hidden * (gates[cell] * hidden + symbols);
}
