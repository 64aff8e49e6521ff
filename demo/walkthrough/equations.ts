// Computes what stages show from their own equations: a line such as `x_1 · W + b = a_1` says what a_1 is.

/** Row-major. A vector is one row, whose label is empty; so is a scalar. */
export interface Matrix {
  rows: readonly string[];
  columns: readonly string[];
  values: ArrayLike<number>;
  /** Whether it was computed elsewhere, and not by an equation. */
  given?: boolean;
}

/**
 * By the names that equations have for them, as `math.ts` writes them: `x_1`, `h_0`, `a_1`, `o`, `ŷ`, `y`, `L`; parameters W,
 * Wʰ, b, V, b_output, those of a gate W_i; dx for the gradient of x; products such as `x_1ᵀ·da_1`; what the update takes away,
 * `α·dW`, and what it leaves, `W′`.
 */
export type Matrices = Map<string, Matrix>;

/** An equation such as x + y = z: the names of its matrices, and the signs between them. Without "=", a list of names. */
export type Line = readonly string[];

type Get = (name: string) => Matrix;

const each = ({ rows, columns, values }: Matrix, f: (value: number, i: number) => number): Matrix => ({
  rows,
  columns,
  values: Array.from(values, f),
});

const functions: Readonly<Record<string, (of: Matrix) => Matrix>> = {
  tanh: (of) => each(of, Math.tanh),
  σ: (of) => each(of, (value) => 1 / (1 + Math.exp(-value))),
  "−ln": (of) => each(of, (value) => -Math.log(value)),
  softmax(of) {
    const powers = each(of, Math.exp);
    const sum = Array.from(powers.values).reduce((total, value) => total + value, 0);
    return each(powers, (value) => value / sum);
  },
};

export const isSign = (word: string): boolean => word in functions || ["+", "−", "·", "⊙", "="].includes(word);

/** What stands before "=" of a line. */
export const leftOf = (line: Line): Line => line.slice(0, line.indexOf("="));

/** Everything that lines name: what is given, and what they make of it, in their order. */
export function completed(given: Matrices, lines: readonly Line[]): Matrices {
  const matrices: Matrices = new Map(given);
  const get = (name: string): Matrix => {
    const found = matrices.get(name) ?? made(name, get);
    matrices.set(name, found);
    return found;
  };
  for (const line of lines) {
    const result = line.at(-1)!;
    if (line.includes("=") && !matrices.has(result)) matrices.set(result, evaluated(leftOf(line), get));
    for (const word of line) if (!isSign(word)) get(word);
  }
  return matrices;
}

/** The value of one side of an equation; · and ⊙ come before + and −. */
export function evaluated(words: Line, get: Get): Matrix {
  let at = 0;
  const operand = (): Matrix => {
    const word = words[at++]!;
    return functions[word]?.(operand()) ?? get(word);
  };
  const term = (): Matrix => {
    let value = operand();
    while (words[at] === "·" || words[at] === "⊙") {
      const times = words[at++] === "·" ? product : (x: Matrix, y: Matrix) => each(x, (v, i) => v * y.values[i]!);
      value = times(value, operand());
    }
    return value;
  };
  let sum = term();
  while (at < words.length) sum = plus(sum, words[at++] === "−" ? -1 : 1, term());
  return sum;
}

/** A matrix whose name says how it is made. */
function made(name: string, get: Get): Matrix {
  const [, squared, one, tanh, minuend, subtrahend, scaled, left, right, turned] =
    /^(?:1 − \(?(.+?)\)?²|1 − (.+)|tanh (.+)|(.+) − (.+)|α·(.+)|(.+)·(.+)|\(?(.+?)\)?ᵀ)$/.exec(name) ?? [];
  if (squared) return each(get(squared), (value) => 1 - value * value);
  if (one) return each(get(one), (value) => 1 - value);
  if (tanh) return each(get(tanh), Math.tanh);
  if (minuend) return plus(get(minuend), -1, get(subtrahend!));
  if (scaled) return each(get(scaled), (value) => get("α").values[0]! * value);
  if (left) return product(get(left), get(right!));
  if (turned) return transposed(get(turned));
  throw new Error(`No equation says what ${name} is.`);
}

const plus = (x: Matrix, sign: number, y: Matrix) => each(x, (value, i) => value + sign * y.values[i]!);

/** [n, k] times [k, m] */
function product(x: Matrix, y: Matrix): Matrix {
  const [{ rows, columns: inner }, { columns }] = [x, y];
  const values = rows.flatMap((_, row) =>
    columns.map((_, column) =>
      inner.reduce((sum, _, i) => sum + x.values[row * inner.length + i]! * y.values[i * columns.length + column]!, 0),
    ),
  );
  return { rows, columns, values };
}

const transposed = ({ rows, columns, values }: Matrix): Matrix => ({
  rows: columns,
  columns: rows,
  values: columns.flatMap((_, column) => rows.map((_, row) => values[row * columns.length + column]!)),
});
