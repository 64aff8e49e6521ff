// Operators that a foreign graph moves axes and counts sizes by.

import { fromHalf } from "./half";
import { type Constant, isTensor, types } from "./model";
import type { NodeReader, Operands } from "./node-reader";
import { refuseNode } from "./refuse";
import { narrowed, type Range } from "./slices";
import { countOf, joined, picked, transposed } from "./tensors";
import {
  type Axis,
  type Integers,
  isSameAxis,
  isSameStage,
  isZero,
  type Numbers,
  regrouped,
  type Signal,
  type Size,
  sizeOf,
  type Value,
  wide,
} from "./values";

export const numbersOf = ({ shape, data }: Constant): Value => {
  if (data instanceof Float32Array) return { kind: "numbers", shape, data };
  if (data instanceof Uint16Array) return { kind: "numbers", shape, data: fromHalf(data) };
  return { kind: "integers", shape, data: Array.from(data, Number) };
};

const zeros: Value = { kind: "zeros" };

/** With the axes of a signal; numbers and zeros by what is given. */
const moved =
  (
    ofSignal: (of: Operands, signal: Signal) => readonly Axis[],
    ofConstant: (of: Operands, constant: Numbers | Integers) => Partial<Integers>,
  ): NodeReader =>
  (of) => {
    const value = of.value(0);
    if (value.kind === "zeros") return value;
    if (value.kind === "signal") return { ...value, axes: ofSignal(of, value) };
    if (value.kind === "joined" || value.kind === "refused") return of.notOf(value);
    return { ...value, ...ofConstant(of, value) } as Value;
  };

const transpose = moved(
  (of, { axes }) => orderOf(of, axes.length).map((axis) => axes[axis]!),
  (of, constant) => transposed(constant as Integers, orderOf(of, constant.shape.length)),
);

