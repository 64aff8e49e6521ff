// Simplifications that change no value: so derivatives read as if a person had written them.

import type { Expression, Trace } from "./expression";
import type { Operation } from "./operations";

/**
 * What `operation` of these operands is in fewer operations, if anything. Each rule is exact in floating point, up to the
 * sign of a zero; x·0 and x − x are 0 only where x is finite for all finite inputs.
 */
export function simplified(
  trace: Trace,
  operation: Operation,
  operands: readonly Expression[],
): Expression | undefined {
  const [a, b, c] = operands as [Expression, Expression, Expression];
  switch (operation) {
    case "plus":
      if (b.value === 0) return a;
      if (a.value === 0) return b;
      if (a === b) return a.times(2);
      if (isNegative(b)) return a.minus(b.negated());
      return isNegative(a) ? b.minus(a.negated()) : undefined;
    case "minus":
      if (b.value === 0) return a;
      if (a.value === 0) return b.negated();
      if (a === b && a.staysFinite) return trace.constant(0);
      return isNegative(b) ? a.plus(b.negated()) : undefined;
    case "times":
      if (a.value !== undefined) return multiple(b, a);
      if (b.value !== undefined) return multiple(a, b);
      if (a.operation === "negated") return a.operands[0]!.times(b).negated();
      return b.operation === "negated" ? a.times(b.operands[0]!).negated() : undefined;
    case "over":
      if (b.value === 1) return a;
      if (b.value === -1) return a.negated();
      if (a.operation === "negated") return a.operands[0]!.over(b).negated();
      return b.operation === "negated" ? a.over(b.operands[0]!).negated() : undefined;
    case "negated":
      if (a.operation === "negated") return a.operands[0];
      return a.operation === "minus" ? a.operands[1]!.minus(a.operands[0]!) : undefined;
    case "abs":
      if (a.operation === "abs") return a;
      return a.operation === "negated" ? trace.operate("abs", a.operands) : undefined;
    case "relu":
      return a.operation === "relu" ? a : undefined;
    case "max":
    case "min":
      return a === b ? a : undefined;
    case "select":
      if (c.value !== undefined) return c.value > 0 ? a : b;
      return a === b && c.staysFinite ? a : undefined;
    default:
      return undefined;
  }
}

/** a·constant */
function multiple(a: Expression, constant: Expression): Expression | undefined {
  if (constant.value === 1) return a;
  if (constant.value === -1) return a.negated();
  if (constant.value === 0 && a.staysFinite) return constant;
  return a.operation === "negated" ? a.operands[0]!.times(constant.negated()) : undefined;
}

const isNegative = ({ operation, value }: Expression) => operation === "negated" || (value !== undefined && value < 0);
