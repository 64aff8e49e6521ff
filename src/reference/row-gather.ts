// Some rows of a matrix, and their gradient added where they come from.

import type { Numbers } from "./matmul";

/** out [rows, width]: row r is x[first + rows[r]], or zero where that is −1. */
export function rowGather(x: Numbers, rows: Numbers, width: number, first = 0): Float64Array {
  const out = new Float64Array(rows.length * width);
  for (let r = 0; r < rows.length; r++) {
    if (rows[r]! < 0) continue;
    for (let j = 0; j < width; j++) out[r * width + j] = x[(first + rows[r]!) * width + j]!;
  }
  return out;
}

/** dx[first + rows[r]] += dOut[r], in place. */
export function rowGatherGradient(dx: Float64Array, dOut: Numbers, rows: Numbers, width: number, first = 0): void {
  for (let r = 0; r < rows.length; r++) {
    if (rows[r]! < 0) continue;
    for (let j = 0; j < width; j++) dx[(first + rows[r]!) * width + j]! += dOut[r * width + j]!;
  }
}
