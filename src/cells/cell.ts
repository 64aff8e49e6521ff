// What a recurrent cell is: to the GPU's sweeps through time, and to the reference's, with helpers for its equations.

import type { Numbers } from "../reference/matmul";

/** A cell for the GPU. Its twin in float64 stands beside it, apart, so that who does not need one does not load it. */
export interface CellDefinition<Options = unknown> {
  /** Its own options and the words that each may be, the default first. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  gpu(options: Options): Cell;
}

/** What the GPU's sweeps need to know of a cell; its equations are in its shader, which stands in front of theirs. */
export interface Cell {
  readonly name: string;
  readonly source: string;
  /** G: blocks of H columns in a, W, U and b. */
  readonly gates: number;
  /** How a meets h₋₁: by U [H, G·H], by one number a unit and gate, u [G, H], or not at all. "full" unless given. */
  readonly recurrent?: "full" | "unit" | "none";
  /** What its shader asks for. */
  readonly flags: Readonly<Record<string, boolean>>;
  /** Whether it keeps a second state beside h. */
  readonly cellState?: boolean;
  /** Whether `cellBackward` answers a gradient that reaches h₋₁ beside the products. */
  readonly passesBeside?: boolean;
  /** The last gate's recurrent product: apart from its sum, or a second one, of what the cell made of h. */
  readonly candidate?: "apart" | "second";
  /** Whether, with "second", the way back reads what the cell made of h. */
  readonly readsCandidate?: boolean;
  /** The module of torch.nn that computes the same from the same parameters; without it, none does. */
  readonly pytorch?: "RNN" | "GRU" | "LSTM" | undefined;
  /** The gate, from 0, that says how much of the second state stays: `forgetBias` is its bias. */
  readonly forgetGate?: number;
}

/** h and c of one row, or the gradients in their places. c is the LSTM's; elsewhere it is empty. */
export interface CellState {
  hidden: Numbers;
  cell: Numbers;
}

/** What a cell multiplies its past with: U [H, G·H], u [G, H] or empty, and the GRU's b_hn [H]; elsewhere that is empty. */
export interface CellWeights<T = Numbers> {
  recurrentWeight: T;
  recurrentBias: T;
}

/** How a row's gradient leaves a step: to a_t [G·H], to h_{t−1} [H], to c_{t−1} [H] or empty. */
export interface CellGradient extends CellState {
  preactivation: Numbers;
}

/** The equations of a cell, for one row at one step. a_t = x_t·W + b has G blocks of H columns, one for each gate. */
export interface ReferenceCell {
  /** G */
  gates: number;
  /** Whether there is a c beside h. */
  hasCellState: boolean;
  /** Whether the candidate's recurrent product has a bias of its own. */
  hasRecurrentBias: boolean;
  /** The state after a step, from a_t [G·H] and the state before it. */
  forward(preactivation: Numbers, before: CellState, weights: CellWeights): CellState;
  /**
   * The gradients of a step from those of the state after it, by all paths.
   * @param dWeights dU and db_hn, to which this step's share is added
   */
  backward(
    preactivation: Numbers,
    before: CellState,
    weights: CellWeights,
    dAfter: CellState,
    dWeights: CellWeights<Float64Array>,
  ): CellGradient;
}

/** An empty c, or an empty gradient of one. */
export const noCellState = new Float64Array();

export const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));

/** σ′ where σ(a) = s. */
export const dSigmoid = (s: number): number => s * (1 - s);

/** tanh′ where tanh(a) = y. */
export const dTanh = (y: number): number => 1 - y * y;

/** sum [rows, columns] += column [rows] ⊗ row [columns] */
export function addOuterProduct(sum: Float64Array, column: Numbers, row: Numbers): void {
  for (let i = 0; i < column.length; i++) {
    for (let j = 0; j < row.length; j++) sum[i * row.length + j]! += column[i]! * row[j]!;
  }
}
