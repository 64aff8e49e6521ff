// What is not finite is neither saved nor handed on.

import { TempogradError } from "../errors";
import type { TensorData } from "./safetensors";

/** What could not be gone on from is not to take the place of what could. @throws unless all numbers are finite. */
export function expectFinite(operation: string, values: Iterable<[string, Pick<TensorData, "data">]>): void {
  for (const [name, { data }] of values) {
    const wrong = data.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) continue;
    const cure = "go back to what was saved before training diverged";
    throw new TempogradError(
      "not-finite",
      `${operation}: "${name}"[${wrong}] is ${data[wrong]}, expected a finite number; ${cure}.`,
    );
  }
}
