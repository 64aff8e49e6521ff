// How large a matrix is: its spectral radius.

/**
 * The largest modulus of the eigenvalues of a square matrix, row-major: lim ‖Aᵐ‖^(1/m) (Gelfand 1941), for m = 2²⁴ by
 * squaring again and again.
 */
export function spectralRadius(matrix: ArrayLike<number>): number {
  const width = Math.sqrt(matrix.length);
  let power = Float64Array.from(matrix);
  let logarithm = 0;
  for (let doubling = 0; doubling <= 24; doubling++) {
    const size = norm(power);
    if (size === 0) return 0;
    logarithm += Math.log(size) / 2 ** doubling;
    power = squared(
      power.map((value) => value / size),
      width,
    );
  }
  return Math.exp(logarithm);
}

export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

function squared(matrix: Float64Array, width: number): Float64Array<ArrayBuffer> {
  const product = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < width; k++) {
      const factor = matrix[i * width + k]!;
      for (let j = 0; j < width; j++) product[i * width + j]! += factor * matrix[k * width + j]!;
    }
  }
  return product;
}
