// ln softmax of rows, and the way back through it.

import type { Numbers } from "./matmul";

/** ln softmax of each row of x [rows, width]. */
export function logSoftmax(x: Numbers, width: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < width; k++) largest = Math.max(largest, x[start + k]!);
    let sum = 0;
    for (let k = 0; k < width; k++) sum += Math.exp(x[start + k]! - largest);
    for (let k = 0; k < width; k++) out[start + k] = x[start + k]! - largest - Math.log(sum);
  }
  return out;
}

/** dx of dOut, where out = logSoftmax(x). */
export function logSoftmaxGradient(out: Numbers, dOut: Numbers, width: number): Float64Array {
  const dx = new Float64Array(out.length);
  for (let start = 0; start < out.length; start += width) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += dOut[start + k]!;
    for (let k = 0; k < width; k++) dx[start + k] = dOut[start + k]! - Math.exp(out[start + k]!) * sum;
  }
  return dx;
}
