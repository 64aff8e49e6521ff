// The functions that equations of expressions are written with.

import { shown, TempogradError } from "../errors";
import { Expression, type Operand } from "./expression";
import type { Operation } from "./operations";

/** exp(a): infinite where it is beyond the range of the number (float32: a > 88.7). */
export const exp = (a: Expression): Expression => applied("exp", [a]);

/** ln a: −∞ at 0, NaN below. For ln σ(a) use `logSigmoid`. */
export const log = (a: Expression): Expression => applied("log", [a]);

/** ln(1 + a), exact for small a too. */
export const log1p = (a: Expression): Expression => applied("log1p", [a]);

/** √a: NaN where a < 0. Its derivative at 0 is infinite. */
export const sqrt = (a: Expression): Expression => applied("sqrt", [a]);

/** |a|. Its derivative at 0 is 0, as in torch. */
export const abs = (a: Expression): Expression => applied("abs", [a]);

/** 1, 0 or −1. Its derivative is 0. */
export const sign = (a: Expression): Expression => applied("sign", [a]);

/** σ(a) = 1 / (1 + e^−a) */
export const sigmoid = (a: Expression): Expression => applied("sigmoid", [a]);

/** ln σ(a), exact where σ(a) is too small for float32. */
export const logSigmoid = (a: Expression): Expression => applied("softplus", [applied("negated", [a])]).negated();

/** (e^a − e^−a) / (e^a + e^−a) */
export const tanh = (a: Expression): Expression => applied("tanh", [a]);

/** max(a, 0). Its derivative at 0 is 0, as in torch. */
export const relu = (a: Expression): Expression => applied("relu", [a]);

/** ln(1 + e^a) */
export const softplus = (a: Expression): Expression => applied("softplus", [a]);

/** The larger one. Where they are the same, each has half of the derivative, as with torch.maximum. */
export const max = (a: Operand, b: Operand): Expression => applied("max", [a, b]);

/** The smaller one. Where they are the same, each has half of the derivative, as with torch.minimum. */
export const min = (a: Operand, b: Operand): Expression => applied("min", [a, b]);

/** `a` where `where` > 0, else `b`; NaN where `where` is. No derivative goes to `where`. */
export const select = (a: Operand, b: Operand, where: Expression): Expression => applied("select", [a, b, where]);

/** @throws where no operand is an expression: then there is no trace to build in. */
function applied(operation: Operation, operands: readonly Operand[]): Expression {
  const first = operands.find((operand) => operand instanceof Expression);
  if (first) return first.trace.operate(operation, operands);
  const got = operands.map(shown).join(", ");
  throw new TempogradError(
    "definition",
    `Expression: ${operation} got ${got}, expected an Expression; build it from the inputs of a trace.`,
  );
}
