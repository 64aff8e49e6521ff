// The state that a run ends with, carried to the next: truncated BPTT. Loaded where it is carried.

import type { Plan } from "../gpu/plan";
import { type PlannedTensor, type TensorSpec, whole } from "../gpu/tensor";
import { rowReset } from "../ops/row-reset";
import { stateCarry } from "../ops/state-carry";
import { stateSpecs } from "./batch";
import type { NetworkConfig } from "./config";
import type { Layer } from "./layer";
import { type PassOptions, unlatched } from "./pass-options";
import { copyAllStates, slabsOf } from "./states";

/** @param notFinite with gradients: the ended state waits apart until it is known to be finite. */
export function carrying(
  plan: Plan,
  config: NetworkConfig,
  { batch }: PassOptions,
  notFinite: PlannedTensor | undefined,
) {
  const specs: Record<string, TensorSpec> = stateSpecs(config, batch);
  const state = plan.group("state", specs);
  const ended = notFinite && plan.group("ended state", specs);
  return {
    state,
    /** Rows that begin anew, with the batch's initial state or zero. */
    reset(layers: readonly Layer[], tensors: Readonly<Record<string, PlannedTensor>>): void {
      const { reset, initialState, initialCellState } = tensors;
      for (const [kind, initial] of [
        ["hidden", initialState],
        ["cellState", initialCellState],
      ] as const) {
        for (const { tensor, slab, index } of slabsOf(layers, kind, "initial")) {
          rowReset(plan, { state: tensor, slab, reset: reset!, initial, layer: index });
        }
      }
    },
    /** Takes the state at the end. */
    end: (layers: readonly Layer[]) => copyAllStates(plan, layers, "final", ended ?? state),
    /** Where the run is not finite, the next one begins as it did, its resets included. */
    keep(layers: readonly Layer[]): void {
      if (!ended) return;
      plan.section(unlatched, () => copyAllStates(plan, layers, "initial", state, "out"));
      const tensors = { ended: whole(ended, "ended"), carried: whole(state, "carried") };
      plan.gated(notFinite!, () => stateCarry(plan, tensors));
    },
  };
}
