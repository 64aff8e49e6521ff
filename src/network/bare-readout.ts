// A readout that leaves h as it is, for one that stands outside: nothing is computed. Loaded where there is one.

import type { Plan } from "../gpu/plan";
import { bindingAlignment, matrixOf, roundUp } from "../gpu/tensor";
import type { PlacedReadout } from "../parts/architecture";
import type { Layer } from "./layer";
import type { ReadoutStage } from "./readout";
import { copyStates } from "./states";

const dOutput: ReadoutStage["dOutput"] = (dLogits) => dLogits;
const backward = () => {};

/** o = h_t or h_T; do is dL/dh itself. */
export const bareStage = (plan: Plan, readout: PlacedReadout, layer: Layer): ReadoutStage =>
  readout.kind === "every-step" ? everyHidden(plan, readout, layer) : lastHidden(plan, readout, layer);

/** Where the layer has it, if it can be bound there as a tensor of its own; else copied. */
function everyHidden(plan: Plan, { outputs, parts }: PlacedReadout, { hidden, directions }: Layer): ReadoutStage {
  const [steps = 0, batch = 0] = directions[0]!.gate.shape;
  const shape = [steps, batch, outputs];
  const stride = 4 * matrixOf(hidden).storedWidth;
  const [offset, size] = [hidden.offset + batch * stride, steps * batch * stride];
  if ((steps * batch) % 4 === 0 && offset % bindingAlignment === 0) {
    return { logits: { ...hidden, name: "logits", shape, offset, size }, dOutput, forward() {}, backward };
  }
  const logits = plan.tensor("logits", shape, { parts });
  return { logits, dOutput, forward: () => plan.copy({ buffer: hidden.buffer, offset }, logits, size), backward };
}

/** Copied: where each direction ends are rows of other steps, and in segments those of an earlier one take its place. */
function lastHidden(plan: Plan, { outputs, parts }: PlacedReadout, layer: Layer): ReadoutStage {
  const { hidden, directions } = layer;
  const [, batch = 0] = hidden.shape;
  const logits = plan.tensor("logits", [batch, outputs], { parts });
  const part = 4 * roundUp(outputs / parts, 4);
  const rows = new Map(
    directions.map(({ name }, number) => [
      `${name}hidden`,
      { buffer: logits.buffer, offset: logits.offset + number * part, stride: parts * part },
    ]),
  );
  return { logits, dOutput, forward: () => copyStates(plan, [layer], "final", (name) => rows.get(name)), backward };
}
