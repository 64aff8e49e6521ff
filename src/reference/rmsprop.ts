// RMSProp: steps scaled by a running mean of squared gradients.

import type { Numbers } from "./matmul";

export interface RmspropOptions {
  learningRate: number;
  decay: number;
  epsilon: number;
  weightDecay: number;
}

/** g ← dθ + λθ; s ← ρs + (1 − ρ)·g²; θ ← θ − α·g / (√s + ε). In place. */
export function rmsprop(
  parameter: Float64Array,
  gradient: Numbers,
  { learningRate, decay, epsilon, weightDecay }: RmspropOptions,
  meanSquare: Float64Array,
): void {
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! + weightDecay * parameter[i]!;
    meanSquare[i] = decay * meanSquare[i]! + (1 - decay) * g * g;
    if (g !== 0) parameter[i]! -= (learningRate * g) / (Math.sqrt(meanSquare[i]!) + epsilon);
  }
}