function orderOf(of: Operands, rank: number): number[] {
  const order = of.list("perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const isOrder =
    order.length === rank && new Set(order).size === rank && order.every((axis) => axis >= 0 && axis < rank);
  return isOrder ? [...order] : refuseNode(of.node, `has perm [${order}]`, `an order of ${rank} axes`);
}

const unsqueeze = moved(
  (of, { axes }) => widened(of, axes, []),
  (of, { shape }) => ({ shape: widened(of, shape, 1) }),
);

function widened<T>(of: Operands, axes: readonly T[], one: T): T[] {
  const given = of.givenSizes("axes", 1);
  const places = of.normal(given, axes.length + given.length);
  const result = [...axes];
  for (const at of places.sort((a, b) => a - b)) result.splice(at, 0, one);
  return result;
}

const squeeze = moved(
  (of, { axes }) => narrow(of, axes, (axis) => sizeOf(axis) === 1),
  (of, { shape }) => ({ shape: narrow(of, shape, (size) => size === 1) }),
);

function narrow<T>(of: Operands, axes: readonly T[], isOne: (axis: T) => boolean): T[] {
  const places = of.axes(axes.length);
  if (!places) return axes.filter((axis) => !isOne(axis));
  for (const at of places) {
    if (!isOne(axes[at]!)) refuseNode(of.node, `takes axis ${at} away`, "one of size 1");
  }
  return axes.filter((_, at) => !places.includes(at));
}

const reshape = moved(
  (of, { axes }) => {
    const said = of.integers(1).data;
    const sizes = said.map((size, i) => (size === 0 ? sizeOf(axes[i] ?? []) : size));
    // What is as it was stays; what is free has to be told by it.
    const result = regrouped(axes, sizes);
    return result ?? refuseNode(of.node, "parts or joins axes that are told apart", "whole axes");
  },
  (of, { shape }) => {
    const said = of.givenSizes("shape", 1).map((size, i) => (size === 0 ? shape[i]! : size));
    const known = countOf(said.filter((size) => size !== -1));
    const sizes = said.map((size) => (size === -1 ? countOf(shape) / known : size));
    if (countOf(sizes) !== countOf(shape)) refuseNode(of.node, `makes [${sizes}] of [${shape}]`, "as many numbers");
    return { shape: sizes };
  },
);

const flatten = moved(
  (of, { axes }) => {
    const [at] = of.normal([of.number("axis") ?? 1], axes.length + 1) as [number];
    return [axes.slice(0, at).flat(), axes.slice(at).flat()];
  },
  (of) => of.notOf(of.value(0)) as never,
);

const concat: NodeReader = (of) => {
  const values = of.node.inputs.map((_, i) => of.value(i));
  const axis = of.number("axis") ?? 0;
  if (values.every(isZero)) return zeros;
  const [first] = values;
  if (values.every((value) => value.kind === "numbers" || value.kind === "integers") && first) {
    const all = values as Integers[];
    const [at] = of.normal([axis], all[0]!.shape.length) as [number];
    const isOne = all.every(({ kind, shape }) => kind === first.kind && shape.length === all[0]!.shape.length);
    if (!isOne) refuseNode(of.node, "joins numbers of other kinds", "those of one kind");
    return { kind: first.kind, ...joined(all, at) } as Value;
  }
  const signals = values.filter((value) => value.kind === "signal");
  if (signals.length !== values.length || signals.length === 0)
    return of.notOf(values.find(({ kind }) => kind !== "signal")!);
  const [at] = of.normal([axis], signals[0]!.axes.length) as [number];
  return bothDirections(signals, at) ?? { kind: "joined", parts: signals, axis: at };
};

/** Of the directions of a layer, one behind the other, the whole again. */
function bothDirections([first, second, ...more]: readonly Signal[], at: number): Value | undefined {
  if (!first || !second || more.length > 0 || !isSameStage(first.of, second.of)) return undefined;
  if (first.of.stage !== "recurrent" || first.direction !== 0 || second.direction !== 1) return undefined;
  const { direction, unit } = first.of.layer;
  const isAlike = first.axes.every((axis, i) => isSameAxis(axis, second.axes[i] ?? []));
  if (!isAlike || first.axes.length !== second.axes.length || !isSameAxis(first.axes[at]!, [unit])) return undefined;
  const { direction: _, ...whole } = first;
  return { ...whole, axes: first.axes.map((axis, i) => (i === at ? [direction, unit] : axis)) };
}

export const gather: NodeReader = (of) => {
  const value = of.value(0);
  if (value.kind === "zeros") return value;
  const indices = of.givenSizes("indices", 1);
  const scalar = of.integers(1).shape.length === 0;
  if (indices.length !== 1 && value.kind === "signal") {
    refuseNode(of.node, `takes ${indices.length} places`, "one, or a slice");
  }
  const [at] = of.normal([of.number("axis") ?? 0], of.rank(value)) as [number];
  if (value.kind === "numbers" || value.kind === "integers") {
    const size = value.shape[at]!;
    const places = indices.map((index) => (index < 0 ? index + size : index));
    if (places.some((index) => !(index >= 0 && index < size))) refuseNode(of.node, "reaches past an axis", "less");
    const taken = picked(value as Integers, at, places);
    return {
      kind: value.kind,
      ...taken,
      shape: scalar ? taken.shape.filter((_, i) => i !== at) : taken.shape,
    } as Value;
  }
  const [index] = indices as [number];
  const part = narrowed(of, value, at, { start: index, end: index === -1 ? Number.MAX_SAFE_INTEGER : index + 1 });
  if (part.kind !== "signal") return of.notOf(part);
  return scalar ? { ...part, axes: part.axes.filter((_, i) => i !== at) } : part;
};

const slice: NodeReader = (of) => {
  let value = of.value(0);
  if (value.kind === "zeros") return value;
  const [starts, ends] = [of.givenSizes("starts", 1), of.givenSizes("ends", 2)];
  const axes = of.normal(of.sizes("axes", 3) ?? starts.map((_, i) => i), of.rank(value));
  const steps = of.sizes("steps", 4) ?? starts.map(() => 1);
  for (const [i, at] of axes.entries()) {
    const range: Range = { start: starts[i]!, end: ends[i]! };
    if (steps[i] !== 1) refuseNode(of.node, `takes every ${steps[i]} of an axis`, "a slice whose step is 1");
    if (value.kind === "numbers" || value.kind === "integers") {
      const size = value.shape[at]!;
      const place = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
      const count = Math.max(place(range.end) - place(range.start), 0);
      const indices = Array.from({ length: count }, (_, i) => place(range.start) + i);
      value = { kind: value.kind, ...picked(value as Integers, at, indices) } as Value;
    } else value = narrowed(of, value, at, range);
  }
  return value;
};

const split: NodeReader = (of) => {
  const value = of.value(0);
  const count = of.node.outputs.length;
  if (value.kind === "zeros") return Array<Value>(count).fill(value);
  const [at] = of.normal([of.number("axis") ?? 0], of.rank(value)) as [number];
  const whole = value.kind === "signal" ? sizeOf(value.axes[at]!) : undefined;
  const given = of.sizes("split", 1);
  if (value.kind !== "signal" || (!given && typeof whole !== "number")) return of.notOf(value);
  const sizes = given ?? Array<number>(count).fill((whole as number) / count);
  return sizes.map((size, i) => {
    const start = sizes.slice(0, i).reduce((sum, own) => sum + own, 0);
    return narrowed(of, value, at, { start, end: start + size });
  });
};

const shape: NodeReader = (of) => {
  const value = of.value(0);
  const sizes: readonly Size[] | undefined =
    value.kind === "signal"
      ? value.axes.map(sizeOf)
      : value.kind === "numbers" || value.kind === "integers"
        ? value.shape
        : undefined;
  if (!sizes) return of.notOf(value);
  const data = sizes.slice(of.number("start") ?? 0, of.number("end"));
  return { kind: "integers", shape: [data.length], data };
};

const constantOfShape: NodeReader = (of) => {
  const { value } = of.node.attributes ?? {};
  const filled = value !== undefined && typeof value === "object" && isTensor(value) ? numbersOf(value) : zeros;
  if (isZero(filled)) return zeros;
  return refuseNode(of.node, "fills a tensor with what is not 0", "zeros");
};

const expand: NodeReader = (of) => {
  const value = of.value(0);
  if (isZero(value)) return zeros;
  // All alike: of use where all sequences are as long as time.
  if (value.kind === "integers" && value.data.length === 1) return value;
  return of.notOf(value);
};

const cast: NodeReader = (of) => {
  const value = of.value(0);
  const to = of.number("to");
  const isFloat = to === types.float32;
  const isInteger = to === types.int32 || to === types.int64;
  if (!isFloat && !isInteger)
    refuseNode(of.node, `casts to type ${to}`, "float32, int32 or int64", "export it in single precision");
  if (value.kind === "integers" && isFloat) {
    const data = of.known(value);
    return { kind: "numbers", shape: value.shape, data: Float32Array.from(data) };
  }
  if (value.kind === "numbers" && isInteger)
    return { kind: "integers", shape: value.shape, data: [...value.data].map(Math.trunc) };
  if (value.kind !== "signal" || !isInteger) return value;
  return value.of.stage === "given" ? { ...value, of: { ...value.of, isWhole: true } } : of.notOf(value);
};

function times(of: Operands, one: Size, other: Size): Size {
  if (typeof one === "number" && typeof other === "number") return one * other;
  if (one === 1) return other;
  if (other === 1) return one;
  if (typeof one !== "number" && typeof other !== "number") return wide([...one, ...other]);
  return refuseNode(of.node, "multiplies a free size by a number", "two that are free, or known");
}

const product: NodeReader = (of) => {
  const [a, b] = [of.integers(0), of.integers(1)];
  const [long, short] = a.data.length >= b.data.length ? [a, b] : [b, a];
  if (short.data.length !== 1 && short.data.length !== long.data.length) return of.notOf(short);
  return { ...long, data: long.data.map((size, i) => times(of, size, short.data[short.data.length === 1 ? 0 : i]!)) };
};

/** Of a list of sizes. */
const productOfAll: NodeReader = (of) => {
  const { data, shape } = of.integers(0);
  if (shape.length !== 1) refuseNode(of.node, `multiplies along axes of [${shape}]`, "a list of sizes");
  const all = data.reduce((product, size) => times(of, product, size), 1 as Size);
  return { kind: "integers", shape: of.number("keepdims") === 0 ? [] : [1], data: [all] };
};

const identity: NodeReader = (of) => of.value(0);

const dropout: NodeReader = (of) => {
  const training = of.node.inputs[2] ? of.value(2) : undefined;
  if (training && !(training.kind === "integers" && training.data[0] === 0)) {
    refuseNode(of.node, "drops while it predicts", "a model in evaluation", "call eval() before it is exported");
  }
  return of.value(0);
};

const constant: NodeReader = (of) => {
  const { value, value_ints: ints, value_int: int } = of.node.attributes ?? {};
  if (value !== undefined && typeof value === "object" && isTensor(value)) return numbersOf(value);
  if (typeof int === "number") return { kind: "integers", shape: [], data: [int] };
  if (ints !== undefined)
    return { kind: "integers", shape: [of.list("value_ints")!.length], data: of.list("value_ints")! };
  return refuseNode(of.node, "is of no tensor", "numbers");
};

export const shapeNodes: Readonly<Record<string, NodeReader>> = {
  ...{ Transpose: transpose, Unsqueeze: unsqueeze, Squeeze: squeeze, Reshape: reshape, Flatten: flatten },
  ...{ Concat: concat, Slice: slice, Split: split, Shape: shape, Expand: expand },
  ...{
    ConstantOfShape: constantOfShape,
    Cast: cast,
    Mul: product,
    ReduceProd: productOfAll,
    Identity: identity,
    Dropout: dropout,
    Constant: constant,
  },
};
