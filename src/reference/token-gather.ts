// One-hot rows times a matrix, without the one-hot, and its gradient.

import type { Numbers } from "./matmul";

/** out [rows, width]: row r is weight[tokens[r]] + bias. */
export function tokenGather(tokens: Numbers, weight: Numbers, bias: Numbers, width: number): Float64Array {
  const out = new Float64Array(tokens.length * width);
  for (let r = 0; r < tokens.length; r++) {
    for (let j = 0; j < width; j++) out[r * width + j] = weight[tokens[r]! * width + j]! + bias[j]!;
  }
  return out;
}

/** dWeight [tokenCount, width]: row v is the sum of dOut's rows whose token is v. */
export function tokenGatherGradient(tokens: Numbers, dOut: Numbers, tokenCount: number, width: number): Float64Array {
  const dWeight = new Float64Array(tokenCount * width);
  for (let r = 0; r < tokens.length; r++) {
    for (let j = 0; j < width; j++) dWeight[tokens[r]! * width + j]! += dOut[r * width + j]!;
  }
  return dWeight;
}
