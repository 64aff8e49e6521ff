// What equations of a user's own are called with, and what is checked of their names and answers.

import { TempogradError } from "../errors";
import { type Expression, expectExpression, type Trace } from "./expression";
import { nodesBelow } from "./graph";
import { wgslNames } from "./wgsl-functions";

/** A name, and what it is of: `the gate "i"`. */
export type NamedPart = readonly [name: string, what: string];

/** @throws where a name is no identifier of WGSL, or two have the same. */
export function expectNames(caller: string, parts: readonly NamedPart[]): void {
  const known = new Map<string, string>();
  for (const [name, what] of parts) {
    if (typeof name !== "string" || !/^[a-zA-Z]\w{0,59}$/.test(name)) {
      throw new TempogradError(
        "definition",
        `${caller}: ${what} is no name for WGSL, expected a letter, then up to 59 letters, digits or _; rename it.`,
      );
    }
    if (wgslNames.has(name)) {
      throw new TempogradError(
        "definition",
        `${caller}: ${what} has a name that WGSL has for something else, expected another; rename it.`,
      );
    }
    const other = known.get(name);
    if (other !== undefined) {
      throw new TempogradError(
        "definition",
        `${caller}: "${name}" would be ${other} and ${what}, expected a name for one; rename one of them.`,
      );
    }
    known.set(name, what);
  }
}

/** Symbols by name that say so where another is asked for, which TypeScript sees and JavaScript does not. */
export function symbols<Name extends string>(
  caller: string,
  kind: string,
  entries: readonly (readonly [Name, Expression])[],
): Readonly<Record<Name, Expression>> {
  const byName = Object.assign(Object.create(null), Object.fromEntries(entries)) as Record<Name, Expression>;
  return new Proxy(Object.freeze(byName), {
    get(target, key) {
      if (typeof key === "symbol" || key in target) return target[key as Name];
      const known = entries.map(([name]) => name).join(", ") || "none";
      throw new TempogradError(
        "definition",
        `${caller}: the equations ask for the ${kind} "${key}", expected ${known}; name it there.`,
      );
    },
  });
}

/** @throws where an equation's answer is no expression of this trace. */
export function expectAnswer(caller: string, what: string, trace: Trace, value: unknown): Expression {
  const expression = expectExpression(`${caller}: ${what}`, value);
  if (expression.trace === trace) return expression;
  throw new TempogradError(
    "definition",
    `${caller}: ${what} got ${expression}, which is of other equations, expected one of these; build it of their arguments alone.`,
  );
}

/** Of `inputs`, those that `outputs` are made of. */
export function usedInputs(outputs: readonly Expression[], inputs: readonly Expression[]): Set<Expression> {
  const below = new Set(nodesBelow(outputs));
  return new Set(inputs.filter((input) => below.has(input)));
}

/** Whether it is 0 whatever its inputs are. */
export const isZero = ({ value }: Expression): boolean => value === 0;
