// What the gates of a cell are at a step, in float64: the first function that its equations put each gate's sum through.

import { traceCell } from "../expressions/cell";
import { partsOf } from "../expressions/cell-parts";
import { cellValues } from "../expressions/cell-values";
import { compile } from "../expressions/evaluate";
import type { Expression } from "../expressions/expression";
import { nodesBelow } from "../expressions/graph";
import type { Numbers } from "../reference/matmul";
import type { CellState, CellWeights } from "./cell";
import { equationsOf } from "./cell-equations";
import type { NamedCell } from "./cells";
import { unitInputs } from "./traced-reference";

/** What makes a gate of a sum, and what may stand between: the sum goes on. */
const gating: ReadonlySet<string> = new Set(["sigmoid", "tanh", "exp"]);
const summing: ReadonlySet<string> = new Set(["plus", "minus", "negated", "softplus", "max"]);

/** The gates of a cell, and the states beside h, by their names in its equations. */
export interface CellGates {
  /** Without those that no function makes, that make h itself, or that are another one's rest. */
  readonly gates: readonly string[];
  readonly states: readonly string[];
  /**
   * @param preactivation a_t = x_t·W + b of one row [G·H]
   * @param before h and the states beside it, before the step
   * @returns of each gate in `gates`, one after the other, what it is for each unit [gates, H]
   */
  at(preactivation: Numbers, before: CellState, weights: CellWeights): Float64Array;
}

/** Of a cell by its name or of one that was defined: the values are those of the graph that its equations are traced into. */
export function gatesOf(options: NamedCell): CellGates {
  const equations = equationsOf(options);
  const caller = `Cell "${equations.name}"`;
  const { gates, apart, before, parameters, after, projected } = cellValues(
    caller,
    equations,
    partsOf(caller, equations),
  );
  const nodes = nodesBelow([...Object.values(after), ...Object.values(projected)]);
  const states = new Set(Object.values(after));
  const found = new Map<Expression, string>();
  for (const [name, sum] of Object.entries(gates)) {
    const made = gateAbove(sum, nodes);
    if (made && !states.has(made) && !found.has(made)) found.set(made, name);
  }
  const outputs = Object.fromEntries([...found].map(([made, name]) => [name, made]));
  const names = Object.keys(outputs);
  const inputs = Object.values({ ...gates, ...apart, ...before, ...parameters });
  const compiled = names.length > 0 ? compile(outputs, inputs) : undefined;
  const inputsOf = unitInputs(traceCell(equations));
  return {
    gates: names,
    states: equations.states.slice(1),
    at(preactivation, before, weights) {
      const { units } = compiled ? inputsOf(preactivation, before, weights) : { units: [] };
      const values = units.map((unit) => Float64Array.from(compiled!(unit)));
      return Float64Array.from(
        { length: names.length * units.length },
        (_, i) => values[i % units.length]![Math.floor(i / units.length)]!,
      );
    },
  };
}

/** The nearest function above a sum, through what is a sum too. */
function gateAbove(sum: Expression, nodes: readonly Expression[]): Expression | undefined {
  for (let level = new Set([sum]); level.size > 0; ) {
    const above = nodes.filter(({ operands }) => operands.some((operand) => level.has(operand)));
    const made = above.find(({ operation }) => gating.has(operation));
    if (made) return made;
    level = new Set(above.filter(({ operation }) => summing.has(operation)));
  }
  return undefined;
}
