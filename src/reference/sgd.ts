// Gradient descent, with momentum or without.

import type { Numbers } from "./matmul";

export interface SgdOptions {
  learningRate: number;
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
}

/** g ← dθ + λθ; v ← μv + g; θ ← θ − α·v, or with Nesterov's momentum θ ← θ − α·(g + μv). In place. */
export function sgd(parameter: Float64Array, gradient: Numbers, options: SgdOptions, velocity?: Float64Array): void {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! + weightDecay * parameter[i]!;
    const v = momentum * (velocity?.[i] ?? 0) + g;
    if (velocity) velocity[i] = v;
    parameter[i]! -= learningRate * (nesterov ? g + momentum * v : v);
  }
}
