// The values of a cell of one's own: its equations called once with symbols.

import type { AnyCellEquations } from "./cell-equations";
import { type CellParts, expectStates } from "./cell-parts";
import { expectAnswer, symbols } from "./equations";
import { type Expression, Trace } from "./expression";

export type Values = Readonly<Record<string, Expression>>;

/** By name, in the order of the cell's parts; all of one trace. */
export interface CellValues {
  readonly gates: Values;
  readonly apart: Values;
  /** States before the step, as in `cBefore`. */
  readonly before: Values;
  readonly parameters: Values;
  /** States after it, by their own names. */
  readonly after: Values;
  /** What U multiplies, by the names of projections. */
  readonly projected: Values;
  /** Gradients of states after the step, and of projected values, by their own names. */
  readonly dAfter: Values;
  readonly dProjected: Values;
}

/** @throws where the equations ask for what is not there, or answer anything but what they should. */
export function cellValues(caller: string, equations: AnyCellEquations, parts: CellParts): CellValues {
  const trace = new Trace();
  const inputsOf = (names: readonly string[]): Values =>
    Object.fromEntries(names.map((name) => [name, trace.input(name)]));
  const gates = inputsOf(parts.gates.map(({ name }) => name));
  const apart = inputsOf(parts.apart.map(({ name }) => name));
  const before = inputsOf(parts.states.map((state) => state.before));
  const parameters = inputsOf(parts.parameters.map(({ name }) => name));
  // Made before the equations run, so that these cannot take their names.
  const dAfter = inputsOf(parts.states.map(({ gradient }) => gradient));
  const dProjected = inputsOf(parts.projections.map(({ gradient }) => gradient));

  const byState = parts.states.map((state) => [state.name, before[state.before]!] as const);
  const stateSymbols = symbols(caller, "state", byState);
  const parameterSymbols = symbols(caller, "parameter", Object.entries(parameters));
  const late = new Set(parts.projections.map(({ gate }) => gate));
  const early = Object.entries(gates).filter(([name]) => !late.has(name));
  const earlySymbols = symbols(caller, "gate of a projection", early);
  const projected: Values = Object.fromEntries(
    parts.projections.map(({ name, gate }) => {
      const value = equations.projects?.[gate]?.(earlySymbols, stateSymbols, parameterSymbols);
      return [name, expectAnswer(caller, `the projection of "${gate}"`, trace, value)];
    }),
  );
  const gateSymbols = symbols(caller, "gate", Object.entries({ ...gates, ...apart }));
  const after = expectStates(caller, parts, trace, equations.step(gateSymbols, stateSymbols, parameterSymbols));
  return { gates, apart, before, parameters, after, projected, dAfter, dProjected };
}
