// Sums over the rows of a batch of what each row has in several slabs, in plain loops.

import { type Numbers, rowSum as sumOfRows } from "./matmul";

/** [count, H]: for each slab of rows [count, B, H] the sum of its rows. */
export function rowSum(rows: Numbers, count: number, width: number): Float64Array {
  const size = rows.length / count;
  const sum = new Float64Array(count * width);
  for (let p = 0; p < count; p++)
    sum.set(sumOfRows(Array.from(rows).slice(p * size, (p + 1) * size), width), p * width);
  return sum;
}
