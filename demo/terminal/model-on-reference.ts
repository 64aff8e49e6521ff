// Computes what a recorded model describes with the float64 reference.

import {
  type ReferenceParameters,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
} from "../../src/index";
import { modelBatch } from "./model-batches";
import type { Model } from "./model-file";
import { toStateDict } from "./model-names";
import type { Computed } from "./recording";

/** Everything that a recording expects, from the reference. */
export function computeModelOnReference(model: Model): Computed {
  const { config, steps, batch, sourceSteps, training } = model;
  const parameters: ReferenceParameters = Object.fromEntries(
    [...model.parameters].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const size = { steps, batch, sourceSteps };
  const data = { ...modelBatch(model), ...size };
  const run = referenceForward(config, parameters, data);
  const gradients = referenceBackward(config, parameters, data, run);
  const [lowest] = run.sweeps; // what it begins with is what an encoder ended with
  const beginning = (states: Float64Array) => states.slice(0, states.length / (steps + 1));
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.logits", run.logits],
    ["expected.loss", [run.loss]],
    ["expected.final.h", beginning(lowest!.hidden)],
    ["expected.final.c", beginning(lowest!.cell)],
    ["gradient.final.h", gradients.initialState],
    ["gradient.final.c", gradients.initialCellState],
  ]);
  const add = (what: string, values: ReferenceParameters) => {
    const own = Object.entries(values).map(([name, data]) => [name, { data: Float32Array.from(data) }] as const);
    for (const [name, { data }] of toStateDict(config, new Map(own))) computed.set(`${what}.${name}`, data);
  };
  add("gradient", gradients.parameters);
  if (!training) return computed;
  const { optimizer: kind, learningRate, carry, frozen, rates } = training;
  const update = referenceOptimizer({ kind, learningRate, learningRates: (name) => rates.get(name) });
  const losses: number[] = [];
  let carried = {};
  for (let step = 0; step < training.steps; step++) {
    const data = { ...modelBatch(model, step), ...carried, ...size };
    const trained = referenceTrainStep(config, parameters, data, update, (name) => !frozen.has(name));
    losses.push(trained.loss);
    if (carry) carried = { initialState: trained.finalState, initialCellState: trained.finalCellState };
  }
  computed.set("expected.losses", losses);
  add("after", parameters);
  return computed;
}
