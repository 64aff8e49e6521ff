// Expressions as ONNX's operators, one for an operation.

import type { Expression } from "../expressions/expression";
import { nodesBelow } from "../expressions/graph";
import type { Operation } from "../expressions/operations";
import type { GraphBuilder } from "./builder";

type Write = (graph: GraphBuilder, a: string, b: string, c: string) => string;

const operator =
  (type: string, operands: 1 | 2): Write =>
  (graph, a, b) =>
    graph.add(type, [a, b].slice(0, operands));

const written: Record<Operation, Write> = {
  plus: operator("Add", 2),
  minus: operator("Sub", 2),
  times: operator("Mul", 2),
  over: operator("Div", 2),
  negated: operator("Neg", 1),
  exp: operator("Exp", 1),
  log: operator("Log", 1),
  log1p,
  sqrt: operator("Sqrt", 1),
  abs: operator("Abs", 1),
  sign: operator("Sign", 1),
  sigmoid: operator("Sigmoid", 1),
  tanh: operator("Tanh", 1),
  relu: operator("Relu", 1),
  softplus: (graph, a) => {
    const size = graph.add("Neg", [graph.add("Abs", [a])]);
    return graph.add("Add", [graph.add("Relu", [a]), log1p(graph, graph.add("Exp", [size]))]);
  },
  max: operator("Max", 2),
  min: operator("Min", 2),
  select: (graph, a, b, where) => graph.add("Where", [graph.add("Greater", [where, graph.number(0)]), a, b]),
  dTanh: (graph, y) => graph.add("Sub", [graph.number(1), graph.add("Mul", [y, y])]),
  dSigmoid: (graph, s) => graph.add("Mul", [s, graph.add("Sub", [graph.number(1), s])]),
  larger: (graph, a, b) => {
    const half = graph.add("Where", [graph.add("Equal", [a, b]), graph.number(0.5), graph.number(0)]);
    return graph.add("Where", [graph.add("Greater", [a, b]), graph.number(1), half]);
  },
};

/**
 * ln(1 + a), where a is small too: a·ln(u)/(u − 1) of u = 1 + a as it was rounded.
 * Source: theorem 4 of Goldberg, "What Every Computer Scientist Should Know About Floating-Point Arithmetic", 1991.
 */
function log1p(graph: GraphBuilder, a: string): string {
  const one = graph.number(1);
  const u = graph.add("Add", [one, a]);
  const ratio = graph.add("Div", [graph.add("Mul", [a, graph.add("Log", [u])]), graph.add("Sub", [u, one])]);
  return graph.add("Where", [graph.add("Equal", [u, one]), a, ratio]);
}

/**
 * Adds what expressions are made of.
 * @param names of inputs, by their expressions
 * @returns the names of the expressions' values
 */
export function addExpressions(
  graph: GraphBuilder,
  expressions: readonly Expression[],
  names: ReadonlyMap<Expression, string>,
): string[] {
  const known = new Map(names);
  for (const node of nodesBelow(expressions, known)) {
    if (known.has(node) || node.operation === "input") continue;
    if (node.operation === "constant") known.set(node, graph.number(node.value!));
    else {
      const [a = "", b = "", c = ""] = node.operands.map((operand) => known.get(operand)!);
      known.set(node, written[node.operation](graph, a, b, c));
    }
  }
  return expressions.map((expression) => known.get(expression)!);
}
