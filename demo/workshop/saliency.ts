// How much each piece of a text speaks for what a network answers to it: input × gradient.

import type { UniformConfig } from "../../src/index";
import type { Learner } from "./learner";
import type { Tracers } from "./tracers";

export interface Saliency {
  /** Of all answers, by their place, the one that it is of, and how likely that is. */
  at: number;
  probability: number;
  /** x_t · d ln ŷ / dx_t of each token [T], x_t its one-hot row: to first order, what its input adds to ln ŷ */
  values: Float32Array;
}

/** Of longer texts it would take too long at each key. */
export const mostTokens = 256;
const leastSteps = 32;

/**
 * Source: Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
 * 2016, which names gradient × input. Where labels are smoothed, ln ŷ is smoothed as in training.
 * @param tokens that a network reads of which the last, or all together, answer with classes
 * @param at the answer by its place; the likeliest unless given
 */
export async function saliencyOf(
  learner: Pick<Learner, "predict"> & { config: UniformConfig },
  tracers: Pick<Tracers, "of">,
  tokens: Int32Array,
  at?: number,
): Promise<Saliency> {
  const { outputs, readout, inputs: width } = learner.config;
  const [prediction] = await learner.predict([tokens]);
  const probabilities = prediction!.probabilities!.subarray(-outputs);
  const target = at ?? probabilities.reduce((best, value, i) => (value > probabilities[best]! ? i : best), 0);
  const count = tokens.length;
  const steps = Math.max(leastSteps, 2 ** Math.ceil(Math.log2(count))); // few lengths, so that few plans are made
  const inputs = new Int32Array(steps);
  inputs.set(tokens);
  const targets = new Int32Array(readout === "every-step" ? steps : 1).fill(-1);
  targets[readout === "every-step" ? count - 1 : 0] = target;
  const tracer = await tracers.of(steps);
  const { dInputs } = await tracer.trace({ inputs, targets, lengths: Int32Array.of(count) });
  // The loss is −ln ŷ of the one target that counts.
  const values = Float32Array.from(tokens, (token, t) => -dInputs[t * width + token]!);
  return { at: target, probability: probabilities[target]!, values };
}
