// Passes of which tensors are read after each run; loaded where there are some.

import { type AnyBuffer, type PlannedTensor, readbackBytes, readTensors, type TypedArray } from "../gpu/tensor";
import { borrow } from "./borrow";
import type { Network } from "./network";
import type { Pass } from "./pass";
import type { PassOptions } from "./pass-options";
import type { PassPlan } from "./pass-plan";

/** A pass of which some tensors are read after each run. */
export interface Reading {
  readonly pass: Pass;
  /**
   * Runs what was written, and reads.
   * @param into arrays that take what is read, one for each tensor; they are made unless given.
   * @param without names of sections to leave out.
   * @param asks which operation does, for errors; the one that it was made for unless given.
   * @throws what the device finds wrong.
   */
  run(into?: readonly TypedArray[], without?: readonly string[], asks?: string): Promise<TypedArray[]>;
}

/** Of a pass, and of tensors that are read through a buffer of `readbackBytes`. */
export function readingOf(
  pass: Pass,
  planned: { readonly tensors: readonly PlannedTensor[]; readonly staging: AnyBuffer },
  operation: string,
): Reading {
  const { gpu, program } = pass;
  const tensors = planned.tensors.map((tensor) => program.tensor(tensor));
  const staging = program.buffer(planned.staging);
  return {
    pass,
    run: (into, without, asks = operation) =>
      readTensors(gpu, tensors, asks, staging, into, (encoder) => pass.encode(encoder, false, without)),
  };
}

/**
 * Borrows a pass of which tensors are read after each run, in the same submit.
 * @param wanted the tensors; it may add to the plan what they hold.
 * @param also what tells it from others of the same operation and options.
 */
export function reading<Answer>(
  network: Network,
  operation: string,
  options: PassOptions,
  wanted: (planned: PassPlan) => PlannedTensor[],
  use: (reading: Reading) => Promise<Answer>,
  also = "",
): Promise<Answer> {
  const { lifetime, programs } = network;
  const make = async () => {
    const extend = (planned: PassPlan) => {
      const tensors = wanted(planned);
      return { tensors, staging: planned.plan.buffer("readback", readbackBytes(tensors), "readback") };
    };
    const { pass, more } = await programs.pass(operation, options, lifetime, extend);
    return { ...readingOf(pass, more!, operation), destroy: () => pass.destroy() };
  };
  return borrow(network, `${operation} ${JSON.stringify(options)} ${also}`, make, (reading) => {
    reading.pass.begin();
    return use(reading);
  });
}
