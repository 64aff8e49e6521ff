// The step of a cell as a function in JavaScript, by its equations.

import type { AnyCellEquations } from "../expressions/cell-equations";
import { partsOf } from "../expressions/cell-parts";
import { cellValues } from "../expressions/cell-values";
import type { Expression } from "../expressions/expression";
import { nodesBelow } from "../expressions/graph";
import type { Operation } from "../expressions/operations";

const infix: Partial<Record<Operation, string>> = { plus: "+", minus: "-", times: "*", over: "/" };
/** Of the module's own, and of the language; derivatives are none of a step's. */
const functions: Partial<Record<Operation, string>> = {
  ...{ sigmoid: "sigmoid", relu: "relu", softplus: "softplus", select: "select", tanh: "Math.tanh", exp: "Math.exp" },
  ...{ log: "Math.log", log1p: "Math.log1p", sqrt: "Math.sqrt", abs: "Math.abs", sign: "Math.sign", max: "Math.max" },
  ...{ min: "Math.min" },
};

function textOf({ operation, value }: Expression, [a, ...more]: readonly string[]): string {
  if (operation === "constant") return `${value}`;
  const sign = infix[operation as Operation];
  if (sign) return `${a} ${sign} ${more[0]!.startsWith("-") ? `(${more[0]})` : more[0]}`;
  if (operation === "negated") return `-(${a})`;
  const name = functions[operation as Operation];
  if (name) return `${name}(${[a, ...more].join(", ")})`;
  throw new Error(`toStandalone: "${operation}" is no operation of a step.`);
}

/** Lines that compute expressions of what `known` has texts for, a constant each, and the expressions' texts. */
function linesOf(expressions: readonly Expression[], known: ReadonlyMap<Expression, string>) {
  const texts = new Map(known);
  const lines: string[] = [];
  for (const node of nodesBelow(expressions, known)) {
    if (texts.has(node) || node.operation === "input") continue;
    const text = textOf(
      node,
      node.operands.map((operand) => texts.get(operand)!),
    );
    if (node.operation === "constant") texts.set(node, text);
    else {
      lines.push(`    const v${node.id} = ${text};`);
      texts.set(node, `v${node.id}`);
    }
  }
  return { lines, texts: expressions.map((expression) => texts.get(expression)!) };
}

/**
 * A function \`NAME(H, width, U, recurrentBias, unitParameters, P)\` that answers the step: of a = x·W + b [G·H], to which it adds the
 * past's product, and the states before, the states after.
 */
export function stepText(name: string, equations: AnyCellEquations): string {
  const caller = `toStandalone: the cell "${equations.name}"`;
  const parts = partsOf(caller, equations);
  const values = cellValues(caller, equations, parts);
  const count = parts.gates.length;
  const recurrent = equations.recurrent ?? "full";
  const [apart] = parts.apart;
  const [projection] = parts.projections;
  const full = apart || projection ? count - 1 : count;

  const known = new Map<Expression, string>();
  for (const [i, gate] of parts.gates.entries()) known.set(values.gates[gate.name]!, at("a", i));
  for (const [i, state] of parts.states.entries()) known.set(values.before[state.before]!, `before[${i}][j]`);
  for (const [i, { name }] of parts.parameters.entries()) known.set(values.parameters[name]!, at("unitParameters", i));
  if (apart) known.set(values.apart[apart.name]!, "past[j]");

  const body: string[] = [`  const columns = ${count} * H;`];
  if (recurrent === "full") body.push(`  addProduct(a, before[0], U, columns, 0, 0, ${full} * H);`);
  if (recurrent === "unit") {
    body.push(`  for (let i = 0; i < columns; i++) a[i] += U[i] * before[0][i % H];`);
  }
  const last = `U, columns, ${count - 1} * H`;
  if (apart) body.push(`  const past = addProduct(rowOf(H, recurrentBias), before[0], ${last});`);
  if (projection) {
    const early = new Map([...known].filter(([value]) => value !== values.gates[projection.gate]));
    const { lines, texts } = linesOf([values.projected[projection.name]!], early);
    body.push(
      ...[`  const multiplied = new Float32Array(H);`, `  for (let j = 0; j < H; j++) {`, ...lines],
      ...[`    multiplied[j] = ${texts[0]};`, `  }`],
      `  const past = addProduct(rowOf(H, recurrentBias), multiplied, ${last});`,
      `  for (let j = 0; j < H; j++) a[${count - 1} * H + j] += past[j];`,
    );
  }
  const { lines, texts } = linesOf(
    parts.states.map(({ name }) => values.after[name]!),
    known,
  );
  return [
    `/** A step of ${equations.name}: gates ${parts.gates.map(({ name }) => name).join(" ")}, states ${parts.states.map(({ name }) => name).join(" ")}. */`,
    `const ${name} = (H, width, U, recurrentBias, unitParameters, P) => (a, before) => {`,
    ...body,
    `  const after = before.map(() => new Float32Array(H));`,
    `  for (let j = 0; j < H; j++) {`,
    ...lines,
    ...texts.map((text, i) => `    after[${i}][j] = ${text};`),
    `  }`,
    `  if (P) after[0] = addProduct(new Float32Array(width), after[0], P, width);`,
    `  return after;`,
    `};`,
  ].join("\n");
}

/** Of unit j in a block of H. */
const at = (array: string, block: number): string => `${array}[${["", "H + "][block] ?? `${block} * H + `}j]`;
