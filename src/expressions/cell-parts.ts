// The parts of a cell of one's own by their names in formulas, and what is checked of its equations.

import { shown, TempogradError } from "../errors";
import type { AnyCellEquations } from "./cell-equations";
import { expectAnswer, expectNames, isZero, type NamedPart, usedInputs } from "./equations";
import type { Expression, Trace } from "./expression";
import { nodesBelow } from "./graph";
import { capitalised, gradientName } from "./names";

interface Part {
  readonly name: string;
  /** The name of the gradient with respect to it. */
  readonly gradient: string;
}

/** The parts of a cell, in the order of its equations. */
export interface CellParts {
  /** `variable`: a before its function. */
  readonly gates: readonly (Part & { readonly variable: string })[];
  /** The first one is h. `name` and `gradient` are of the state after the step. */
  readonly states: readonly (Part & { readonly before: string; readonly gradientBefore: string })[];
  /** A number a unit each. */
  readonly parameters: readonly Part[];
  /** What comes apart: the recurrent product of a gate. */
  readonly apart: readonly (Part & { readonly gate: string })[];
  /** What U of a gate multiplies in place of h. */
  readonly projections: readonly (Part & { readonly gate: string })[];
}

/** @throws for lists or names that are no parts of a cell. */
export function partsOf(caller: string, equations: AnyCellEquations): CellParts {
  const { name, gates, states, parameters = {}, recurrent = "full", apart = {}, projects = {} } = equations;
  if (typeof name !== "string" || !/^[a-zA-Z][\w-]*$/.test(name)) {
    throw new TempogradError(
      "definition",
      `${caller}: got this name, expected a letter, then letters, digits, - or _; rename it.`,
    );
  }
  for (const [kind, list] of Object.entries({ gates, states })) {
    if (Array.isArray(list) && list.length > 0) continue;
    throw new TempogradError("definition", `${caller}: got no ${kind}, expected one or more; name them in ${kind}.`);
  }
  if (!["full", "unit", "none"].includes(recurrent)) {
    throw new TempogradError(
      "definition",
      `${caller}: got the recurrent ${shown(recurrent)}, expected "full", "unit" or "none"; use one of them.`,
    );
  }
  for (const [parameter, size] of Object.entries(parameters)) {
    if (size === "unit") continue;
    throw new TempogradError(
      "definition",
      `${caller}: got ${shown(size)} of the parameter ${shown(parameter)}, expected "unit"; a cell has no other.`,
    );
  }
  const special = { apart: Object.values(apart), projects: Object.keys(projects) };
  for (const [kind, list] of Object.entries(special)) {
    if (list.length > 0 && recurrent !== "full") {
      throw new TempogradError(
        "definition",
        `${caller}: got ${kind} with the recurrent "${recurrent}", expected "full"; leave one of them out.`,
      );
    }
    const stranger = list.find((gate) => !gates.includes(gate));
    if (stranger !== undefined) {
      throw new TempogradError(
        "definition",
        `${caller}: ${kind} names the gate ${shown(stranger)}, expected ${gates.join(", ")}; correct it.`,
      );
    }
    const twice = list.find((gate, index) => list.indexOf(gate) < index || (kind === "apart" && gate in projects));
    if (twice !== undefined) {
      throw new TempogradError(
        "definition",
        `${caller}: got two recurrent products of the gate "${twice}", expected one; leave one out.`,
      );
    }
  }

  const part = (name: string) => ({ name, gradient: gradientName(name) });
  const parts: CellParts = {
    gates: gates.map((gate) => ({ ...part(gate), variable: `a${capitalised(gate)}` })),
    states: states.map((state) => {
      const before = `${state}Before`;
      return { ...part(state), before, gradientBefore: gradientName(before) };
    }),
    parameters: Object.keys(parameters).map(part),
    apart: Object.entries(apart).map(([name, gate]) => ({ ...part(name), gate })),
    projections: Object.keys(projects).map((gate) => ({ ...part(`${states[0]}For${capitalised(gate)}`), gate })),
  };
  expectNames(caller, namesOf(parts));
  return parts;
}

