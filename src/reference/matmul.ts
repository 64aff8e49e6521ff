// Matrix products in float64 and plain loops, row-major.

export type Numbers = ArrayLike<number>;

/** c [rows, width] = a [rows, depth] · b [depth, width] (+ bias [width]). */
export function matmul(
  a: Numbers,
  b: Numbers,
  rows: number,
  depth: number,
  width: number,
  bias?: Numbers,
): Float64Array {
  const c = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      let sum = bias ? bias[j]! : 0;
      for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * b[k * width + j]!;
      c[i * width + j] = sum;
    }
  }
  return c;
}

/** c [rows, width] = a [depth, rows]ᵀ · b [depth, width]: how a weight's gradient is made. */
export function matmulTransposeA(a: Numbers, b: Numbers, rows: number, depth: number, width: number): Float64Array {
  const c = new Float64Array(rows * width);
  for (let k = 0; k < depth; k++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) c[i * width + j]! += a[k * rows + i]! * b[k * width + j]!;
    }
  }
  return c;
}

/** c [rows, width] = a [rows, depth] · b [width, depth]ᵀ: how a gradient passes back through a weight. */
export function matmulTransposeB(a: Numbers, b: Numbers, rows: number, depth: number, width: number): Float64Array {
  const c = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * b[j * depth + k]!;
      c[i * width + j] = sum;
    }
  }
  return c;
}
