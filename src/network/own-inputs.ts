// Inputs that are made outside, on the GPU: where a pass reads them. Loaded where they are wanted.

import { TempogradError } from "../errors";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";
import { given, type PassOptions } from "./pass-options";

/** x [T, B, I], zero unless written. @throws where that does not go with the rest. */
export function ownInputs(plan: Plan, config: NetworkConfig, options: PassOptions): PlannedTensor {
  const { input, encoder } = architectureOf(config);
  const [other] = given({
    [`an input of ${input.kind}, expected features: make the network with them`]: input.kind !== "features",
    "an encoder, which has an input beside: take two networks that are joined": encoder,
    "checkpointEvery, which reads a batch in segments: leave one out": options.checkpointEvery,
  });
  if (other) throw new TempogradError("option", `Pass: ownInputs does not go with ${other}.`);
  return plan.tensor("inputs", [options.steps, options.batch, input.width]);
}
