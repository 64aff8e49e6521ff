// Takes tensors by name, each of the sizes that it must have beside the others, for translations of parameters.

import { TempogradError } from "../errors";
import { countValues, type FloatTensor, type TensorData } from "./safetensors";
import { quoteShape } from "./state-dict";
import { kindOf, quote } from "./untrusted";

/** A multiple of a size that the tensors set: `[3, "hidden"]`. */
export type Dimension = readonly [multiple: number, size: string];

/**
 * A function that takes a tensor by name and checks it, and the names of those taken. The first tensor taken that has a dimension of a single size sets that size, and every later one must agree.
 * @param cure what to do about a tensor that is missing or of another shape
 */
export function reader(operation: string, tensors: ReadonlyMap<string, TensorData>, cure: string) {
  const sizes = new Map<string, number>();
  const taken = new Set<string>();
  const take = (name: string, dimensions: Dimension[]): FloatTensor => {
    taken.add(name);
    const subject = `tensor ${quote(name)}`;
    const names = `[${dimensions.map(([multiple, size]) => (multiple === 1 ? size : `${multiple}·${size}`)).join(", ")}]`;
    const tensor = tensors.get(name);
    if (!tensor) fail(operation, subject, "is missing", `F32 ${names}`, cure);
    const { shape, data } = tensor;
    const count = countValues(shape);
    const kind = kindOf(data);
    if (!(data instanceof Float32Array)) {
      fail(operation, subject, `is ${kind === "Int32Array" ? "I32" : kind}`, `F32 ${names}`, "store it as float32");
    }
    if (Number.isNaN(count)) fail(operation, subject, `has shape ${quote(shape)}`, names, cure);
    for (const [axis, [multiple, size]] of dimensions.entries()) {
      const sets = multiple === 1 && shape.length === dimensions.length && !sizes.has(size);
      if (sets) sizes.set(size, shape[axis]!);
    }
    const expected = dimensions.map(([multiple, size]) => (sizes.has(size) ? multiple * sizes.get(size)! : "any"));
    if (String(shape) !== String(expected) || data.length !== count) {
      const got = `has shape ${quoteShape(shape)} and ${data.length} values`;
      fail(operation, subject, got, `${names} = [${expected.join(", ")}]`, cure);
    }
    return { shape, data };
  };
  return { take, taken: taken as ReadonlySet<string> };
}

export function copy({ shape, data }: FloatTensor): FloatTensor {
  return { shape: [...shape], data: data.slice() };
}

/** [rows, columns] → [columns, rows] */
export function transpose({ shape, data }: FloatTensor): FloatTensor {
  const [rows, columns] = shape as [number, number];
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = data[row * columns + column]!;
    }
  }
  return { shape: [columns, rows], data: transposed };
}

export function fail(operation: string, subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
