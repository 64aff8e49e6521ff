// An expression: one value of one unit of one row, as a node of the graph that equations are traced into.

import { shown, TempogradError } from "../errors";
import { equation } from "./equation";
import { definitionOf, type Operation } from "./operations";
import { simplified } from "./simplify";

/** What an operation takes: an expression, or a number, which is a constant. */
export type Operand = Expression | number;

/** A node: an input, a constant, or an operation on other nodes. It never changes; the same node is made once in a trace. */
export class Expression {
  readonly trace: Trace;
  /** Its place in the trace: behind those of all its operands. */
  readonly id: number;
  readonly operation: Operation | "input" | "constant";
  readonly operands: readonly Expression[];
  /** Of a constant. */
  readonly value: number | undefined;
  /** Whether it is finite wherever the inputs are, for certain. */
  readonly staysFinite: boolean;

  /** Made by a trace alone. */
  constructor(trace: Trace, id: number, node: Pick<Expression, "operation" | "operands" | "value">) {
    this.trace = trace;
    this.id = id;
    this.operation = node.operation;
    this.operands = node.operands;
    this.value = node.value;
    this.staysFinite =
      node.operation === "input" ||
      node.operation === "constant" ||
      (definitionOf(node.operation).staysFinite === true && node.operands.every(({ staysFinite }) => staysFinite));
    Object.freeze(this);
  }

  /** a + b */
  plus(other: Operand): Expression {
    return this.trace.operate("plus", [this, other]);
  }

  /** a − b */
  minus(other: Operand): Expression {
    return this.trace.operate("minus", [this, other]);
  }

  /** a·b */
  times(other: Operand): Expression {
    return this.trace.operate("times", [this, other]);
  }

  /** a / b */
  over(other: Operand): Expression {
    return this.trace.operate("over", [this, other]);
  }

  /** −a */
  negated(): Expression {
    return this.trace.operate("negated", [this]);
  }

  /**
   * The same value, with a name for messages and shaders. Its first name stays; an input keeps its own.
   * @throws for a name that is no identifier, or that another value of the trace has.
   */
  named(name: string): this {
    this.trace.name(this, name);
    return this;
  }

  /** What `named` gave it, or the name of an input. */
  get name(): string | undefined {
    return this.trace.nameOf(this);
  }

  /** As an equation, for messages: parts with names by their names, and long ones not to the end. */
  toString(): string {
    return equation(this);
  }

  /** @throws where JavaScript wants a number, as + - * / and comparisons do: it has none yet. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new TempogradError(
      "definition",
      `Expression: a JavaScript operator got ${this}, expected numbers; use plus, minus, times, over, and max, min or select in place of comparisons.`,
    );
  }
}

const largestFloat32 = 2 ** 128 - 2 ** 104;
const leastFloat32 = 2 ** -126;

/** The graph that expressions of one set of equations share. */
export class Trace {
  readonly #nodes = new Map<string, Expression>();
  readonly #names = new Map<Expression, string>();
  readonly #named = new Map<string, Expression>();
  readonly #hints = new Map<Expression, string>();

  /**
   * The input of this name.
   * @throws for a name that is no identifier, or that another value has.
   */
  input(name: string): Expression {
    const input = this.#node(`input ${name}`, { operation: "input", operands: [], value: undefined });
    if (this.#names.get(input) === undefined) this.#giveName("Trace.input", input, name);
    return input;
  }

  /** @throws for a number that float32 does not have: NaN, one beyond its range, or one so small that a GPU may read 0. */
  constant(value: number): Expression {
    const size = Math.abs(value);
    if (!(size === 0 || (size >= leastFloat32 && size <= largestFloat32))) {
      throw new TempogradError(
        "definition",
        `Expression: got the constant ${value}, expected 0 or a magnitude from 1.18e-38 to 3.4e38, which float32 has; use another number.`,
      );
    }
    const positiveZero = value + 0;
    return this.#node(`constant ${positiveZero}`, { operation: "constant", operands: [], value: positiveZero });
  }

  /**
   * An operation, simplified where that changes no value.
   * @throws where an operand is no expression or number, is of another trace, or constants alone give no finite number.
   */
  operate(operation: Operation, given: readonly Operand[]): Expression {
    const operands = given.map((operand) => this.#lift(operation, operand));
    const { float64, commutes } = definitionOf(operation);
    const values = operands.map(({ value }) => value);
    if (values.every((value) => value !== undefined)) {
      const [a, b = 0, c = 0] = values as [number, number?, number?];
      const value = float64(a, b, c);
      if (Number.isFinite(value)) return this.constant(value);
      throw new TempogradError(
        "definition",
        `Expression: ${operation} of ${values.join(", ")} is ${value}, expected a finite number; use other constants.`,
      );
    }
    const simpler = simplified(this, operation, operands);
    if (simpler) return simpler;
    const ids = operands.map(({ id }) => id);
    if (commutes) ids.sort((a, b) => a - b);
    return this.#node(`${operation} ${ids}`, { operation, operands, value: undefined });
  }

  /** See `Expression.named`. */
  name(node: Expression, name: string): void {
    if (node.operation === "constant" || this.#names.has(node)) return;
    this.#giveName("Expression.named", node, name);
  }

  nameOf(node: Expression): string | undefined {
    return this.#names.get(node);
  }

  /** A name to use for a value in shaders where nobody gave it one; the first hint stays. */
  hint(node: Expression, name: string): void {
    if (!this.#hints.has(node)) this.#hints.set(node, name);
  }

  hintOf(node: Expression): string | undefined {
    return this.#hints.get(node);
  }

  #giveName(caller: string, node: Expression, name: string): void {
    expectIdentifier(caller, name);
    const other = this.#named.get(name);
    if (other)
      throw new TempogradError(
        "definition",
        `${caller}: "${name}" is already the name of ${equation(other)}; use another name.`,
      );
    this.#names.set(node, name);
    this.#named.set(name, node);
  }

  #node(key: string, node: Pick<Expression, "operation" | "operands" | "value">): Expression {
    let known = this.#nodes.get(key);
    if (!known) {
      known = new Expression(this, this.#nodes.size, node);
      this.#nodes.set(key, known);
    }
    return known;
  }

  #lift(operation: Operation, operand: unknown): Expression {
    if (typeof operand === "number") return this.constant(operand);
    const expression = expectExpression(`Expression: ${operation}`, operand);
    if (expression.trace === this) return expression;
    throw new TempogradError(
      "definition",
      `Expression: ${operation} got ${expression}, which is of another trace, expected one trace; build all from its inputs.`,
    );
  }
}

/** @throws where `value` is no expression. */
export function expectExpression(caller: string, value: unknown): Expression {
  if (value instanceof Expression) return value;
  const got = typeof value === "object" && value !== null ? "an object of another kind" : shown(value);
  throw new TempogradError(
    "definition",
    `${caller} got ${got}, expected an Expression; return what plus, times, tanh and the like answer.`,
  );
}

/** @throws where a name cannot stand in a shader. */
export function expectIdentifier(caller: string, name: string): void {
  if (/^[a-zA-Z]\w*$/.test(name)) return;
  throw new TempogradError(
    "definition",
    `${caller}: got the name "${name}", expected a letter, then letters, digits or _; use such a name.`,
  );
}
