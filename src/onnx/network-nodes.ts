// Operators that are parts of a network: what looks tokens up, recurrent layers, what reads them, and what makes answers of it.

import type { NodeReader, Operands } from "./node-reader";
import { recurrent } from "./recurrent-node";
import { refuseNode } from "./refuse";
import { gather } from "./shape-nodes";
import { transposed } from "./tensors";
import {
  type Axis,
  isSameAxis,
  type Numbers,
  type Product,
  type Recurrent,
  type Signal,
  unitsOf,
  type Value,
  wide,
} from "./values";

/** Rows of a table by tokens; else what a part of an axis is. */
const embedding: NodeReader = (of) => {
  const table = of.value(0);
  const tokens = of.value(1);
  if (table.kind !== "numbers" || tokens.kind !== "signal") return gather(of);
  const { below, axes } = tokensOf(of, tokens);
  const [count, width, ...more] = table.shape;
  if ((of.number("axis") ?? 0) !== 0 || width === undefined || more.length > 0) {
    refuseNode(of.node, `looks tokens up in [${table.shape}]`, "rows of a matrix");
  }
  return { kind: "signal", of: { stage: "looked", below, tokens: count!, table }, axes: [...axes, [{ size: width }]] };
};

const oneHot: NodeReader = (of) => {
  const { below, axes } = tokensOf(of, of.value(0));
  const [depth] = of.known(of.integers(1));
  const [off, on] = of.numbers(2).data;
  const axis = of.number("axis") ?? -1;
  if (off !== 0 || on !== 1 || (axis !== -1 && axis !== axes.length)) {
    refuseNode(of.node, "spreads tokens otherwise", "0 and 1 along a last axis");
  }
  return { kind: "signal", of: { stage: "looked", below, tokens: depth! }, axes: [...axes, [{ size: depth }]] };
};

function tokensOf(of: Operands, tokens: Value) {
  if (tokens.kind !== "signal" || tokens.of.stage !== "given" || tokens.of.part) return of.notOf(tokens);
  return { below: tokens.of, axes: tokens.axes };
}

/** @throws unless it is all states of a layer, its units last. */
function statesOf(of: Operands, value: Value): { below: Recurrent; others: readonly Axis[] } {
  if (value.kind !== "signal") return of.notOf(value);
  const { of: below, axes, direction } = value;
  if (below.stage === "product" || below.stage === "answer") {
    return refuseNode(of.node, "reads what a linear layer gives", "one linear layer, which reads a recurrent one");
  }
  if (below.stage !== "recurrent") return refuseNode(of.node, "reads the input", "a recurrent layer");
  if (below.what === "cell") return refuseNode(of.node, "reads c of a layer", "h");
  const last = axes.at(-1) ?? [];
  if (direction !== undefined || !isSameAxis(last, unitsOf(below))) {
    refuseNode(of.node, "reads a part of a layer's units", "all of them, its directions side by side");
  }
  const { time, batch } = below.layer;
  const expected = wide(below.what === "every" ? [...time, ...batch] : batch);
  const others = axes.slice(0, -1);
  const atoms = others.flatMap(wide);
  if (atoms.length !== expected.length || !expected.every((atom) => atoms.includes(atom))) {
    refuseNode(of.node, "reads other axes than a layer has", below.what === "every" ? "time and batch" : "batch");
  }
  return { below, others };
}

function product(of: Operands, value: Value, weight: Numbers, bias?: Float32Array): Signal {
  const { below, others } = statesOf(of, value);
  const [depth, outputs, ...more] = weight.shape;
  const width = below.layer.directions * below.layer.hidden;
  if (depth !== width || outputs === undefined || more.length > 0) {
    refuseNode(of.node, `has a weight of [${weight.shape}]`, `a matrix of ${width} rows`);
  }
  const atom = { size: outputs };
  const stage: Product = { stage: "product", below, weight, outputs: atom, ...(bias && { bias }) };
  return { kind: "signal", of: stage, axes: [...others, [atom]] };
}

const matMul: NodeReader = (of) => product(of, of.value(0), of.numbers(1));

const gemm: NodeReader = (of) => {
  for (const factor of ["alpha", "beta"]) {
    const value = of.number(factor) ?? 1;
    if (value !== 1) refuseNode(of.node, `has ${factor} ${value}`, "1");
  }
  if (of.number("transA")) refuseNode(of.node, "has transA", "states as they are");
  const B = of.numbers(1);
  const weight: Numbers = of.number("transB") ? { ...B, ...transposed(B, [1, 0]) } : B;
  const plain = product(of, of.value(0), weight);
  return of.isGiven(2) ? added(of, plain, of.numbers(2)) : plain;
};

/** A linear layer with its bias. */
function added(of: Operands, signal: Signal, bias: Numbers): Signal {
  const { of: stage } = signal;
  if (stage.stage !== "product" || stage.bias) {
    return refuseNode(of.node, "adds to what is no product", "the bias of a linear layer");
  }
  const { size } = stage.outputs;
  const isLast = isSameAxis(signal.axes.at(-1)!, [stage.outputs]);
  if (bias.data.length !== size || (bias.shape.at(-1) ?? 1) !== size || !isLast) {
    refuseNode(of.node, `adds numbers of [${bias.shape}]`, `a bias of ${size}`);
  }
  return { ...signal, of: { ...stage, bias: bias.data } };
}

const add: NodeReader = (of) => {
  const [a, b] = [of.value(0), of.value(1)];
  if (a.kind === "signal" && b.kind === "numbers") return added(of, a, b);
  if (b.kind === "signal" && a.kind === "numbers") return added(of, b, a);
  return of.notOf(a.kind === "numbers" ? b : a);
};

const answer =
  (as: "softmax" | "sigmoid"): NodeReader =>
  (of) => {
    const value = of.value(0);
    if (value.kind !== "signal" || (value.of.stage !== "product" && value.of.stage !== "recurrent"))
      return of.notOf(value);
    const { of: stage, axes } = value;
    const units = stage.stage === "product" ? [stage.outputs] : unitsOf(stage);
    // Until opset 13 a softmax was of all axes from this one, 1 by default.
    const [axis] = of.normal([of.number("axis") ?? (of.opset < 13 ? 1 : -1)], axes.length);
    if (as === "softmax" && (axis !== axes.length - 1 || !isSameAxis(axes.at(-1)!, units))) {
      refuseNode(of.node, `has axis ${axis}`, "that of the outputs");
    }
    return { ...value, of: { stage: "answer", of: stage, as } };
  };

export const networkNodes: Readonly<Record<string, NodeReader>> = {
  ...{ Gather: embedding, OneHot: oneHot, MatMul: matMul, Gemm: gemm, Add: add },
  ...{ RNN: recurrent, GRU: recurrent, LSTM: recurrent },
  ...{ Softmax: answer("softmax"), LogSoftmax: answer("softmax"), Sigmoid: answer("sigmoid") },
};
