// The check of a trainer's options, loaded where one is made.

import { shown, TempogradError } from "../errors";
import { expectKnown, expectSize } from "../network/expect";
import { expectNumber } from "./optimizers";
import type { TrainerOptions } from "./trainer-options";

const names: readonly (keyof TrainerOptions)[] = [
  "steps",
  "batch",
  "sourceSteps",
  "weights",
  "initialState",
  "carryState",
  "joined",
  "ownInputs",
  "schedule",
  "checkpointEvery",
  "precision",
  "optimizer",
  "trainable",
  "learningRates",
  "learningRateSchedule",
  "clipNorm",
  "clipValue",
  "stepsPerSubmit",
  "signal",
];

/** @throws where an option is unknown, of another type or out of range. */
export function checkTrainerOptions(options: TrainerOptions): void {
  expectKnown("Trainer", options, names);
  const { optimizer, learningRateSchedule } = options;
  if (typeof optimizer?.add !== "function" || typeof optimizer.scalars !== "function") {
    throw new TempogradError(
      "option",
      `Trainer: optimizer is ${shown(optimizer)}, expected what sgd, rmsprop, adam or adamw answers; call one of them.`,
    );
  }
  if (learningRateSchedule !== undefined && typeof learningRateSchedule !== "function") {
    throw new TempogradError(
      "option",
      `Trainer: learningRateSchedule is ${shown(learningRateSchedule)}, expected a function of the step; cosine({ steps }) makes one.`,
    );
  }
  for (const name of ["clipNorm", "clipValue"] as const) {
    const limit = options[name];
    if (limit !== undefined) expectNumber("Trainer", name, limit);
  }
  if (options.stepsPerSubmit !== undefined) expectSize("Trainer", "stepsPerSubmit", options.stepsPerSubmit);
}
