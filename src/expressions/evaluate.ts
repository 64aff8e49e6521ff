// Expressions in float64: a tape of operations, run from the first to the last.

import { TempogradError } from "../errors";
import type { Expression } from "./expression";
import { type Expressions, nodesBelow, traceOf } from "./graph";
import { definitionOf, isOperation } from "./operations";

/** Computes outputs of values of inputs, both in the order in which they were named. */
export type Compiled = (values: ArrayLike<number>, results?: Float64Array) => Float64Array;

/** One operation, and the registers that it takes. */
interface Step {
  readonly compute: (a: number, b: number, c: number) => number;
  readonly from: readonly [number, number, number];
}

/**
 * Makes a function of expressions.
 * @param inputs inputs, or inner values that are then taken as they come
 * @throws where an output needs an input that is not among them.
 */
export function compile(outputs: Expressions, inputs: readonly Expression[]): Compiled {
  traceOf("compile", { ...outputs, ...Object.fromEntries(inputs.map((input, i) => [`input ${i}`, input])) });
  const registers = new Map(inputs.map((input, index) => [input, index]));
  const values = Object.values(outputs);
  const start: number[] = inputs.map(() => 0);
  const tape: Step[] = [];
  const steps: { node: Expression; compute: Step["compute"] }[] = [];
  for (const node of nodesBelow(values, registers)) {
    if (registers.has(node)) continue;
    if (node.operation === "input") {
      const known = inputs.map(String).join(", ");
      throw new TempogradError(
        "definition",
        `compile: the outputs need the input ${node}, expected only ${known || "none"}; pass it too.`,
      );
    }
    if (isOperation(node.operation)) steps.push({ node, compute: definitionOf(node.operation).float64 });
    else registers.set(node, start.push(node.value ?? Number.NaN) - 1);
  }
  for (const { node, compute } of steps) {
    const [a, b = a, c = a] = node.operands.map((operand) => registers.get(operand)!);
    registers.set(node, start.length + tape.length);
    tape.push({ compute, from: [a!, b!, c!] });
  }
  const outputRegisters = values.map((output) => registers.get(output)!);

  return (given, results = new Float64Array(values.length)) => {
    if (given.length !== inputs.length) {
      throw new TempogradError(
        "definition",
        `compile: got ${given.length} values, expected ${inputs.length}, for ${inputs.map(String).join(", ")}.`,
      );
    }
    const numbers = new Float64Array(start.length + tape.length);
    numbers.set(start);
    numbers.set(given);
    let register = start.length;
    for (const { compute, from } of tape) {
      numbers[register++] = compute(numbers[from[0]!]!, numbers[from[1]!]!, numbers[from[2]!]!);
    }
    outputRegisters.forEach((at, index) => {
      results[index] = numbers[at]!;
    });
    return results;
  };
}

/**
 * The outputs in float64, of inputs by their names.
 * @throws where an input that they need has no value.
 */
export function evaluate<Output extends string>(
  outputs: Expressions<Output>,
  values: Readonly<Record<string, number>>,
): Record<Output, number> {
  traceOf("evaluate", outputs);
  const inputs = nodesBelow(Object.values<Expression>(outputs)).filter(({ operation }) => operation === "input");
  const given = inputs.map((input) => {
    const value = values[String(input)];
    if (value !== undefined) return value;
    throw new TempogradError(
      "definition",
      `evaluate: the input ${input} has no value, expected one beside ${Object.keys(values).join(", ") || "none"}; pass it.`,
    );
  });
  const results = compile(outputs, inputs)(given);
  return Object.fromEntries(Object.keys(outputs).map((name, index) => [name, results[index]!])) as Record<
    Output,
    number
  >;
}
