// The derivative of expressions, backwards through their graph: from adjoints of what they give to adjoints of what they take.

import { TempogradError } from "../errors";
import type { Expression, Operand } from "./expression";
import { type Expressions, nodesBelow, traceOf } from "./graph";
import { gradientName, namer } from "./names";
import { isArithmetic, isOperation, type Operation } from "./operations";

/** The shares of y's adjoint d that go to its operands, each made only where it is asked for; undefined where there is none. */
type Rule = (d: Expression, y: Expression, operands: Operands) => readonly ((() => Expression) | undefined)[];
type Operands = readonly [Expression, Expression, Expression];

const apply = (operation: Operation, ...operands: Operand[]) =>
  operands.find((operand) => typeof operand !== "number")!.trace.operate(operation, operands);

const none = [undefined, undefined];

/** d·factor, within a choice, so that what was not chosen has no say: 0·∞ is no number. */
const scaled = (d: Expression, factor: Operand) => chosen(d, (side) => side.times(factor));
const divided = (d: Expression, divisor: Operand) => chosen(d, (side) => side.over(divisor));
const opposite = (d: Expression) => chosen(d, (side) => side.negated());

function chosen(d: Expression, change: (side: Expression) => Expression): Expression {
  const [a, b, where] = d.operands as Operands;
  if (d.operation !== "select" || !(a.value === 0 || b.value === 0)) return change(d);
  return apply("select", a.value === 0 ? a : change(a), b.value === 0 ? b : change(b), where);
}

/** Where a function's result tells its derivative, it is made from that: forward has it already. */
const rules: Record<Operation, Rule> = {
  plus: (d) => [() => d, () => d],
  minus: (d) => [() => d, () => opposite(d)],
  times: (d, _, [a, b]) =>
    a === b ? [() => scaled(scaled(d, 2), a), undefined] : [() => scaled(d, b), () => scaled(d, a)],
  over: (d, y, [, b]) => [() => divided(d, b), () => opposite(divided(scaled(d, y), b))],
  negated: (d) => [() => opposite(d)],
  exp: (d, y) => [() => scaled(d, y)],
  log: (d, _, [a]) => [() => divided(d, a)],
  log1p: (d, _, [a]) => [() => divided(d, a.plus(1))],
  sqrt: (d, y) => [() => divided(d, y.times(2))],
  abs: (d, _, [a]) => [() => scaled(d, apply("sign", a))],
  sign: () => none,
  sigmoid: (d, s) => [() => scaled(d, apply("dSigmoid", s))],
  tanh: (d, y) => [() => scaled(d, apply("dTanh", y))],
  relu: (d, y) => [() => apply("select", d, 0, y)],
  softplus: (d, _, [a]) => [() => scaled(d, apply("sigmoid", a))],
  max: (d, _, [a, b]) => [() => scaled(d, apply("larger", a, b)), () => scaled(d, apply("larger", b, a))],
  min: (d, _, [a, b]) => [() => scaled(d, apply("larger", b, a)), () => scaled(d, apply("larger", a, b))],
  select: (d, _, [, , where]) => [() => apply("select", d, 0, where), () => apply("select", 0, d, where), undefined],
  dTanh: (d, _, [y]) => [() => scaled(d, y.times(-2))],
  dSigmoid: (d, _, [s]) => [() => scaled(d, s.times(-2).plus(1))],
  larger: () => none,
};

/**
 * The adjoints of `inputs`: what a change of each changes in Σ seed·output. Shares of an adjoint are added in the order of
 * the graph, later values first, so the sum is the same each time.
 *
 * Kinks have torch's derivatives: relu and abs 0 at 0, max and min a half each where both are the same. The side of a
 * select that is not taken has none, whatever it is.
 *
 * @param seeds the adjoint of each output, an expression or a number; those without one count as 0
 * @param inputs any values of the graph: what happens to an inner one by ways around it does not count
 * @throws where anything is no expression of one trace, or a seed is of no output.
 */
export function derivative<Output extends string, Input extends string>(
  outputs: Expressions<Output>,
  seeds: Readonly<Partial<Record<NoInfer<Output>, Operand>>>,
  inputs: Expressions<Input>,
): Record<Input, Expression> {
  const seedExpressions = Object.entries<Operand | undefined>(seeds).filter(([, seed]) => typeof seed === "object");
  const trace = traceOf("derivative", { ...prefixed("output", outputs), ...prefixed("input", inputs) });
  traceOf("derivative", { ...prefixed("output", outputs), ...prefixed("seed", Object.fromEntries(seedExpressions)) });
  const shares = new Map<Expression, Expression>();
  const add = (node: Expression, share: Expression) => shares.set(node, sum(shares.get(node), share));
  for (const [name, seed] of Object.entries<Operand | undefined>(seeds)) {
    const output = outputs[name as Output];
    if (!output) {
      throw new TempogradError(
        "definition",
        `derivative: a seed is of "${name}", expected one of ${Object.keys(outputs).join(", ")}; correct its name.`,
      );
    }
    if (seed !== undefined && seed !== 0) add(output, typeof seed === "number" ? output.trace.constant(seed) : seed);
  }

  const wanted = new Set(Object.values<Expression>(inputs));
  const nodes = nodesBelow(Object.values<Expression>(outputs));
  const reaches = new Set<Expression>(); // what a wanted input is part of
  for (const node of nodes) {
    if (wanted.has(node) || node.operands.some((operand) => reaches.has(operand))) reaches.add(node);
  }
  const names = new Map(Object.entries<Expression>(outputs).map(([name, node]) => [node, name]));
  for (const [node, name] of names) node.trace.hint(node, name);
  const nameOf = namer(nodes);
  for (const node of nodes.reverse()) {
    const d = shares.get(node);
    if (d === undefined || !reaches.has(node) || !isOperation(node.operation)) continue;
    const name = names.get(node) ?? node.name;
    if (name !== undefined) node.trace.hint(d, gradientName(name));
    else if (isArithmetic(node.operation)) node.trace.hint(d, gradientName(nameOf(node)));
    const toOperands = rules[node.operation](d, node, node.operands as unknown as Operands);
    node.operands.forEach((operand, index) => {
      const share = toOperands[index];
      if (share && reaches.has(operand)) add(operand, share());
    });
  }
  const adjoints = Object.entries<Expression>(inputs).map(([name, input]) => [
    name,
    shares.get(input) ?? trace!.constant(0),
  ]);
  return Object.fromEntries(adjoints) as Record<Input, Expression>;
}

/** d·x ± d·y as d·(x ± y), two choices by one condition as one, else as it stands. */
function sum(before: Expression | undefined, share: Expression): Expression {
  if (!before) return share;
  if (before.operation === "select" && share.operation === "select") {
    const [[a, b, where], [c, d, other]] = [before.operands as Operands, share.operands as Operands];
    if (where === other) return apply("select", sum(a, c), sum(b, d), where);
  }
  const [a, b] = [productOf(before), productOf(share)];
  if (!a || !b || a.factor !== b.factor) return before.plus(share);
  if (a.negative === b.negative) {
    const both = a.factor.times(a.rest.plus(b.rest));
    return a.negative ? both.negated() : both;
  }
  return a.factor.times(a.negative ? b.rest.minus(a.rest) : a.rest.minus(b.rest));
}

function productOf(node: Expression) {
  const negative = node.operation === "negated";
  const { operation, operands } = negative ? node.operands[0]! : node;
  return operation === "times" ? { negative, factor: operands[0]!, rest: operands[1]! } : undefined;
}

const prefixed = (prefix: string, expressions: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(expressions).map(([name, value]) => [`${prefix} ${name}`, value]));
