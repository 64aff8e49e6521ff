// What a trainer adds to the plan of a pass: the update, room for several steps' batches, and the way of the losses back.

import type { PlannedBuffer, PlannedGroup } from "../gpu/tensor";
import type { Network } from "../network/network";
import type { PassPlan } from "../network/pass-plan";
import type * as gradientClip from "../ops/gradient-clip";
import { type Learning, learningOf } from "./learning";
import { planLossReadback } from "./loss-readback";
import { layoutOfSubmit, type SubmitLayout } from "./submit-size";
import type { TrainerOptions } from "./trainer-options";
import { type ParameterUpdate, planUpdate, ratesOf } from "./update";

/** Submits that the device has not finished. */
export const submissionsInFlight = 2;

/** What a trainer adds to a pass. */
export interface TrainerPlan {
  readonly learning: Learning;
  readonly update: ParameterUpdate;
  readonly capacity: number;
  readonly slotBytes: number;
  readonly upload: PlannedBuffer;
  readonly readback: readonly PlannedGroup<"losses" | "recorded" | "notes">[];
}

function planTrainer(
  network: Network,
  pass: PassPlan,
  options: TrainerOptions,
  { capacity, slotBytes }: SubmitLayout,
  learning: Learning,
  clip: typeof gradientClip | undefined,
): TrainerPlan {
  const { plan, tensors } = pass;
  const update = planUpdate(network.parameters, pass, options, learning, clip);
  const upload = plan.buffer("batches", slotBytes * capacity, "copied");
  const readback = planLossReadback(plan, tensors.losses, submissionsInFlight);
  return { learning, update, capacity, slotBytes, upload, readback };
}

/** What a trainer's pass is made with, and what goes beyond it. @throws as `layoutOfSubmit`. */
export async function layoutOfTrainer(network: Network, options: TrainerOptions) {
  const { steps, batch, sourceSteps, weights = false, initialState = false, carryState = false } = options;
  const { schedule, checkpointEvery } = options;
  const of = { steps, batch, ...(sourceSteps !== undefined && { sourceSteps }), weights, initialState, carryState };
  const shape = { ...of, schedule, checkpointEvery };
  const learning = learningOf(options, Object.keys(network.parameters.tensors));
  const trainable = learning.frozen ? learning.names : undefined;
  const passOptions = { ...shape, gradients: true, training: true, ...(trainable && { trainable }) };
  const submit = await layoutOfSubmit(network, passOptions, options, ratesOf(learning).length);
  const clips = options.clipNorm !== undefined || options.clipValue !== undefined;
  const clip = clips ? await import("../ops/gradient-clip") : undefined;
  return {
    passOptions: { ...passOptions, lossCapacity: submit.capacity },
    extend: (pass: PassPlan) => planTrainer(network, pass, options, submit, learning, clip),
  };
}
