// Optimizers: what happens to the parameters once the gradients are there.

import type { Plan } from "../gpu/plan";
import type { Tensor } from "../gpu/tensor";
import { sgd as addSgd } from "../ops/sgd";

/** All parameters and all gradients as one range each, and α. */
export interface OptimizerTensors {
  learningRate: Tensor;
  gradient: Tensor;
  parameter: Tensor;
}

export interface Optimizer {
  readonly kind: string;
  /** α at the start; `trainer.learningRate` changes it later. */
  readonly learningRate: number;
  /** Puts the update on a plan. */
  add(plan: Plan, tensors: OptimizerTensors): void;
}

/** Gradient descent: θ ← θ − α·dθ. @throws where the learning rate is not a finite number from 0 up. */
export function sgd({ learningRate }: { learningRate: number }): Optimizer {
  expectLearningRate("sgd", learningRate);
  return { kind: "sgd", learningRate, add: addSgd };
}

/** @throws unless `value` is a finite number from 0 up. */
export function expectLearningRate(operation: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new Error(`${operation}: learningRate is ${value}, expected a finite number from 0 up.`);
  }
}
