// States as joints between passes: groups on the GPU that a pass begins with and leaves, and the gradients of them on the
// way back. Loaded where they are wanted.

import type { Plan } from "../gpu/plan";
import type { PlannedGroup } from "../gpu/tensor";
import type { NetworkConfig } from "./config";
import type { Layer } from "./layer";
import { stateSpecs } from "./state-specs";
import { carryPlaces, copyStates, statesIn } from "./states";

/** The states of a pass by name, as `stateSpecs` has them, each kind in one buffer; alike for layers that are alike. */
export interface Joints<Group> {
  /** What the pass begins with; zero unless written. */
  initialState?: Group;
  /** What it ended with: of a reverse direction, after the first step. */
  finalState?: Group;
  /** With gradients: dL/d(final states) by what goes on from them, zero unless written; and dL/d(initial states). */
  dFinalState?: Group;
  dInitialState?: Group;
}

/** @param back whether there is a way back */
export function joining(plan: Plan, config: NetworkConfig, batch: number, back: boolean) {
  const specs = stateSpecs(config, batch);
  const group = (label: string): PlannedGroup => plan.group<string>(label, specs);
  const initialState = group("initialState");
  const finalState = group("finalState");
  const [dFinalState, dInitialState] = back ? [group("dFinalState"), group("dInitialState")] : [];
  return {
    groups: { initialState, finalState, ...(dFinalState && { dFinalState, dInitialState }) } as Joints<PlannedGroup>,
    /** Adds what a run begins with. */
    begin: (layers: readonly Layer[]) => copyStates(plan, layers, "initial", statesIn(initialState.tensors)),
    /** Adds what it leaves. */
    end: (layers: readonly Layer[]) => copyStates(plan, layers, "final", statesIn(finalState.tensors)),
    /** Adds what reaches the sweeps back from beyond the last step. */
    enter(layers: readonly Layer[]): void {
      for (const { name, place, bytes } of carryPlaces(layers)) plan.copy(dFinalState!.tensors[name]!, place, bytes);
    },
    /** Adds what they pass on beyond the first. */
    leave(layers: readonly Layer[]): void {
      for (const { name, place, bytes } of carryPlaces(layers)) plan.copy(place, dInitialState!.tensors[name]!, bytes);
    },
  };
}
