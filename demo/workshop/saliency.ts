// How much each piece of a text speaks for what a network answers to it: input × gradient.

import type { UniformConfig } from "../../src/index";
import { crossEntropy, type Tracer } from "../through-time/unroll";

export interface Saliency {
  /** How likely the answer is. */
  probability: number;
  /** x_t · d ln ŷ / dx_t of each token [T], x_t its one-hot row: to first order, what its input adds to ln ŷ */
  values: Float32Array;
}

/** Of longer texts it would take too long. */
export const mostTokens = 256;

/**
 * Source: Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
 * 2016, which names gradient × input. Where labels are smoothed, ln ŷ is smoothed as in training.
 * @param tracer of as many steps as there are tokens, or more
 * @param tokens that a network reads of which the last, or all together, answer with classes
 * @param at the answer by its place
 */
export async function saliencyOf(
  { outputs, readout, inputs: width }: UniformConfig,
  tracer: Pick<Tracer, "steps" | "trace">,
  tokens: Int32Array,
  at: number,
): Promise<Saliency> {
  const { steps } = tracer;
  const count = tokens.length;
  const row = readout === "every-step" ? count - 1 : 0;
  const inputs = new Int32Array(steps);
  inputs.set(tokens);
  const targets = new Int32Array(readout === "every-step" ? steps : 1).fill(-1);
  targets[row] = at;
  const traced = await tracer.trace({ inputs, targets, lengths: Int32Array.of(count) });
  const logits = traced.outputs.subarray(row * outputs, (row + 1) * outputs);
  // The loss is −ln ŷ of the one target that counts.
  const values = Float32Array.from(tokens, (token, t) => -traced.dInputs[t * width + token]!);
  return { probability: Math.exp(-crossEntropy(logits, [at])), values };
}
