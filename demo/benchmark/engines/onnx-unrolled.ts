// The same network forward in ONNX's plain operators, a few a time step: onnxruntime-web has no recurrent operator on WebGPU,
// and takes the whole recurrence to the processor where a graph has one. Rows of W come by token, as the biases' sum.

import type { FloatTensor } from "../../../src/index";
import type { Constant, Graph, Node } from "../../../src/onnx/model";
import type { Problem } from "../problem";
import { placesOf, readout, readoutConstants } from "./onnx-model";

/** A shader binds eight storage buffers on most devices: seven operands and the result. */
const groups = (xs: string[]): string[][] =>
  Array.from({ length: Math.ceil(xs.length / 7) }, (_, i) => xs.slice(7 * i, 7 * i + 7));

export function unrolledGraph({ cell, shape, parameters }: Problem): Graph {
  const { steps, hidden, symbols } = shape;
  const valuesOf = (name: string) => (parameters.get(`layer0.${name}`) as FloatTensor).data;
  const width = valuesOf("bias").length;
  const nodes: Node[] = [];
  /** Adds an operator; answers the name of its output, or of each where there are several. */
  const several = (type: string, inputs: string[], count: number, attributes: Record<string, number>) => {
    const outputs = Array.from({ length: count }, (_, i) => `${type}${nodes.length}.${i}`);
    nodes.push({ type, inputs, outputs, attributes });
    return outputs;
  };
  const one = (type: string, inputs: string[], attributes = {}): string => several(type, inputs, 1, attributes)[0]!;
  const gatesOf = (x: string) => {
    const count = width / hidden;
    return several("Split", [x], count, { axis: 2, num_outputs: count });
  };
  const joined = (xs: string[]): string =>
    xs.length === 1 ? xs[0]! : joined(groups(xs).map((group) => one("Concat", group, { axis: 0 })));

  // Of a GRU, the candidate's block has its recurrent bias here, and its own part apart: it comes after the reset.
  const isGru = cell === "gru";
  const [W, b] = [valuesOf("inputWeight"), valuesOf("bias")];
  const added = Float32Array.from(W, (value, i) => value + b[i % width]!);
  const inside = isGru ? added.map((value, i) => insideGru(value, i % width)) : added;
  function insideGru(value: number, column: number): number {
    return column < 2 * hidden ? value : valuesOf("recurrentBias")[column - 2 * hidden]!;
  }
  const constants: Constant[] = [
    { name: "inside", shape: [symbols, width], data: inside },
    { name: "U", shape: [hidden, width], data: valuesOf("recurrentWeight") },
    ...readoutConstants(parameters),
  ];
  if (isGru) {
    const candidate = added.filter((_, i) => i % width >= 2 * hidden);
    constants.push({ name: "candidate", shape: [symbols, hidden], data: candidate });
  }

  const stepsOf = (table: string) => {
    const all = one("Gather", [table, "tokens"]);
    return Array.from({ length: steps }, (_, t) => one("Gather", [all, `step${t}`], { axis: 0 }));
  };
  for (let t = 0; t < steps; t++) {
    constants.push({ name: `step${t}`, shape: [1], data: new BigInt64Array([BigInt(t)]) });
  }
  const candidates = isGru ? stepsOf("candidate") : [];
  const hs: string[] = [];
  let c: string | undefined;
  for (const [t, at] of stepsOf("inside").entries()) {
    const past = hs.at(-1);
    const a = past ? one("Add", [one("MatMul", [past, "U"]), at]) : at;
    if (cell === "elman") hs.push(one("Tanh", [a]));
    else if (cell === "lstm") {
      const [i, f, g, o] = gatesOf(a) as [string, string, string, string];
      const written = one("Mul", [one("Sigmoid", [i]), one("Tanh", [g])]);
      c = c ? one("Add", [one("Mul", [one("Sigmoid", [f]), c]), written]) : written;
      hs.push(one("Mul", [one("Sigmoid", [o]), one("Tanh", [c])]));
    } else {
      const [r, z, m] = gatesOf(a) as [string, string, string];
      const n = one("Tanh", [one("Add", [candidates[t]!, one("Mul", [one("Sigmoid", [r]), m])])]);
      const kept = one("Sigmoid", [z]);
      // h = n + z ⊙ (h₋ − n), h₋ = 0 at first
      const moved = one("Mul", [kept, past ? one("Sub", [past, n]) : one("Neg", [n])]);
      hs.push(one("Add", [n, moved]));
    }
  }
  nodes.push({ type: "Identity", inputs: [joined(hs)], outputs: ["h"] }, ...readout);
  return { ...placesOf(shape), constants, nodes };
}
