// The gradient of a bias.

import type { Numbers } from "./matmul";

/** dBias [width] = Σ over the rows of dOut [rows, width]. */
export function biasGradient(dOut: Numbers, width: number): Float64Array {
  const dBias = new Float64Array(width);
  for (let i = 0; i < dOut.length; i++) dBias[i % width]! += dOut[i]!;
  return dBias;
}
