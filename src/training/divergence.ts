// What is said where training diverges; loaded then.

import { TempogradError } from "../errors";
import type { PassOptions } from "../network/pass-options";
import { type StepReport, training } from "./submits";

/** What ends a training at a step that is not finite. */
export function divergence({ step, loss }: StepReport, { precision }: Pick<PassOptions, "precision">): TempogradError {
  const mixed = precision === "mixed";
  const got = Number.isFinite(loss)
    ? `the gradients of step ${step}, or their norm, are not finite${mixed ? ", even at a loss scale of 1" : ""}`
    : `the loss of step ${step} is ${loss}`;
  const cure = `${mixed ? "train in single precision, " : ""}lower the learning rate, clip gradients (clipNorm), or go on without such steps by notFinite: "skip"`;
  return new TempogradError(
    "not-finite",
    `${training}: ${got}, expected finite numbers; that step changed nothing: ${cure}.`,
  );
}
