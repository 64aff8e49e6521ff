// Computes what a recording describes with the float64 reference.

import {
  fromPyTorch,
  type ReferenceParameters,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  toPyTorch,
} from "../../src/index";
import type { Computed } from "./recording";
import { batchOf, trainingBatches } from "./recording-batches";
import { namesOf, type Recording } from "./recording-file";

/** Everything that a recording expects, from the reference. */
export function computeOnReference(recording: Recording): Computed {
  const { steps, batch, training, tensors } = recording;
  const config = recording.network;
  const names = namesOf(config);
  const initial = fromPyTorch(tensors, names);
  const fresh = (): ReferenceParameters =>
    Object.fromEntries([...initial].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const named = (values: ReferenceParameters) =>
    toPyTorch(
      new Map([...initial].map(([name, { shape }]) => [name, { shape, data: Float32Array.from(values[name]!) }])),
      names,
    );

  const data = { ...batchOf(recording), steps, batch };
  const parameters = fresh();
  const run = referenceForward(config, parameters, data);
  const gradients = referenceBackward(config, parameters, data, run);
  const computed: Computed = new Map<string, ArrayLike<number>>([
    ["expected.outputs", run.outputs],
    ["expected.h_n", run.finalState],
    ["expected.c_n", run.finalCellState],
    ["expected.logits", run.logits],
    ["expected.probabilities", run.probabilities],
    ["expected.loss", [run.loss]],
    ["grad.inputs", gradients.inputs],
    ["grad.h0", gradients.initialState],
    ["grad.c0", gradients.initialCellState],
    ["grad.hidden", gradients.hidden.flatMap((trace) => [...trace.slice(batch * config.hidden)])],
  ]);
  for (const [name, tensor] of named(gradients.parameters)) computed.set(`grad.${name}`, tensor.data);
  if (training) {
    const trained = fresh();
    const update = referenceOptimizer(training.optimizer);
    const losses: number[] = [];
    let carried = {};
    for (const next of trainingBatches(recording, training.steps)) {
      const step = referenceTrainStep(config, trained, { ...next, ...carried, steps, batch }, update);
      losses.push(step.loss);
      if (training.carry) carried = { initialState: step.finalState, initialCellState: step.finalCellState };
    }
    computed.set("expected.losses", losses);
    for (const [name, tensor] of named(trained)) computed.set(`after.${name}`, tensor.data);
  }
  return computed;
}
