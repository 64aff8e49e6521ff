// How the learning rate changes while training goes on: factors on it, by the number of the step.

import { expectKnown, expectSize } from "../network/expect";
import { expectNumber } from "./optimizers";

/** A factor on the trainer's learning rate, by the training step, from 1. Any function will do. */
export type LearningRateSchedule = (step: number) => number;

/** 1 at every step. */
export const constant = (): LearningRateSchedule => () => 1;

/**
 * factor^⌊(step − 1) / every⌋, as torch.optim.lr_scheduler.StepLR has it.
 * @throws where `every` is no integer from 1 up, or `factor` no finite number from 0 up.
 * @example
 * ```ts
 * import { stepDecay, warmUp } from "tempograd";
 *
 * const schedule = warmUp(100, stepDecay({ every: 1000, factor: 0.5 })); // learningRateSchedule of a trainer
 * console.log(schedule(50), schedule(1101)); // 0.5, 0.5
 * ```
 */
export function stepDecay(options: { every: number; factor: number }): LearningRateSchedule {
  expectKnown("stepDecay", options, ["every", "factor"]);
  const { every, factor } = options;
  expectSize("stepDecay", "every", every);
  expectNumber("stepDecay", "factor", factor);
  return (step) => factor ** Math.floor((step - 1) / every);
}

/**
 * Half a cosine from 1 down to `final`: final + (1 − final)·(1 + cos(π·(step − 1) / steps)) / 2, and `final` from step
 * steps + 1 on (Loshchilov and Hutter 2017, without restarts; torch.optim.lr_scheduler.CosineAnnealingLR).
 * @param options final is the last factor, default 0.
 * @throws where `steps` is no integer from 1 up, or `final` no finite number from 0 up.
 */
export function cosine(options: { steps: number; final?: number }): LearningRateSchedule {
  expectKnown("cosine", options, ["steps", "final"]);
  const { steps, final = 0 } = options;
  expectSize("cosine", "steps", steps);
  expectNumber("cosine", "final", final);
  return (step) => final + ((1 - final) * (1 + Math.cos(Math.PI * Math.min(1, (step - 1) / steps)))) / 2;
}

/**
 * step / steps while it warms up, then `then`, whose step 1 comes after the last of the warm-up.
 * @throws where `steps` is no integer from 1 up.
 */
export function warmUp(steps: number, then: LearningRateSchedule = constant()): LearningRateSchedule {
  expectSize("warmUp", "steps", steps);
  return (step) => (step <= steps ? step / steps : then(step - steps));
}
