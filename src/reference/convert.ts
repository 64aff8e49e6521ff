// Numbers in half precision.

import type { Numbers } from "./matmul";

/** The nearest half (IEEE 754, binary16): of two that are as near, the even one; infinite beyond the largest, 65504. */
export function nearestHalf(value: number): number {
  const size = Math.abs(value);
  if (!(size > 0 && size <= 65504)) return size > 65504 ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(size)), -14) - 10); // of the last digit
  const below = Math.floor(size / unit);
  const rest = size / unit - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return Math.sign(value) * (below + (up ? 1 : 0)) * unit;
}

/** x · scale. @param half whether each is stored in half precision */
export const convert = (x: Numbers, scale = 1, half = false): Float64Array =>
  Float64Array.from(x, (value) => (half ? nearestHalf(value * scale) : value * scale));
