// What a user says of the training of a network, checked.

import { shown, TempogradError } from "../errors";
import { expectKnown, expectSize } from "../network/expect";
import type { PassOptions } from "../network/pass-options";
import type { Optimizer } from "./optimizers";
import type { LearningRateSchedule } from "./schedules";

/**
 * The size of the batches, how they are learned from, and how the network is laid out for that.
 * @example
 * ```ts
 * import { adam, cosine, randomWindows, Trainer } from "tempograd";
 *
 * const trainer = await Trainer.create(network, {
 *   steps: 16,
 *   batch: 8,
 *   optimizer: adam({ learningRate: 0.01 }),
 *   learningRateSchedule: cosine({ steps: 10 }),
 *   clipNorm: 1,
 * });
 * const batches = randomWindows(text, { steps: 16, batch: 8, seed: 1 });
 * for await (const { step, loss } of trainer.train(batches, { steps: 10 })) console.log(step, loss);
 * trainer.destroy();
 * ```
 */
export interface TrainerOptions
  extends Pick<
    PassOptions,
    | "steps"
    | "batch"
    | "sourceSteps"
    | "weights"
    | "initialState"
    | "carryState"
    | "joined"
    | "ownInputs"
    | "schedule"
    | "checkpointEvery"
    | "precision"
  > {
  optimizer: Optimizer;
  /**
   * Which parameters learn: names, or how they begin, such as "layer1."; or by a function of the name. Default all. The
   * others are frozen: they stay as they are, to the bit, and take no gradient, no state and no time; gradients are clipped,
   * measured and checked without them.
   */
  trainable?: readonly string[] | ((name: string) => boolean) | undefined;
  /**
   * The learning rate of parameters, by name or how it begins, of which the first that fits counts; or by a function of the
   * name. The others have the optimizer's. `trainer.learningRate` is that of the others; the schedule is a factor on all.
   */
  learningRates?: Readonly<Record<string, number>> | ((name: string) => number | undefined) | undefined;
  /** A factor on the learning rates at each step. Default `constant()`. */
  learningRateSchedule?: LearningRateSchedule;
  /** Gradients whose common norm exceeds this are scaled to it. */
  clipNorm?: number;
  /** Gradients are cut to ± this. */
  clipValue?: number;
  /** Training steps in a submit, 65,536 at most. Without it, as many as take about 30 ms; where steps are taken in halves, one. */
  stepsPerSubmit?: number;
  /** Gives up making the trainer. */
  signal?: AbortSignal;
}

/** How long a training goes on. */
export interface TrainOptions {
  /** How many steps to do. Without it, until the batches end. */
  steps?: number;
  /**
   * What happens at a step whose loss or gradients are not finite, which changes no parameter and none of the optimizer's
   * state: "stop" ends the training with an error of code "not-finite", and no later step changes anything either; "skip"
   * reports it and goes on, a carried state with what that step began with. Default "stop". An update that overflows by
   * itself, of a learning rate near the end of float32, is found at the next step.
   */
  notFinite?: "stop" | "skip";
  /** Ends the training: no further step is submitted, those that were are reported, and the signal's reason is thrown. */
  signal?: AbortSignal;
}

/** @throws where an option is unknown, of another type or out of range. */
export function checkTrainOptions(operation: string, options: TrainOptions): void {
  expectKnown(operation, options, ["steps", "notFinite", "signal"]);
  const { steps = Number.POSITIVE_INFINITY, notFinite } = options;
  if (steps !== Number.POSITIVE_INFINITY) expectSize(operation, "steps", steps);
  if (![undefined, "stop", "skip"].includes(notFinite)) {
    throw new TempogradError("option", `${operation}: notFinite is ${shown(notFinite)}, expected "stop" or "skip".`);
  }
}
