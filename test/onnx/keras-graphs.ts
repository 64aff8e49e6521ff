// Graphs as tf2onnx writes them of Keras' recurrent layers: batch-major, zeros to begin with made of the input's shape, gates in
// ONNX's order. Source: tf2onnx/rewriter (gru_tf2_rewriter, lstm_tf2_rewriter, bigru_rewriter) and the graph of tf.tensordot.

import { GraphBuilder } from "../../src/onnx/builder";
import { type Attribute, modelBytes, type Type } from "../../src/onnx/model";
import { numbers } from "../numbers";

interface Case {
  readonly type: "RNN" | "GRU" | "LSTM";
  readonly hidden: number;
  readonly features: number;
  readonly outputs: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly bidirectional?: boolean;
  readonly sequences?: boolean;
  /** Tokens, as floats that are cast. */
  readonly tokens?: number;
  readonly peepholes?: boolean;
  /** "softmax", or none */
  readonly activation?: "Softmax" | "Sigmoid";
}

const gatesOf = { RNN: 1, GRU: 3, LSTM: 4 };

/** [batch, steps, features] or [batch, steps] in; [batch, steps, outputs] or [batch, outputs] out. */
export function kerasModel(of: Case): Uint8Array<ArrayBuffer> {
  const { type, hidden: H, features: I, outputs: K, bidirectional = false, sequences = false } = of;
  const graph = new GraphBuilder("tf2onnx");
  const D = bidirectional ? 2 : 1;
  const G = gatesOf[type];
  let seed = 0;
  const weight = (name: string, ...shape: number[]) =>
    graph.constant(
      name,
      shape,
      Float32Array.from(
        numbers(
          shape.reduce((a, b) => a * b),
          ++seed,
        ),
      ),
    );
  const given = "input_1";
  let x = given;
  if (of.tokens !== undefined) {
    x = graph.add("Gather", [weight("embeddings", of.tokens, I), graph.add("Cast", [given], { to: 6 })], { axis: 0 });
  }
  const shape = graph.add("Cast", [graph.add("Shape", [x])], { to: 6 });
  const at = (from: number) => [graph.integers(from), graph.integers(from + 1), graph.integers(0)];
  const batch = graph.add("Cast", [graph.add("Slice", [shape, ...at(0)])], { to: 7 });
  const sizes = graph.add("Concat", [batch, graph.integers(H)], { axis: 0 });
  const zeros = graph.add("Expand", [graph.constant("zero", [1], Float32Array.of(0)), sizes]);
  const first = graph.add("Unsqueeze", [zeros, graph.integers(0)]);
  const initial = D === 2 ? graph.add("Concat", [first, first], { axis: 0 }) : first;
  const turned = graph.add("Transpose", [x], { perm: [1, 0, 2] });
  const own = [weight("W", D, G * H, I), weight("R", D, G * H, H), weight("B", D, 2 * G * H), ""];
  const P = of.peepholes ? [weight("P", D, 3 * H)] : [];
  const [Y, Yh] = graph.addWith(
    type === "LSTM" ? 3 : 2,
    type,
    [turned, ...own, initial, ...(type === "LSTM" ? [initial] : []), ...P],
    {
      ...{ hidden_size: H, direction: bidirectional ? "bidirectional" : "forward" },
      ...of.attributes,
    },
  ) as [string, string];
  const taken = sequences ? Y : Yh;
  const axis = sequences ? 1 : 0;
  const direction = (d: number) => {
    const part =
      D === 1 ? taken : graph.add("Slice", [taken, graph.integers(d), graph.integers(d + 1), graph.integers(axis)]);
    const squeezed = graph.add("Squeeze", [part, graph.integers(axis)]);
    return sequences ? graph.add("Transpose", [squeezed], { perm: [1, 0, 2] }) : squeezed;
  };
  const h = D === 1 ? direction(0) : graph.add("Concat", [direction(0), direction(1)], { axis: sequences ? 2 : 1 });
  const V = weight("kernel", D * H, K);
  const product = sequences ? tensordot(graph, h, V, D * H, K) : graph.add("MatMul", [h, V]);
  const o = graph.add("Add", [product, weight("bias", K)]);
  graph.rename(
    of.activation ? graph.add(of.activation, [o], of.activation === "Softmax" ? { axis: -1 } : {}) : o,
    "dense",
  );
  const free = ["batch", "steps"];
  const value = (name: string, own: (number | string)[], type: Type = "float32") => ({ name, type, shape: own });
  return modelBytes({
    graph: graph.graph(
      [value(given, of.tokens === undefined ? [...free, I] : free)],
      [value("dense", sequences ? [...free, K] : ["batch", K])],
    ),
  });
}

/** A dense layer of every step: all steps as rows of one matrix, and back. */
function tensordot(graph: GraphBuilder, h: string, V: string, depth: number, outputs: number): string {
  const shape = graph.add("Shape", [h]);
  const free = graph.add("Gather", [shape, graph.integers(0, 1)], { axis: 0 });
  const rows = graph.add("ReduceProd", [free, graph.integers(0)], { keepdims: 1 });
  const matrix = graph.add("Reshape", [h, graph.add("Concat", [rows, graph.integers(depth)], { axis: 0 })]);
  const product = graph.add("MatMul", [matrix, V]);
  return graph.add("Reshape", [product, graph.add("Concat", [free, graph.integers(outputs)], { axis: 0 })]);
}
