// Gradient descent.

import type { Numbers } from "./matmul";

/** θ ← θ − α·dθ, in place. */
export function sgd(parameter: Float64Array, gradient: Numbers, learningRate: number): void {
  for (let i = 0; i < parameter.length; i++) parameter[i]! -= learningRate * gradient[i]!;
}
