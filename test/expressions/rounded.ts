// What an expression is where each of its operations is a little off: how far float32 may be from float64.

import type { Expression } from "../../src/expressions/expression";
import { type Expressions, nodesBelow } from "../../src/expressions/graph";
import { definitionOf, isOperation } from "../../src/expressions/operations";
import { numbers } from "../numbers";

const off = 2 ** -22; // two roundings of float32
const samples = 8;

/**
 * For each output: its value, and by how much it moves where every operation's result is off by up to two roundings.
 * A value is infinite beyond the range of float32.
 */
export function roundedValues(outputs: Expressions, known: ReadonlyMap<Expression, number>, seed = 1) {
  const values = Object.values(outputs);
  const nodes = nodesBelow(values, known);
  const shifts = numbers(nodes.length * samples, seed, off);
  const run = (shiftOf: (index: number) => number) => {
    const at = new Map<Expression, number>();
    nodes.forEach((node, index) => {
      const given = known.get(node) ?? node.value;
      if (given !== undefined) {
        at.set(node, Math.fround(given));
        return;
      }
      if (!isOperation(node.operation)) throw new Error(`no value of ${node}`);
      const [a, b = 0, c = 0] = node.operands.map((operand) => at.get(operand)!);
      const exact = definitionOf(node.operation).float64(a!, b, c);
      const moved = exact * (1 + shiftOf(index));
      at.set(node, Math.abs(moved) > 3.4e38 ? moved * Number.POSITIVE_INFINITY : moved);
    });
    return values.map((value) => at.get(value)!);
  };
  const exact = run(() => 0);
  const moved = Array.from({ length: samples }, (_, sample) => run((index) => shifts[index * samples + sample]!));
  return exact.map((value, index) => ({
    value,
    spread: Math.max(...moved.map((result) => Math.abs(result[index]! - value))),
  }));
}
