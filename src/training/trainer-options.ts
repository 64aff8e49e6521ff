// What a user says of the training of a network, checked.

import { expectKnown, expectSize } from "../network/config";
import type { PassOptions } from "../network/pass";
import { expectNumber, type Optimizer } from "./optimizers";
import type { LearningRateSchedule } from "./schedules";

export interface TrainerOptions
  extends Pick<PassOptions, "steps" | "batch" | "initialState" | "carryState" | "schedule"> {
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
  "optimizer",
  "learningRateSchedule",
  "clipNorm",
  "clipValue",
  "stepsPerSubmit",
];

/** @throws where an option is unknown, or one that a pass does not check is out of range. */
export function checkTrainerOptions(options: TrainerOptions): void {
  for (const name of ["clipNorm", "clipValue"] as const) {
    const limit = options[name];
    if (limit !== undefined) expectNumber("Trainer", name, limit);
  }
  expectKnown("Trainer", options, names);
  if (options.stepsPerSubmit !== undefined) expectSize("Trainer", "stepsPerSubmit", options.stepsPerSubmit);
}
