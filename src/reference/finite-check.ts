// Whether numbers are all finite.

import type { Numbers } from "./matmul";

/** 1 where a number is not finite, else 0. */
export function finiteCheck(tensor: Numbers): number {
  for (let i = 0; i < tensor.length; i++) if (!Number.isFinite(tensor[i])) return 1;
  return 0;
}
