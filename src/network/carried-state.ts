// The state that a run ends with, carried to the next: truncated BPTT. Loaded where it is carried.

import type { Plan } from "../gpu/plan";
import { type PlannedTensor, whole } from "../gpu/tensor";
import { rowReset } from "../ops/row-reset";
import { stateCarry } from "../ops/state-carry";
import type { NetworkConfig } from "./config";
import type { Layer } from "./layer";
import type { PassOptions } from "./pass-options";
import { unlatched } from "./pass-sections";
import { stateSpecs } from "./state-specs";
import { copyStates, statePlaces, statesIn } from "./states";

/** @param notFinite with gradients: the ended state waits apart until it is known to be finite. */
export function carrying(
  plan: Plan,
  config: NetworkConfig,
  { batch }: PassOptions,
  notFinite: PlannedTensor | undefined,
) {
  const specs = stateSpecs(config, batch);
  const state = plan.group("state", specs);
  const ended = notFinite && plan.group("ended state", specs);
  return {
    state,
    /** Rows that begin anew, with the batch's initial state or zero. */
    reset(layers: readonly Layer[], { reset, ...tensors }: Readonly<Record<string, PlannedTensor | undefined>>): void {
      for (const { name, tensor, offset, stride } of statePlaces(layers, "initial")) {
        const firstRow = (offset - tensor.offset) / stride;
        rowReset(plan, { state: tensor, firstRow, reset: reset!, initial: tensors[name] });
      }
    },
    /** Takes the state at the end. */
    end: (layers: readonly Layer[]) => copyStates(plan, layers, "final", statesIn((ended ?? state).tensors)),
    /** Where the run is not finite, the next one begins as it did, its resets included. */
    keep(layers: readonly Layer[]): void {
      if (!ended) return;
      plan.section(unlatched, () => copyStates(plan, layers, "initial", statesIn(state.tensors), "out"));
      const tensors = { ended: whole(ended, "ended"), carried: whole(state, "carried") };
      plan.gated(notFinite!, () => stateCarry(plan, tensors));
    },
  };
}
