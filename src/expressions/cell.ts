// A cell of one's own: its equations traced once, differentiated, and split into what forward and backward sweeps compute.

import { shown, TempogradError } from "../errors";
import type { AnyCellEquations, CellEquations, Recurrent } from "./cell-equations";
import { type CellParts, expectUse, partsOf } from "./cell-parts";
import { type CellValues, cellValues, type Values } from "./cell-values";
import { derivative } from "./derivative";
import { isZero } from "./equations";
import { type Compiled, compile } from "./evaluate";
import type { Expression } from "./expression";
import { type Formulas, formulas, type Given } from "./formulas";
import { nodesBelow } from "./graph";
import { keptValues } from "./kept";

/** What a sweep through time needs to know of a cell. Names are those in its formulas. */
export interface TracedCell extends CellParts {
  readonly name: string;
  readonly recurrent: Recurrent;
  /**
   * What forward stores for backward alone, a number a unit, row and step each, in the order in which it computes them. As a
   * rule no more than gates, so that they fit in the gates' place; of gates that `reads` names the place is not free.
   */
  readonly kept: readonly string[];
  /**
   * What backward reads of what is in memory anyway: names of gates (of a cell that meets its past with nothing, whose gates
   * are x·W + b), values apart, states before and after the step, and projected values.
   */
  readonly reads: Readonly<Record<"gates" | "apart" | "before" | "after" | "projections", readonly string[]>>;
  /** States after the step and kept values, of gates, values apart, states before and parameters. */
  readonly forward: Formulas;
  /**
   * Of kept values, what it `reads`, parameters, and gradients of states after the step: those of gates, of values apart, of
   * states before the step (beside what passes through U), and of parameters (of this row and step). What is 0 for certain
   * is not among them.
   */
  readonly backward: Formulas;
  /** Where something is projected. The gates' part of the past that it makes is known only after it. */
  readonly projection?: {
    /** What U multiplies. Gates that take the product are not among what it takes. */
    readonly forward: Formulas;
    /** Of gradients of what U multiplied: what is added to those that `backward` gives. */
    readonly backward: Formulas;
  };
  /** Where a step is a line: of a cell of h alone, without recurrence or parameters, whose slope in h₋₁ does not depend on it. */
  readonly line?: {
    /** h and its slope, which is the gradient of h₋₁ where that of h is 1, of gates and h₋₁. */
    readonly forward: Formulas;
    /** The slope, likewise, of what `backward` takes. */
    readonly backward: Formulas;
  };
  readonly twin: CellTwin;
}

/**
 * The same in float64. Each takes all gates, values apart, states before and parameters, in that order; backward also the
 * gradients of what forward gives, and gives those of all that forward takes.
 */
export interface CellTwin {
  readonly forward: Compiled;
  readonly backward: Compiled;
  /** Where something is projected. It reads no gate that takes the product. */
  readonly projection?: { readonly forward: Compiled; readonly backward: Compiled };
}

/**
 * Calls `step` once with symbols, and derives both sweeps from what it answers.
 *
 * @throws where a name is none in WGSL or stands for two things; where `step` answers anything but the states, each an
 *   expression of its arguments; where a gate, a value apart or a parameter is not used or has no derivative; where a state
 *   depends on no gate at any step.
 */
export function traceCell<
  const Gate extends string,
  const State extends string,
  const Parameter extends string = never,
  const Apart extends string = never,
>(equations: CellEquations<Gate, State, Parameter, Apart>): TracedCell {
  return tracedCell(equations as AnyCellEquations);
}

