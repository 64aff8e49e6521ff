// Sums of matrices over their rows, in float64.

import type { Numbers } from "./matmul";

/** Σ over the rows of each of so many matrices, of one below the other [P · R, N]: how a bias's gradient is made. */
export function rowSum(x: Numbers, width: number, matrices = 1): Float64Array {
  const sum = new Float64Array(matrices * width);
  const size = x.length / matrices;
  for (let i = 0; i < x.length; i++) sum[Math.floor(i / size) * width + (i % width)]! += x[i]!;
  return sum;
}