function namesOf(parts: CellParts): NamedPart[] {
  const kinds = {
    gate: parts.gates,
    "value apart": parts.apart,
    state: parts.states,
    parameter: parts.parameters,
    projection: parts.projections,
  };
  const own = Object.entries(kinds).flatMap(([kind, list]) =>
    list.map(({ name, gradient }) => ({ name, gradient, what: `the ${kind} ${shown(name)}` })),
  );
  return [
    ...own.map(({ name, what }) => [name, what] as const),
    ...own.map(({ gradient, what }) => [gradient, `the gradient of ${what}`] as const),
    ...parts.gates.map(({ name, variable }) => [variable, `the sum of the gate ${shown(name)}`] as const),
    ...parts.states.flatMap(({ name, before, gradientBefore }) => [
      [before, `the state ${shown(name)} before the step`] as const,
      [gradientBefore, `the gradient of the state ${shown(name)} before the step`] as const,
    ]),
  ];
}

/** @throws where `step` answered anything but the states. */
export function expectStates(
  caller: string,
  { states }: CellParts,
  trace: Trace,
  answer: unknown,
): Record<string, Expression> {
  const known = states.map(({ name }) => name);
  if (typeof answer !== "object" || answer === null) {
    throw new TempogradError(
      "definition",
      `${caller}: step answers ${shown(answer)}, expected an object of ${known.join(", ")}; return one.`,
    );
  }
  const values = answer as Readonly<Record<string, unknown>>;
  const extra = Object.keys(values).find((name) => !known.includes(name));
  if (extra !== undefined) {
    throw new TempogradError(
      "definition",
      `${caller}: step answers "${extra}", expected ${known.join(", ")}; name it in states or leave it out.`,
    );
  }
  const missing = known.find((name) => !Object.hasOwn(values, name));
  if (missing !== undefined) {
    throw new TempogradError(
      "definition",
      `${caller}: step does not answer the state "${missing}", expected ${known.join(", ")}; return it.`,
    );
  }
  return Object.fromEntries(
    known.map((name) => [name, expectAnswer(caller, `the state "${name}"`, trace, values[name])]),
  );
}

interface Traced {
  readonly inputs: Readonly<Record<string, Expression>>;
  readonly after: Readonly<Record<string, Expression>>;
  readonly projected: Readonly<Record<string, Expression>>;
  /** By ways of differentiating. */
  readonly gradients: readonly Readonly<Record<string, Expression>>[];
}

/** @throws where something is for nothing: an input without use or derivative, a state that no gate ever reaches. */
export function expectUse(caller: string, parts: CellParts, { inputs, after, projected, gradients }: Traced): void {
  const used = usedInputs([...Object.values(after), ...Object.values(projected)], Object.values(inputs));
  const kinds = { gate: parts.gates, "value apart": parts.apart, parameter: parts.parameters };
  for (const [kind, list] of Object.entries(kinds)) {
    for (const { name } of list) {
      if (!used.has(inputs[name]!)) {
        throw new TempogradError(
          "definition",
          `${caller}: the ${kind} "${name}" is in no equation, expected it in one; use it or leave it out.`,
        );
      }
      if (gradients.every((gradient) => isZero(gradient[name]!))) {
        throw new TempogradError(
          "definition",
          `${caller}: the ${kind} "${name}" has no derivative in any equation, so it cannot learn, expected one; use it outside of sign and of the condition of select.`,
        );
      }
    }
  }

  const reached = new Set([...parts.gates, ...parts.apart].map(({ name }) => inputs[name]!));
  let waiting = parts.states;
  for (let before = -1; before !== waiting.length; ) {
    before = waiting.length;
    const found = waiting.filter(({ name }) => nodesBelow([after[name]!]).some((node) => reached.has(node)));
    for (const state of found) reached.add(inputs[state.before]!);
    waiting = waiting.filter((state) => !found.includes(state));
  }
  const [idle] = waiting;
  if (idle) {
    throw new TempogradError(
      "definition",
      `${caller}: the state "${idle.name}" is ${after[idle.name]}, which depends on no gate, expected one in it; use a gate or leave it out.`,
    );
  }
}
