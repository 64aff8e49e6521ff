// An expression as an equation, for messages.

import type { Expression } from "./expression";
import { infix, level, type Style, type Text } from "./infix";
import { isOperation } from "./operations";

const deepest = 6; // shared parts are written out at each use: this bounds them

/** `node` in words of its inputs and of parts that have names; "…" where it goes on. */
export const equation = (node: Expression): string => textOf(node, 0).text;

function textOf(node: Expression, depth: number): Text {
  const { operation, operands, value, name } = node;
  if (value !== undefined) return { text: String(value), level: value < 0 ? level.sign : level.atom };
  if (name !== undefined && (depth > 0 || operation === "input")) return { text: name, level: level.atom };
  if (depth === deepest || !isOperation(operation)) return { text: "…", level: level.atom };
  const style: Style = {
    symbols: { plus: " + ", minus: " - ", times: "·", over: " / " },
    operand: (operand) => textOf(operand, depth + 1),
    argument: (operand) => textOf(operand, depth + 1).text,
    functionOf: () => operation,
  };
  return infix(operation, operands, style);
}
