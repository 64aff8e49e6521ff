// An operation as text, with the fewest parentheses that keep its order: for equations and for WGSL.

import type { Expression } from "./expression";
import type { Operation } from "./operations";

/** How tightly text holds together: sums least, then products, then a minus in front, then what never needs parentheses. */
export const level = { sum: 1, product: 2, sign: 3, atom: 4 } as const;

export interface Text {
  readonly text: string;
  readonly level: number;
}

export interface Style {
  /** "*" or "·" and the like, spaces included. */
  readonly symbols: Readonly<Record<"plus" | "minus" | "times" | "over", string>>;
  /** An operand of an arithmetic operation. */
  operand(node: Expression): Text;
  /** An operand of a function. */
  argument(node: Expression): string;
  /** The name of a function. */
  functionOf(operation: Operation): string;
}

export function infix(operation: Operation, operands: readonly Expression[], style: Style): Text {
  switch (operation) {
    case "plus":
    case "minus":
      return binary(operands, style, style.symbols[operation], level.sum);
    case "times":
    case "over":
      return binary(operands, style, style.symbols[operation], level.product);
    case "negated": {
      const operand = style.operand(operands[0]!);
      const bare = operand.level >= level.product && !operand.text.startsWith("-");
      return {
        text: `-${bare ? operand.text : `(${operand.text})`}`,
        level: bare ? Math.min(operand.level, level.sign) : level.sign,
      };
    }
    default: {
      const args = operands.map((operand) => style.argument(operand));
      return { text: `${style.functionOf(operation)}(${args.join(", ")})`, level: level.atom };
    }
  }
}

function binary([a, b]: readonly Expression[], style: Style, symbol: string, own: number): Text {
  const left = style.operand(a!);
  const right = style.operand(b!);
  return { text: `${inParentheses(left, own)}${symbol}${inParentheses(right, own + 1)}`, level: own };
}

const inParentheses = (operand: Text, least: number) => (operand.level >= least ? operand.text : `(${operand.text})`);
