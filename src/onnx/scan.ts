// Layers whose cell ONNX has no operator for: its equations as the body of a Scan, a direction at a time.

import { equationsOf } from "../cells/cell-equations";
import type { AnyCellEquations } from "../expressions/cell-equations";
import { partsOf } from "../expressions/cell-parts";
import { cellValues } from "../expressions/cell-values";
import type { Expression } from "../expressions/expression";
import type { StackedLayer } from "../parts/architecture";
import { GraphBuilder } from "./builder";
import { addExpressions } from "./equations";
import type { LayerInputs, LayerOutputs, Weights } from "./layer";
import type { Graph, Value } from "./model";

/** What a step needs of all that is the same at every step. */
interface Direction {
  readonly layer: StackedLayer;
  /** How its parameters' names begin. */
  readonly name: string;
  readonly equations: AnyCellEquations;
  readonly weights: Weights;
  /** Whether a step is given which rows go on. */
  readonly masked: boolean;
}

export function addScan(
  graph: GraphBuilder,
  layer: StackedLayer,
  weights: Weights,
  { x, lengths, hidden, cell = [] }: LayerInputs,
): LayerOutputs {
  const equations = equationsOf(layer);
  const mask = lengths === undefined ? undefined : { lengths, goesOn: goesOn(graph, x, lengths) };
  const directions = layer.names.map((name, index) => {
    const direction = { layer, name, equations, weights, masked: mask !== undefined };
    const first = equations.states.map((_, state) => {
      const given = state === 0 ? hidden : cell[state - 1];
      const width = state === 0 ? layer.width : layer.hidden;
      return given === undefined
        ? zeros(graph, x, width)
        : graph.add("Gather", [given, graph.constant(`int64 at ${index}`, [], BigInt64Array.of(BigInt(index)))]);
    });
    return addDirection(graph, direction, x, first, mask, index === 1);
  });
  const ys = directions.map(({ y }) => y);
  const [final, ...beside] = equations.states.map((_, state) => {
    const parts = directions.map(({ states }) => graph.add("Unsqueeze", [states[state]!, graph.integers(0)]));
    return joined(graph, parts, 0);
  });
  return { y: joined(graph, ys, 2), hidden: final!, cell: beside };
}

const joined = (graph: GraphBuilder, parts: readonly string[], axis: number): string =>
  parts.length === 1 ? parts[0]! : graph.add("Concat", parts, { axis });

/** [batch, width], of x [steps, batch, …] */
function zeros(graph: GraphBuilder, x: string, width: number): string {
  const batch = graph.add("Shape", [x], { start: 1, end: 2 });
  return graph.add("Expand", [graph.number(0), graph.add("Concat", [batch, graph.integers(width)], { axis: 0 })]);
}

function addDirection(
  graph: GraphBuilder,
  direction: Direction,
  x: string,
  first: readonly string[],
  mask: { readonly lengths: string; readonly goesOn: string } | undefined,
  reverse: boolean,
): { y: string; states: string[] } {
  const { layer, name, weights, equations } = direction;
  const columns = equations.gates.length * layer.hidden;
  const W = weights.constant(`${name}inputWeight`, [layer.inputs, columns], weights.take(`${name}inputWeight`));
  const product = graph.add("MatMul", [x, W]);
  const a = layer.bias
    ? graph.add("Add", [product, weights.constant(`${name}bias`, [columns], weights.take(`${name}bias`))])
    : product;
  const count = first.length;
  if (!mask) {
    const ways = reverse ? { scan_input_directions: [1], scan_output_directions: [1] } : {};
    const attributes = { body: bodyOf(direction), num_scan_inputs: 1, ...ways };
    const results = graph.addWith(count + 1, "Scan", [...first, a], attributes);
    return { y: results[count]!, states: results.slice(0, count) };
  }
  /** Each row from its last step to its first, where it reads that way. */
  const turned = (values: string) =>
    reverse
      ? graph.add("ReverseSequence", [values, graph.add("Cast", [mask.lengths], { to: 7 })], {
          batch_axis: 1,
          time_axis: 0,
        })
      : values;
  const attributes = { body: bodyOf(direction), num_scan_inputs: 2 };
  const results = graph.addWith(count + 1, "Scan", [...first, turned(a), mask.goesOn], attributes);
  return { y: turned(results[count]!), states: results.slice(0, count) };
}

/** bool [steps, batch, 1]: whether a row has a step. */
function goesOn(graph: GraphBuilder, x: string, lengths: string): string {
  const zero = graph.constant("int32 at 0", [], Int32Array.of(0));
  const one = graph.constant("int32 at 1", [], Int32Array.of(1));
  const steps = graph.add("Squeeze", [graph.add("Cast", [graph.add("Shape", [x], { start: 0, end: 1 })], { to: 6 })]);
  const step = graph.add("Unsqueeze", [graph.add("Range", [zero, steps, one]), graph.integers(1)]);
  return graph.add("Unsqueeze", [graph.add("Less", [step, lengths]), graph.integers(2)]);
}

