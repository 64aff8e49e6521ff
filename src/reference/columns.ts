// Arrays taken apart and put together: by slabs, and by columns, where two directions lie side by side.

import type { Numbers } from "./matmul";

/** Slab `index` of size `size`; zeros where there are no values. */
export const slabOf = (values: Numbers | undefined, index: number, size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => values?.[index * size + i] ?? 0);

/** All slabs, one after another. */
export function concatenate(slabs: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(slabs.reduce((length, slab) => length + slab.length, 0));
  let offset = 0;
  for (const slab of slabs) {
    all.set(slab, offset);
    offset += slab.length;
  }
  return all;
}

/** [rows, parts·width] from parts of [rows, width]. */
export function joinColumns(parts: readonly Float64Array[], width: number): Float64Array {
  const joined = new Float64Array(parts.length * (parts[0]?.length ?? 0));
  const columns = parts.length * width;
  for (const [part, values] of parts.entries()) {
    for (let i = 0; i < values.length; i++) {
      joined[Math.floor(i / width) * columns + part * width + (i % width)] = values[i]!;
    }
  }
  return joined;
}

/** The inverse of `joinColumns`. */
export function splitColumns(joined: Float64Array, parts: number, width: number): Float64Array[] {
  const columns = parts * width;
  return Array.from({ length: parts }, (_, part) =>
    joined.filter((_, i) => Math.floor((i % columns) / width) === part),
  );
}
