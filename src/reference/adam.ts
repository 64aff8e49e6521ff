// Adam and AdamW.

import type { Numbers } from "./matmul";

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** AdamW: decay moves θ itself, not its gradient. */
  decoupled: boolean;
}

/** One update, in place. @param step t, from 1. */
export function adam(
  parameter: Float64Array,
  gradient: Numbers,
  { learningRate, beta1, beta2, epsilon, weightDecay, decoupled }: AdamOptions,
  step: number,
  mean: Float64Array,
  meanSquare: Float64Array,
): void {
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! + (decoupled ? 0 : weightDecay * parameter[i]!);
    if (decoupled) parameter[i]! -= learningRate * weightDecay * parameter[i]!;
    mean[i] = beta1 * mean[i]! + (1 - beta1) * g;
    meanSquare[i] = beta2 * meanSquare[i]! + (1 - beta2) * g * g;
    const m = mean[i]! / (1 - beta1 ** step);
    const v = meanSquare[i]! / (1 - beta2 ** step);
    if (m !== 0) parameter[i]! -= (learningRate * m) / (Math.sqrt(v) + epsilon);
  }
}
