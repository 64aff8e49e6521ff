// The optimizers and clipping of the reference, over all parameters of a network, with the state they keep.

import { adam } from "./adam";
import { clipNorm, clipValue } from "./gradient-clip";
import { rmsprop } from "./rmsprop";
import { sgd } from "./sgd";

/** The same words as the library's optimizers and trainer, with their defaults. */
export interface ReferenceOptimizerOptions {
  kind: "sgd" | "rmsprop" | "adam" | "adamw";
  learningRate: number;
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
  decay?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  clipNorm?: number;
  clipValue?: number;
}

/**
 * Moves parameters by their gradients, which clipping may change, both by name and in place.
 * @param learningRate of this step; without it, the optimizer's
 */
export type ReferenceUpdate = (
  parameters: Record<string, Float64Array>,
  gradients: Record<string, Float64Array>,
  learningRate?: number,
) => void;

/** An optimizer with a state of its own, at step 0. */
export function referenceOptimizer(options: ReferenceOptimizerOptions): ReferenceUpdate {
  const { kind, epsilon = 1e-8 } = options;
  const { decay = 0.99, beta1 = 0.9, beta2 = 0.999 } = options;
  const weightDecay = options.weightDecay ?? (kind === "adamw" ? 0.01 : 0);
  const states = new Map<string, [Float64Array, Float64Array]>();
  let step = 0;
  return (parameters, gradients, learningRate = options.learningRate) => {
    step++;
    const names = Object.keys(parameters);
    const all = names.map((name) => gradients[name]!);
    if (options.clipNorm !== undefined) clipNorm(all, options.clipNorm);
    if (options.clipValue !== undefined) clipValue(all, options.clipValue);
    for (const name of names) {
      const parameter = parameters[name]!;
      const gradient = gradients[name]!;
      const state = states.get(name) ?? [new Float64Array(parameter.length), new Float64Array(parameter.length)];
      states.set(name, state);
      if (kind === "sgd") sgd(parameter, gradient, { ...options, learningRate, weightDecay }, state[0]);
      else if (kind === "rmsprop")
        rmsprop(parameter, gradient, { learningRate, decay, epsilon, weightDecay }, state[0]);
      else {
        const decoupled = kind === "adamw";
        adam(parameter, gradient, { learningRate, beta1, beta2, epsilon, weightDecay, decoupled }, step, ...state);
      }
    }
  };
}
