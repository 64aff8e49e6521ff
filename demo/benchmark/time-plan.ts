// Stands in for the library's own until it can time a plan.

import type { Plan } from "../../src/index";

/** Milliseconds of each line; undefined where the adapter has no timestamps. */
export async function timePlan(_plan: Plan, _runs: number): Promise<number[] | undefined> {
  return undefined;
}
