// Sums of matrices over their rows.

import { type Numbers, rowSum as sumOfOne } from "./matmul";

/** [P, H] = Σ over the rows of each of P matrices [B, H]. */
export function rowSum(parts: Numbers, matrices: number, width: number): Float64Array {
  const size = parts.length / matrices;
  return Float64Array.from(
    Array.from({ length: matrices }, (_, p) => [
      ...sumOfOne(Array.from(parts).slice(p * size, (p + 1) * size), width),
    ]).flat(),
  );
}
