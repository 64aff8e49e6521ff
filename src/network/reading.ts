// Passes of which tensors are read after each run; loaded where there are some.

import { type PlannedTensor, readbackBytes, readTensors, type TypedArray } from "../gpu/tensor";
import type { Network } from "./network";
import type { Pass } from "./pass";
import type { PassOptions } from "./pass-options";
import type { PassPlan } from "./pass-plan";

/** A pass of which some tensors are read after each run. */
export interface Reading {
  readonly pass: Pass;
  /** Runs what was written, and reads. @throws what the device finds wrong. */
  run(): Promise<TypedArray[]>;
}

/** As `Programs.reading`. */
export function reading<Answer>(
  network: Network,
  operation: string,
  options: PassOptions,
  wanted: (planned: PassPlan) => PlannedTensor[],
  use: (reading: Reading) => Promise<Answer>,
  also: string,
): Promise<Answer> {
  const { gpu, lifetime, programs } = network;
  const make = async () => {
    const extend = (planned: PassPlan) => {
      const tensors = wanted(planned);
      return { tensors, staging: planned.plan.buffer("readback", readbackBytes(tensors), "readback") };
    };
    const { pass, more } = await programs.pass(operation, options, lifetime, extend);
    const tensors = more!.tensors.map((tensor) => pass.program.tensor(tensor));
    const staging = pass.program.buffer(more!.staging);
    const run = async () => {
      const { errors } = gpu.scoped(() => pass.run());
      const read = readTensors(gpu, tensors, operation, staging);
      return (await Promise.all([read, gpu.expectNone(operation, errors)]))[0];
    };
    return { pass, run, destroy: () => pass.destroy() };
  };
  return programs.borrow(`${operation} ${JSON.stringify(options)} ${also}`, make, (reading) => {
    reading.pass.begin();
    return use(reading);
  });
}
