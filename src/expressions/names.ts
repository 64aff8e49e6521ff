// Names for values that nobody named, as a person would choose them.

import type { Expression } from "./expression";
import { usesOf } from "./graph";
import { wgslWords } from "./wgsl-words";

export const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** The name of a gradient with respect to `name`: dh, dKept; dO, as `do` is a word of WGSL. */
export function gradientName(name: string): string {
  const letter = name.length === 1 && !wgslWords.has(`d${name}`);
  return `d${letter ? name : capitalised(name)}`;
}

const results: Partial<Record<Expression["operation"], string>> = {
  plus: "sum",
  minus: "difference",
  times: "product",
  over: "ratio",
  constant: "constant",
};

const curves = new Set(["exp", "log", "log1p", "sqrt", "sigmoid", "tanh", "relu", "softplus"]);

/**
 * Names values of a graph: by `named` or a hint, else by what they are. σ(f) is `f`, as a gate goes by one name before
 * and after its function, unless the input f is used elsewhere too: then it is `sigmoidF`. Names may repeat.
 * @param nodes the whole graph in which values are named
 */
export function namer(nodes: readonly Expression[], ends?: { has(node: Expression): boolean }) {
  const uses = usesOf(nodes, ends);
  const given = (node: Expression) => node.name ?? node.trace.hintOf(node);

  /** What stands first in a formula and has a name. */
  function first(node: Expression): Expression {
    let leftmost = node;
    while (given(leftmost) === undefined && leftmost.operands.length > 0 && leftmost.operation in results)
      leftmost = leftmost.operands[0]!;
    return leftmost;
  }

  return function nameOf(node: Expression): string {
    const own = given(node) ?? results[node.operation];
    if (own !== undefined) return own;
    if (node.operation === "negated") return `minus${capitalised(nameOf(node.operands[0]!))}`;
    const inside = first(node.operands[0]!);
    const gate = inside.operation === "input" && curves.has(node.operation) && (uses.get(inside) ?? 0) <= 1;
    return gate ? nameOf(inside) : `${node.operation}${capitalised(nameOf(inside))}`;
  };
}

/** The first of name, name2, name3 … that is not taken yet; from now on it is. */
export function take(taken: Set<string>, name: string): string {
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}${count}`;
  taken.add(free);
  return free;
}
