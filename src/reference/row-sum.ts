// The sum of a matrix's rows, in float64.

import type { Numbers } from "./matmul";

/** [width] = Σ over the rows of x [rows, width]: how a bias's gradient is made. */
export function rowSum(x: Numbers, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let i = 0; i < x.length; i++) sum[i % width]! += x[i]!;
  return sum;
}