function tracedCell(equations: AnyCellEquations): TracedCell {
  const caller = `Cell ${shown(equations.name)}`;
  if (typeof equations.step !== "function") {
    const got = shown(equations.step);
    throw new TempogradError("definition", `${caller}: step is ${got}, expected a function that answers the states.`);
  }
  const parts = partsOf(caller, equations);
  const values = cellValues(caller, equations, parts);
  const { gates, apart, before, parameters, after, projected, dAfter, dProjected } = values;
  const inputs: Values = { ...gates, ...apart, ...before, ...parameters };
  const stepBack = derivative(after, seedsOf(parts.states, dAfter), inputs);
  const projectBack = derivative(projected, seedsOf(parts.projections, dProjected), inputs);
  expectUse(caller, parts, { inputs, after, projected, gradients: [stepBack, projectBack] });

  const gradients = { step: namedGradients(parts, stepBack), projection: namedGradients(parts, projectBack) };
  const recurrent = equations.recurrent ?? "full";
  const { kept, read } = whatIsKept(values, gradients, recurrent === "none");
  const keptByName: Values = Object.fromEntries(kept.map(({ name, value }) => [name, value]));
  const found = placesOf(read, values);

  const variables = new Map(parts.gates.map(({ name, variable }) => [name, variable]));
  const given = (known: Values): ReadonlyMap<string, Given> =>
    new Map(Object.entries(known).map(([name, value]) => [name, { value, variable: variables.get(name) ?? name }]));
  const givenForward = given(inputs);
  const givenBackward = new Map([
    ...given({
      ...found.before,
      ...found.parameters,
      ...found.apart,
      ...found.gates,
      ...found.after,
      ...found.projected,
    }),
    ...given({ ...dAfter, ...dProjected }),
    ...kept.map(({ name, value }) => [name, { value, variable: name }] as const),
  ]);

  const all = Object.values(inputs);
  const [h] = parts.states;
  const slope = { [h!.gradientBefore]: stepBack[h!.before]! };
  const steep = nodesBelow(Object.values(slope)).includes(before[h!.before]!);
  const isLine = recurrent === "none" && parts.states.length === 1 && parts.parameters.length === 0 && !steep;
  const withProjection = parts.projections.length > 0;
  return {
    ...parts,
    name: equations.name,
    recurrent,
    kept: Object.keys(keptByName),
    reads: {
      gates: Object.keys(found.gates),
      apart: Object.keys(found.apart),
      before: parts.states.filter((state) => state.before in found.before).map(({ name }) => name),
      after: Object.keys(found.after),
      projections: Object.keys(found.projected),
    },
    forward: formulas(caller, { ...after, ...keptByName }, givenForward),
    backward: formulas(caller, gradients.step, givenBackward),
    ...(withProjection && {
      projection: {
        forward: formulas(caller, projected, givenForward),
        backward: formulas(caller, gradients.projection, givenBackward),
      },
    }),
    ...(isLine && {
      line: {
        forward: formulas(caller, { ...after, ...slope }, new Map([...givenForward, ...given(dAfter)])),
        backward: formulas(caller, slope, givenBackward),
      },
    }),
    twin: {
      forward: compile(after, all),
      backward: compile(stepBack, [...all, ...Object.values(dAfter)]),
      ...(withProjection && {
        projection: {
          forward: compile(projected, all),
          backward: compile(projectBack, [...all, ...Object.values(dProjected)]),
        },
      }),
    },
  };
}

/** Gradients that come in, by the names of what they are of. */
const seedsOf = (parts: readonly { readonly name: string; readonly gradient: string }[], gradients: Values): Values =>
  Object.fromEntries(parts.map(({ name, gradient }) => [name, gradients[gradient]!]));

/** Those that are not 0 for certain, by their own names. */
function namedGradients(parts: CellParts, gradients: Values): Values {
  const names = new Map(
    [...parts.gates, ...parts.apart, ...parts.parameters].map(({ name, gradient }) => [name, gradient]),
  );
  for (const state of parts.states) names.set(state.before, state.gradientBefore);
  const entries = Object.entries(gradients).filter(([, value]) => !isZero(value));
  return Object.fromEntries(entries.map(([name, value]) => [names.get(name)!, value]));
}

/** @param gatesStay whether gates are in memory as their products left them */
function whatIsKept(
  values: CellValues,
  gradients: Readonly<Record<"step" | "projection", Values>>,
  gatesStay: boolean,
) {
  const { gates, apart, before, parameters, after, projected, dAfter, dProjected } = values;
  const inMemory = [gatesStay ? gates : {}, apart, before, projected, after].flatMap((some) => Object.values(some));
  const inRegisters = [parameters, dAfter, dProjected].flatMap((some) => Object.values(some));
  const ofProjection = Object.entries(gradients.projection).map(([name, value]) => [`${name}Projected`, value]);
  return keptValues(
    { ...after, ...projected },
    { ...gradients.step, ...Object.fromEntries(ofProjection) },
    new Map([...inMemory.map((value) => [value, 1] as const), ...inRegisters.map((value) => [value, 0] as const)]),
  );
}

/** What backward reads, by where it is; what is in two places is read from the first. */
function placesOf(read: readonly Expression[], { gates, apart, before, parameters, after, projected }: CellValues) {
  const missing = new Set(read);
  const foundIn = (place: Values): Values =>
    Object.fromEntries(Object.entries(place).filter(([, value]) => missing.delete(value)));
  return {
    before: foundIn(before),
    parameters: foundIn(parameters),
    apart: foundIn(apart),
    gates: foundIn(gates),
    after: foundIn(after),
    projected: foundIn(projected),
  };
}
