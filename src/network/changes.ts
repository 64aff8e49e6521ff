// Whether parameters may have changed since they were last found finite.

import type { Lifetime } from "../gpu/lifetime";

export interface Changes {
  /** How often they were written to; NaN, which is like no other number, once they are in hands that are not seen here. */
  count: number;
  /** The count at which they were found finite. */
  finite?: number;
  /** What may write to them at any time up to its end. */
  readonly writers: Set<Lifetime>;
}

/** @returns what tells now from later. */
export function countOf(changes: Changes): number {
  for (const writer of changes.writers) {
    if (!writer.ending) return Number.NaN;
    changes.writers.delete(writer);
    changes.count++;
  }
  return changes.count;
}
