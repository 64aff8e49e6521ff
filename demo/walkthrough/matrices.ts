// Every matrix of a round by its name in the equations, with what its rows and columns are.

import type { Round } from "./engine";
import { type Example, letters } from "./example";

/** Row-major. A vector is one row, whose label is empty; so is a scalar. */
export interface Matrix {
  rows: readonly string[];
  columns: readonly string[];
  values: ArrayLike<number>;
}

/**
 * The names are as `math.ts` writes them: `x_1`, `h_0`, `a_1`, `o`, `ŷ`, `y`, `L`; the parameters W, Wʰ, b, V, b_output;
 * dx for the gradient of x, products such as `x_1ᵀ·da_1`; what the update takes away, `α·dW`, and what it leaves, `W′`.
 */
export type Matrices = Map<string, Matrix>;

export function matricesOf(
  { words, vocabulary, classes, target, config, batch }: Example,
  { parameters, values, after }: Round,
  learningRate: number,
): Matrices {
  const matrices: Matrices = new Map();
  const units = Array.from({ length: config.hidden }, (_, i) => String(i + 1));
  const one = [""];
  type Labels = readonly string[];
  const add = (name: string, rows: Labels, columns: Labels, from: ArrayLike<number>) =>
    void matrices.set(name, { rows, columns, values: from });
  const slab = <T extends Float32Array | Float64Array>(states: T, t: number) =>
    states.slice(t * units.length, (t + 1) * units.length);

  const labels: Record<string, [Labels, Labels]> = {
    W: [vocabulary, units],
    Wʰ: [units, units],
    b: [one, units],
    V: [units, classes],
    b_output: [one, classes],
  };
  for (const [name, letter] of Object.entries(letters)) {
    const gradient = values.gradients[name]!;
    const [rows, columns] = labels[letter]!;
    add(letter, rows, columns, parameters[name]!);
    add(`d${letter}`, rows, columns, gradient);
    add(
      `α·d${letter}`,
      rows,
      columns,
      Array.from(gradient, (value) => learningRate * value),
    );
    add(`${letter}′`, rows, columns, after[name]!);
  }
  const valuesOf = (letter: string): Numbers => matrices.get(letter)!.values;
  const [W, U, b, V] = [valuesOf("W"), valuesOf("Wʰ"), valuesOf("b"), valuesOf("V")];

  add("h_0", one, units, slab(values.hidden, 0));
  for (let t = 1; t <= words.length; t++) {
    const x = batch.inputs.slice((t - 1) * vocabulary.length, t * vocabulary.length);
    const before = slab(values.hidden, t - 1);
    const h = slab(values.hidden, t);
    const dh = slab(values.dHidden, t);
    const slope = Array.from(h, (value) => 1 - value * value);
    const da = slope.map((value, i) => value * dh[i]!);
    const [xW, hU] = [product(x, W), product(before, U)];
    add(`x_${t}`, one, vocabulary, x);
    add(`x_${t}·W`, one, units, xW);
    add(`h_${t - 1}·Wʰ`, one, units, hU);
    add(
      `a_${t}`,
      one,
      units,
      xW.map((value, i) => value + hU[i]! + b[i]!),
    );
    add(`h_${t}`, one, units, h);
    add(`dh_${t}`, one, units, dh);
    add(`1 − h_${t}²`, one, units, slope);
    add(`da_${t}`, one, units, da);
    add(`x_${t}ᵀ·da_${t}`, vocabulary, units, outer(x, da));
    add(`h_${t - 1}ᵀ·da_${t}`, units, units, outer(before, da));
  }
  const last = slab(values.hidden, words.length);
  add("(Wʰ)ᵀ", units, units, transposed(U, units.length));
  add("Vᵀ", classes, units, transposed(V, classes.length));
  add(`h_${words.length}ᵀ`, units, one, last);
  add(`h_${words.length}·V`, one, classes, product(last, V));
  add("o", one, classes, values.logits);
  add("ŷ", one, classes, values.probabilities);
  add("ŷ_y", one, one, values.probabilities.slice(target, target + 1));
  add(
    "y",
    one,
    classes,
    classes.map((_, i) => Number(i === target)),
  );
  add("do", one, classes, values.dLogits);
  add("L", one, one, values.loss);
  return matrices;
}

type Numbers = ArrayLike<number>;

/** A row [n] times a matrix [n, columns] */
function product(row: Numbers, matrix: Numbers): number[] {
  const width = matrix.length / row.length;
  return Array.from({ length: width }, (_, column) =>
    Array.from(row).reduce((sum, value, i) => sum + value * matrix[i * width + column]!, 0),
  );
}

const transposed = (matrix: Numbers, width: number): number[] =>
  Array.from(matrix, (_, i) => {
    const height = matrix.length / width;
    return matrix[(i % height) * width + Math.floor(i / height)]!;
  });

/** xᵀ·y [n, m] of two rows */
const outer = (x: Numbers, y: Numbers): number[] =>
  Array.from(x).flatMap((value) => Array.from(y, (other) => value * other));

/** How far a matrix is from the reference's. */
export interface Check {
  /** The largest difference of two numbers. */
  difference: number;
  agrees: boolean;
}

/** Within float32's rounding: |a − b| ≤ 1e-5 + 1e-4·|b|. */
export function check({ values }: Matrix, { values: reference }: Matrix): Check {
  let difference = 0;
  let agrees = true;
  for (let i = 0; i < values.length; i++) {
    const distance = Math.abs(values[i]! - reference[i]!);
    difference = Math.max(difference, distance);
    agrees &&= distance <= 1e-5 + 1e-4 * Math.abs(reference[i]!);
  }
  return { difference, agrees };
}
