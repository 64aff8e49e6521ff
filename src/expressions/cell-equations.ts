// The equations of a cell of one's own, as one writes them.

import type { Expression } from "./expression";

type Values<Name extends string> = Readonly<Record<Name, Expression>>;

/** What U of a gate multiplies in place of h₋₁. */
export type Projection<Gate extends string, State extends string, Parameter extends string> = (
  gates: Values<Gate>,
  states: Values<State>,
  parameters: Values<Parameter>,
) => Expression;

/**
 * One unit of one row at one step. Units meet one another in the gates alone.
 *
 * `projects` and `apart` are for the two GRUs; they need a `recurrent` of "full".
 */
export interface CellEquations<
  Gate extends string = string,
  State extends string = string,
  Parameter extends string = never,
  Apart extends string = never,
> {
  /** Letters, digits, - and _. */
  readonly name: string;
  /** Blocks of a = x·W + h₋₁·U + b. */
  readonly gates: readonly Gate[];
  /** [batch, hidden] each, zero at first. The first one is h, the cell's output. */
  readonly states: readonly State[];
  /** Parameters of the cell's own: a number a unit each. */
  readonly parameters?: Readonly<Record<Parameter, "unit">>;
  /** How gates meet the past: by a full U, by one number a unit (a = x·W + u ⊙ h₋₁ + b), or not at all. Default "full". */
  readonly recurrent?: Recurrent;
  /** By name: h₋₁·U + b of a gate, which is then not part of that gate, with a bias of its own. It is among the gates of `step`. */
  readonly apart?: Readonly<Record<Apart, Gate>>;
  /** By gate: what its U multiplies in place of h₋₁, of gates that have no entry here. */
  readonly projects?: Readonly<Partial<Record<Gate, Projection<NoInfer<Gate>, NoInfer<State>, NoInfer<Parameter>>>>>;
  /**
   * The states after the step. It is called once, with symbols.
   * @param states before the step
   */
  step(
    gates: Values<NoInfer<Gate> | NoInfer<Apart>>,
    states: Values<NoInfer<State>>,
    parameters: Values<NoInfer<Parameter>>,
  ): Values<NoInfer<State>>;
}

export type Recurrent = "full" | "unit" | "none";

/** Those of any names. */
export type AnyCellEquations = CellEquations<string, string, string, string>;
