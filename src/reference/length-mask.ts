// Nothing counts past a sequence's end.

import type { Numbers } from "./matmul";

/** Values [T, B, K] with zeros in the rows of steps, from 0, that sequences of these lengths [B] do not have. */
export function lengthMask(values: Numbers, lengths: Numbers, width: number): Float64Array {
  const batch = lengths.length;
  return Float64Array.from(values, (value, i) => {
    const row = Math.floor(i / width);
    return Math.floor(row / batch) < lengths[row % batch]! ? value : 0;
  });
}
