// What a user says of the training of a network, checked.

import { expectKnown, expectSize, shown } from "../network/config";
import type { PassOptions } from "../network/pass-options";
import { expectNumber, type Optimizer } from "./optimizers";
import type { LearningRateSchedule } from "./schedules";

export interface TrainerOptions
  extends Pick<PassOptions, "steps" | "batch" | "initialState" | "carryState" | "schedule" | "checkpointEvery"> {
  optimizer: Optimizer;
  /** A factor on the learning rate at each step. Default `constant()`. */
  learningRateSchedule?: LearningRateSchedule;
  /** Gradients whose common norm exceeds this are scaled to it. */
  clipNorm?: number;
  /** Gradients are cut to ± this. */
  clipValue?: number;
  /** Training steps in a submit. Without it, as many as take about 30 ms. */
  stepsPerSubmit?: number;
}

const names: readonly (keyof TrainerOptions)[] = [
  "steps",
  "batch",
  "initialState",
  "carryState",
  "schedule",
  "checkpointEvery",
  "optimizer",
  "learningRateSchedule",
  "clipNorm",
  "clipValue",
  "stepsPerSubmit",
];

/** @throws where an option is unknown, of another type or out of range. */
export function checkTrainerOptions(options: TrainerOptions): void {
  const { optimizer, learningRateSchedule } = options;
  if (typeof optimizer?.add !== "function" || typeof optimizer.scalars !== "function") {
    throw new Error(
      `Trainer: optimizer is ${shown(optimizer)}, expected what sgd, rmsprop, adam or adamw answers; call one of them.`,
    );
  }
  if (learningRateSchedule !== undefined && typeof learningRateSchedule !== "function") {
    throw new Error(
      `Trainer: learningRateSchedule is ${shown(learningRateSchedule)}, expected a function of the step; cosine({ steps }) makes one.`,
    );
  }
  for (const name of ["clipNorm", "clipValue"] as const) {
    const limit = options[name];
    if (limit !== undefined) expectNumber("Trainer", name, limit);
  }
  expectKnown("Trainer", options, names);
  if (options.stepsPerSubmit !== undefined) expectSize("Trainer", "stepsPerSubmit", options.stepsPerSubmit);
}
