// Random expressions of three inputs, for properties.

import fc from "fast-check";
import { type Expression, Trace } from "../../src/expressions/expression";
import { definitionOf, type Operation, operations } from "../../src/expressions/operations";

export interface Instruction {
  readonly operation: Operation;
  /** Which of the values so far it takes, counted from the latest one; inputs and constants come before all. */
  readonly operands: readonly [number, number, number];
}

export const inputNames = ["x", "y", "z"] as const;
const constants = [0, 1, -1, 2, 0.5, -3];
const others = Object.keys(operations) as Operation[];
const arithmetic: Operation[] = ["plus", "minus", "times", "over", "negated"];

/** Half of the operations are arithmetic, whose rules of simplification are the most. */
export const instructions = (maxLength: number) =>
  fc.array(
    fc.record({
      operation: fc.oneof(fc.constantFrom(...arithmetic), fc.constantFrom(...others)),
      operands: fc.tuple(fc.nat(11), fc.nat(11), fc.nat(11)),
    }),
    { minLength: 1, maxLength },
  );

export const points = (count: number) =>
  fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: count, maxLength: count });
const coordinate = fc.double({ min: -2, max: 2, noNaN: true });

/**
 * Runs instructions on whatever they are meant for. A divisor is made one of at least a half, as what is divided by zero has
 * the sign of the zero, and a logarithm's and a root's operand a positive one.
 */
function run<Value extends Expression | number>(
  list: readonly Instruction[],
  start: readonly Value[],
  apply: (operation: Operation, operands: readonly Value[]) => Value,
  constant: (value: number) => Value,
): Value[] {
  const values: Value[] = [...start];
  const awayFromZero = (value: Value) => apply("plus", [apply("abs", [value]), constant(0.5)]);
  for (const { operation, operands } of list) {
    const taken = operands
      .slice(0, definitionOf(operation).arity)
      .map((back) => values[(values.length * 12 - 1 - back) % values.length]!);
    if (operation === "over") taken[1] = awayFromZero(taken[1]!);
    if (operation === "log" || operation === "log1p" || operation === "sqrt") taken[0] = awayFromZero(taken[0]!);
    values.push(apply(operation, taken));
  }
  return values.slice(start.length);
}

/** The values of instructions as expressions of x, y and z. */
export function expressionsOf(list: readonly Instruction[]) {
  const trace = new Trace();
  const inputs = inputNames.map((name) => trace.input(name));
  const start = [...constants.map((value) => trace.constant(value)), ...inputs];
  const values = run<Expression>(
    list,
    start,
    (operation, operands) => trace.operate(operation, operands),
    (value) => trace.constant(value),
  );
  return { trace, inputs, values, last: values.at(-1)! };
}

/** The same in numbers, one operation after the other. */
export function numbersOf(list: readonly Instruction[], point: readonly number[]): number[] {
  return run<number>(
    list,
    [...constants, ...point],
    (operation, [a, b = 0, c = 0]) => definitionOf(operation).float64(a!, b, c),
    (value) => value,
  );
}
