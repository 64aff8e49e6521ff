// What a recurrent cell is: to the GPU's sweeps through time, and to the reference's, with helpers for its equations.

import type { Recurrent } from "../expressions/cell-equations";
import type { Numbers } from "../reference/matmul";

/** A cell for the GPU. Its twin in float64 stands beside it, apart, so that who does not need one does not load it. */
export interface CellDefinition<Options = unknown> {
  /** Its own options and the words that each may be, the default first. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  gpu(options: Options): CellFacts;
}

/** What is known of a cell before its shader is there. */
export interface CellFacts {
  readonly name: string;
  /** G: blocks of H columns in a, W, U and b. */
  readonly gates: number;
  /** What its shader asks for. */
  readonly flags: Readonly<Record<string, boolean>>;
  /** S: states beside h. */
  readonly states: number;
  /** Its parameters of a number a unit, in the order in which they lie: P of them. */
  readonly unitParameters: readonly string[];
  /** How its gates meet h₋₁: by a full U [H, G·H], by a number a unit each, u [G, H], or not at all. */
  readonly recurrent: Recurrent;
  /** Whether h after a step is a line in h₋₁ with a slope that h has no say in: its shader then has `cellLine` and `cellSlope`. */
  readonly isLine?: boolean;
  /** Whether `cellBackward` answers a gradient that reaches h₋₁ beside the products. */
  readonly passesBeside?: boolean;
  /** The last gate's recurrent product: apart from its sum, or a second one, of what the cell made of h. */
  readonly candidate?: "apart" | "second";
  /** Whether, with "second", the way back reads what the cell made of h. */
  readonly readsCandidate?: boolean;
  /** Whether the way back reads sums of gates. */
  readonly readsSums?: boolean;
  /** The module of torch.nn that computes the same from the same parameters; without it, none does. */
  readonly pytorch?: "RNN" | "GRU" | "LSTM" | undefined;
  /** The gate, from 0, that says how much of the state beside h stays: `forgetBias` is its bias. */
  readonly forgetGate?: number;
}

/** What the GPU's sweeps need of a cell: its equations are in its shader, which stands in front of theirs. */
export interface Cell extends CellFacts {
  readonly source: string;
}

/** Whether units of a cell do not meet, so that `scan` sweeps it and not `recurrence`. */
export const isScanned = ({ recurrent }: CellFacts): boolean => recurrent !== "full";

/** What passes back beside h: its own, gradients of the other states, and sums of those of unit parameters and of u. */
export const carriesOf = ({ states, unitParameters, recurrent, gates }: CellFacts): number =>
  1 + states + unitParameters.length + (recurrent === "unit" ? gates : 0);

/** Of one row h [H] and the states beside it, one after the other [S·H], or the gradients in their places. */
export interface CellState {
  hidden: Numbers;
  cell: Numbers;
}

/**
 * What a cell multiplies its past with: U [H, G·H] or u [G, H], the GRU's b_hn [H], and its parameters of a number a unit,
 * one after the other [P·H]; what it has none of is empty.
 */
export interface CellWeights<T = Numbers> {
  recurrentWeight: T;
  recurrentBias: T;
  unitParameters: T;
  /** P [H, width of h], where h is projected. */
  projectionWeight?: T | undefined;
}

/** How a row's gradient leaves a step: to a_t [G·H], to h_{t−1} [H], to the states beside it [S·H]. */
export interface CellGradient extends CellState {
  preactivation: Numbers;
}

/** The equations of a cell, for one row at one step. a_t = x_t·W + b has G blocks of H columns, one for each gate. */
export interface ReferenceCell {
  /** G */
  gates: number;
  /** S: states beside h. */
  states: number;
  /** Whether the candidate's recurrent product has a bias of its own. */
  hasRecurrentBias: boolean;
  /** The state after a step, from a_t [G·H] and the state before it. */
  forward(preactivation: Numbers, before: CellState, weights: CellWeights): CellState;
  /**
   * The gradients of a step from those of the state after it, by all paths.
   * @param dWeights of U, b_hn and unit parameters, to which this step's share is added
   */
  backward(
    preactivation: Numbers,
    before: CellState,
    weights: CellWeights,
    dAfter: CellState,
    dWeights: CellWeights<Float64Array>,
  ): CellGradient;
}

/** No states beside h, or no gradients of them. */
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
