// What is said of a network that computes what is not finite.

import { TempogradError } from "../errors";

/** @param what of the network is not finite. */
export function notFiniteNetwork(operation: string, what = "parameters or logits"): TempogradError {
  const cure = "go back to what was saved before training diverged, and train with a lower learning rate or clipNorm";
  return new TempogradError("not-finite", `${operation}: the network's ${what} are not finite; ${cure}.`);
}
