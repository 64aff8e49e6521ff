// Expressions as lines of WGSL, such as a person would write.

import { type Expression, expectIdentifier } from "./expression";
import { type Expressions, nodesBelow, traceOf, usesOf } from "./graph";
import { infix, level, type Style, type Text } from "./infix";
import { namer, take } from "./names";
import { definitionOf, isOperation, type Operation } from "./operations";
import { type WgslType, wgslFunctionNames, wgslNames } from "./wgsl-functions";

export interface WgslOptions {
  readonly type: WgslType;
  /** The WGSL of what is there already: inputs, and inner values that are read rather than computed. Texts without side effects. */
  readonly given: ReadonlyMap<Expression, string>;
  /** Names that mean something else where the lines will stand. Those in texts of `given` count by themselves. */
  readonly taken?: Iterable<string>;
}

export interface WgslLines<Output extends string = string> {
  /** `let name = …;`, each of names that stand before it. */
  readonly lines: readonly string[];
  /** What each output is called in them: its name, or one like it where WGSL or a given text has that for something else. */
  readonly names: Readonly<Record<Output, string>>;
  /** What `wgslFunctions` must put in front of them. */
  readonly functions: ReadonlySet<string>;
}

const longest = 96;
const ownLine = new Set(["exp", "log", "log1p", "sqrt", "sigmoid", "tanh", "relu", "softplus"]);
const identifier = /^[a-zA-Z_]\w*$/;

/**
 * Lines that compute `outputs`. A value that is used twice, or was named, or is a function of more than a name, has a line
 * of its own; others stand where they are used, as long as lines stay short.
 *
 * @throws where an output needs an input that is not given, or its name is no identifier.
 */
export function wgslLines<Output extends string>(
  outputs: Expressions<Output>,
  { type, given, taken: others = [] }: WgslOptions,
): WgslLines<Output> {
  traceOf("wgslLines", { ...outputs, ...Object.fromEntries([...given.keys()].map((node, i) => [`given ${i}`, node])) });
  const nodes = nodesBelow(Object.values<Expression>(outputs), given);
  const uses = usesOf(nodes, given);
  const nameOf = namer(nodes, given);
  const taken = new Set([...wgslNames, ...others]);
  for (const text of given.values()) for (const [word] of text.matchAll(/(?<![.\w])[a-zA-Z_]\w*/g)) taken.add(word);
  const names: Record<string, string> = {};
  const outputNames = new Map<Expression, string>();
  for (const [name, node] of Object.entries<Expression>(outputs)) {
    expectIdentifier("wgslLines", name);
    names[name] = take(taken, name);
    if (!outputNames.has(node)) outputNames.set(node, names[name]);
  }

  const lines: string[] = [];
  const functions = new Set<string>();
  const texts = new Map<Expression, Text>();
  const isName = (node: Expression) => identifier.test(texts.get(node)!.text);

  function bind(node: Expression): void {
    const name = outputNames.get(node) ?? take(taken, nameOf(node));
    lines.push(`let ${name} = ${node.value === undefined ? texts.get(node)!.text : typed(node.value, type)};`);
    if (node.value === undefined) texts.set(node, { text: name, level: level.atom });
  }

  const style: Style = {
    symbols: { plus: " + ", minus: " - ", times: " * ", over: " / " },
    operand: (node) => texts.get(node)!,
    argument: (node) => (node.value === undefined || isName(node) ? texts.get(node)!.text : typed(node.value, type)),
    functionOf: (operation) => definitionOf(operation).wgsl,
  };

  /** The text of an operation; operands that make it long get lines of their own. */
  function composed(operation: Operation, operands: readonly Expression[]): Text {
    for (;;) {
      const text = infix(operation, operands, style);
      if (text.text.length <= longest) return text;
      const [long] = operands
        .filter((operand) => operand.value === undefined && !isName(operand))
        .sort((a, b) => texts.get(b)!.text.length - texts.get(a)!.text.length);
      if (!long) return text;
      bind(long);
    }
  }

  function needsLine(node: Expression): boolean {
    if (outputNames.has(node)) return true;
    if (node.value !== undefined || isName(node)) return false;
    const often = (uses.get(node) ?? 0) > 1;
    if (given.has(node)) return often;
    if (node.name !== undefined) return true;
    if (often) return !(node.operation === "negated" && isName(node.operands[0]!));
    return ownLine.has(node.operation) && !isName(node.operands[0]!);
  }

  for (const node of nodes) {
    const known = given.get(node);
    if (known !== undefined) texts.set(node, primary(known));
    else if (node.value !== undefined) texts.set(node, literal(node.value));
    else if (isOperation(node.operation)) {
      texts.set(node, composed(node.operation, node.operands));
      const { wgsl } = definitionOf(node.operation);
      if (wgslFunctionNames.has(wgsl)) functions.add(wgsl);
    } else {
      throw new Error(`wgslLines: the outputs need the input ${node}, expected its WGSL in given; add it.`);
    }
    if (needsLine(node)) bind(node);
  }
  for (const [name, node] of Object.entries<Expression>(outputs)) {
    if (outputNames.get(node) !== names[name]) lines.push(`let ${names[name]} = ${outputNames.get(node)};`);
  }
  return { lines, names: names as Record<Output, string>, functions };
}

/** Text that came from outside: in parentheses where an operator stands outside of brackets. */
function primary(text: string): Text {
  let outside = text;
  for (let before = ""; before !== outside; ) {
    before = outside;
    outside = outside.replace(/\([^()[\]]*\)|\[[^()[\]]*\]/g, "");
  }
  return { text: /^[\w.]*$/.test(outside) ? text : `(${text})`, level: level.atom };
}

/** The shortest literal of the float32 next to a number. */
function literal(value: number): Text {
  const rounded = Math.fround(value);
  let text = String(rounded);
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = String(Number(rounded.toPrecision(digits)));
    if (Math.fround(Number(shorter)) !== rounded) continue;
    text = shorter;
    break;
  }
  return { text: /[.e]/.test(text) ? text : `${text}.0`, level: value < 0 ? level.sign : level.atom };
}

const typed = (value: number, type: WgslType) => {
  if (type === "f32") return literal(value).text;
  return value === 0 ? "vec4f()" : `vec4f(${literal(value).text})`;
};
