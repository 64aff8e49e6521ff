// The reset of carried states, row by row.

import type { Numbers } from "./matmul";

/** A state [B, H] with what is given [B, H], or zeros, in the rows that begin anew. */
export function rowReset(state: Numbers, reset: Numbers, initial?: Numbers): Float64Array {
  const width = state.length / reset.length;
  return Float64Array.from(state, (value, i) => (reset[Math.floor(i / width)] === 0 ? value : (initial?.[i] ?? 0)));
}
