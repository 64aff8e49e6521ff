// What a trainer adds to the plan of a pass: the update, room for several steps' batches, and the way of the losses back.

import { type PlannedBuffer, type PlannedGroup, type PlannedTensor, readbackBytes } from "../gpu/tensor";
import { shapeOf } from "../network/batch";
import type { Network } from "../network/network";
import type { PassPlan } from "../network/pass-plan";
import { backwardHalf } from "../network/pass-sections";
import type * as gradientClip from "../ops/gradient-clip";
import type * as lossScale from "../ops/loss-scale";
import { architectureOf } from "../parts/architecture";
import { checkTrainerOptions } from "./check-trainer-options";
import { allLearn, type Learning } from "./learning-state";
import { planLossReadback } from "./loss-readback";
import { layoutOfSubmit, type SubmitLayout } from "./submit-size";
import { submissionsInFlight } from "./submits";
import type { TrainerOptions } from "./trainer-options";
import { type ParameterUpdate, planUpdate, ratesOf } from "./update";

/** What a trainer adds to a pass. */
export interface TrainerPlan {
  readonly learning: Learning;
  readonly update: ParameterUpdate;
  readonly capacity: number;
  readonly slotBytes: number;
  readonly upload: PlannedBuffer;
  readonly readback: readonly PlannedGroup<"losses" | "recorded" | "notes" | "overflows">[];
  /** In mixed precision, u32 [1]: the last step, where it overflowed for the loss's scale, else 0. */
  readonly overflowed: PlannedTensor | undefined;
  /** Where steps are taken in halves: the way back of the outputs. */
  readonly outputs: PlannedBuffer | undefined;
}

/** Whether steps are taken in halves alone: the loss is made outside, or what the network reads. */
const isInHalves = ({ config }: Network, { ownInputs }: Pick<TrainerOptions, "ownInputs">): boolean =>
  ownInputs === true || architectureOf(config).loss.targets === "none";

/** What of the operations few need. */
interface Rare {
  readonly clip: typeof gradientClip | undefined;
  readonly scale: typeof lossScale | undefined;
}

function planTrainer(
  network: Network,
  pass: PassPlan,
  options: TrainerOptions,
  { capacity, slotBytes }: SubmitLayout,
  learning: Learning,
  { clip, scale }: Rare,
): TrainerPlan {
  const { plan, tensors, batch, notFinite } = pass;
  const { losses: ring, recorded, lossScaling: scaling } = tensors;
  const overflowed = scaling && plan.tensor("overflowed", [1], { type: "u32" });
  const update = plan.section(backwardHalf, () => {
    const update = planUpdate(network.programs.parameters, pass, options, learning, clip);
    if (scaling && overflowed) {
      const noting = { notFinite: notFinite!, step: batch.tensors.step! };
      scale!.adaptScale(plan, { scaling, overflowed, ring, recorded, ...noting });
    }
    return update;
  });
  const upload = plan.buffer("batches", slotBytes * capacity, "copied");
  const readback = planLossReadback(plan, ring, submissionsInFlight);
  const outputs = isInHalves(network, options)
    ? plan.buffer("outputs", readbackBytes([tensors.logits]), "readback")
    : undefined;
  return { learning, update, capacity, slotBytes, upload, readback, overflowed, outputs };
}

/** What a trainer's pass is made with, and what goes beyond it. @throws as `checkTrainerOptions` and `layoutOfSubmit`. */
export async function layoutOfTrainer(network: Network, options: TrainerOptions) {
  checkTrainerOptions(options);
  const { schedule, checkpointEvery, joined = false, ownInputs = false, precision } = options;
  const shape = { ...shapeOf(options), schedule, checkpointEvery, joined, ownInputs, ...(precision && { precision }) };
  const names = Object.keys(network.programs.parameters.tensors);
  const said = options.trainable !== undefined || options.learningRates !== undefined;
  const learning = said ? (await import("./learning")).learningOf(options, names) : allLearn(names);
  const trainable = learning.frozen ? learning.names : undefined;
  const passOptions = { ...shape, gradients: true, training: true, ...(trainable && { trainable }) };
  const halves = isInHalves(network, options) ? (await import("./halves")).Halves : undefined;
  const submitted = halves ? { ...options, stepsPerSubmit: 1 } : options;
  const submit = await layoutOfSubmit(network, passOptions, submitted, ratesOf(learning).length);
  const clips = options.clipNorm !== undefined || options.clipValue !== undefined;
  const rare = {
    clip: clips ? await import("../ops/gradient-clip") : undefined,
    scale: precision === "mixed" ? await import("../ops/loss-scale") : undefined,
  };
  return {
    passOptions: { ...passOptions, lossCapacity: submit.capacity },
    extend: (pass: PassPlan) => planTrainer(network, pass, options, submit, learning, rare),
    /** Where steps are taken in halves: what takes them. */
    halves,
  };
}
