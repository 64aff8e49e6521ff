// What is said where training diverges; loaded then.

import { TempogradError } from "../errors";
import { type StepReport, training } from "./submits";

/** What ends a training at a step that is not finite. */
export function divergence({ step, loss }: StepReport): TempogradError {
  const got = Number.isFinite(loss)
    ? `the gradients of step ${step}, or their norm, are not finite`
    : `the loss of step ${step} is ${loss}`;
  const cure = 'lower the learning rate, clip gradients (clipNorm), or go on without such steps by notFinite: "skip"';
  return new TempogradError(
    "not-finite",
    `${training}: ${got}, expected finite numbers; that step changed nothing: ${cure}.`,
  );
}
