// Walks over the graph of expressions.

import { TempogradError } from "../errors";
import { type Expression, expectExpression, type Trace } from "./expression";

/** Expressions by names that the caller gives them. */
export type Expressions<Name extends string = string> = Readonly<Record<Name, Expression>>;

/** All that `roots` are made of, themselves too, each behind its operands; what stands below `ends` is left out. */
export function nodesBelow(
  roots: Iterable<Expression>,
  ends: { has(node: Expression): boolean } = new Set(),
): Expression[] {
  const found = new Set(roots);
  for (const node of found) {
    if (ends.has(node)) continue;
    for (const operand of node.operands) found.add(operand); // the loop comes to them too
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/** How often each node is an operand of `nodes`, of those in `ends` not counted. */
export function usesOf(
  nodes: Iterable<Expression>,
  ends: { has(node: Expression): boolean } = new Set(),
): Map<Expression, number> {
  const uses = new Map<Expression, number>();
  for (const node of nodes) {
    if (ends.has(node)) continue;
    for (const operand of node.operands) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  }
  return uses;
}

/**
 * The trace that all of them are of, undefined where there are none.
 * @throws where one is no expression, or is of another trace.
 */
export function traceOf(caller: string, expressions: Readonly<Record<string, unknown>>): Trace | undefined {
  let trace: Trace | undefined;
  for (const [name, value] of Object.entries(expressions)) {
    const expression = expectExpression(`${caller}: "${name}"`, value);
    trace ??= expression.trace;
    if (expression.trace === trace) continue;
    throw new TempogradError(
      "definition",
      `${caller}: "${name}" got ${expression}, which is of another trace, expected one trace; build all from its inputs.`,
    );
  }
  return trace;
}
