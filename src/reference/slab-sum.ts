// The sum of slabs.

import type { Numbers } from "./matmul";

/** sum [size] = Σ over the rows of parts [slabs, size]. */
export function slabSum(parts: Numbers, size: number): Float64Array {
  const sum = new Float64Array(size);
  for (let i = 0; i < parts.length; i++) sum[i % size]! += parts[i]!;
  return sum;
}