/** One step of all rows: of the states before it, x·W + b and, where it is masked, which rows go on. */
function bodyOf({ layer, name, equations, weights, masked }: Direction): Graph {
  const caller = `toOnnx: the cell "${equations.name}"`;
  const parts = partsOf(caller, equations);
  const values = cellValues(caller, equations, parts);
  const { hidden: H, width } = layer;
  const body = new GraphBuilder(`${name}step`, `${name}step.`);
  const value = (what: string, shape: Value["shape"], type: Value["type"] = "float32"): Value => ({
    ...{ name: `${name}step.${what}`, type, shape },
  });
  const statesBefore = parts.states.map((state, i) => value(state.before, ["batch", i === 0 ? width : H]));
  const a = value("a", ["batch", parts.gates.length * H]);
  const mask = value("goesOn", ["batch", 1], "bool");
  const h = statesBefore[0]!.name;

  const names = new Map<Expression, string>();
  const set = (expression: Expression | undefined, own: string) => expression && names.set(expression, own);
  for (const [i, state] of parts.states.entries()) set(values.before[state.before], statesBefore[i]!.name);
  if (parts.parameters.length > 0) {
    const all = weights.take(`${name}unitParameters`);
    for (const [i, { name: own }] of parts.parameters.entries()) {
      const data = all.slice(i * H, (i + 1) * H);
      set(values.parameters[own], weights.constant(`${name}unitParameters.${own}`, [H], data));
    }
  }
  const gates = addGates();
  for (const [i, gate] of parts.gates.entries()) set(values.gates[gate.name], gates[i]!);
  const after = addExpressions(
    body,
    parts.states.map((state) => values.after[state.name]!),
    names,
  );
  if (layer.projection !== undefined) {
    const P = weights.take(`${name}projectionWeight`);
    after[0] = body.add("MatMul", [after[0]!, weights.constant(`${name}projectionWeight`, [H, width], P)]);
  }
  const outputs = parts.states.map((state, i) => value(`${state.name}After`, statesBefore[i]!.shape));
  for (const [i, output] of outputs.entries()) {
    const next = masked ? body.add("Where", [mask.name, after[i]!, statesBefore[i]!.name]) : after[i]!;
    body.rename(next, output.name);
  }
  const y = value("y", outputs[0]!.shape);
  body.rename(outputs[0]!.name, y.name);
  return body.graph([...statesBefore, a, ...(masked ? [mask] : [])], [...outputs, y]);

  /** The gates' sums, each [batch, H]; sets what comes apart or is projected on the way. */
  function addGates(): string[] {
    const count = parts.gates.length;
    const recurrent = equations.recurrent ?? "full";
    const split = (sum: string, blocks: number) =>
      blocks === 1 ? [sum] : body.addWith(blocks, "Split", [sum], { axis: 1, num_outputs: blocks });
    if (recurrent === "none") return split(a.name, count);
    const U = weights.take(`${name}recurrentWeight`);
    if (recurrent === "unit") {
      return split(a.name, count).map((gate, g) => {
        const u = weights.constant(`${name}recurrentWeight.${g}`, [H], U.slice(g * H, (g + 1) * H));
        return body.add("Add", [gate, body.add("Mul", [u, h])]);
      });
    }
    const [apart] = parts.apart;
    const [projection] = parts.projections;
    if (!apart && !projection) {
      const whole = weights.constant(`${name}recurrentWeight`, [width, count * H], U);
      return split(body.add("Add", [a.name, body.add("MatMul", [h, whole])]), count);
    }
    // The last gate's product stands apart: of h, or of what the cell makes of it.
    const columns = (first: number, end: number) => {
      const part = new Float32Array(width * (end - first) * H);
      for (let row = 0; row < width; row++) {
        const from = row * count * H;
        part.set(U.subarray(from + first * H, from + end * H), row * (end - first) * H);
      }
      return weights.constant(`${name}recurrentWeight.${first}`, [width, (end - first) * H], part);
    };
    const sizes = body.integers((count - 1) * H, H);
    const [early, last] = body.addWith(2, "Split", [a.name, sizes], { axis: 1 });
    const gates = split(body.add("Add", [early!, body.add("MatMul", [h, columns(0, count - 1)])]), count - 1);
    const past = (multiplied: string) => {
      const product = body.add("MatMul", [multiplied, columns(count - 1, count)]);
      if (!layer.bias) return product;
      const bias = weights.constant(`${name}recurrentBias`, [H], weights.take(`${name}recurrentBias`));
      return body.add("Add", [product, bias]);
    };
    if (apart) {
      set(values.apart[apart.name], past(h));
      return [...gates, last!];
    }
    for (const [i, gate] of parts.gates.slice(0, -1).entries()) set(values.gates[gate.name], gates[i]!);
    const [multiplied] = addExpressions(body, [values.projected[projection!.name]!], names);
    return [...gates, body.add("Add", [last!, past(multiplied!)])];
  }
}
