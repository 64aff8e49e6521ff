// The float64 reference behind the terminal's learner interface: the same training, on one core, without a GPU.

import {
  type Batch,
  initialParameters,
  networkConfig,
  type ReferenceParameters,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  type StepReport,
  saveNetwork,
} from "../../src/index";
import type { Learner, LearnerOptions } from "./learner";

/** @throws where an option is out of range. */
export function referenceLearner(options: LearnerOptions): Learner {
  const { shape } = options;
  const { steps, batch: rows } = shape;
  const config = networkConfig(options.network);
  const values = options.parameters ?? initialParameters(config);
  const parameters: ReferenceParameters = Object.fromEntries(
    [...values].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const update = referenceOptimizer(options.optimizer);
  let stopping = false;
  let step = 0;

  async function* train(batches: Iterable<Batch>, limit: { steps: number }): AsyncGenerator<StepReport> {
    const last = step + limit.steps;
    for (const batch of batches) {
      const { loss } = referenceTrainStep(config, parameters, { ...batch, steps, batch: rows, step: ++step }, update);
      yield { step, loss };
      if (stopping || step === last) return;
      await new Promise(setImmediate); // so that signals are heard
    }
  }

  return {
    adapter: "reference",
    software: false,
    gpu: null,
    dispatchesPerStep: null,
    train,
    async stop() {
      stopping = true;
    },
    async evaluate(size, batches) {
      let loss = 0;
      let correct = 0;
      let count = 0;
      for (const batch of batches) {
        await new Promise(setImmediate); // so that signals are heard
        const run = referenceForward(config, parameters, { ...batch, steps: size.steps, batch: size.batch });
        const counted = Array.from(batch.targets).filter((target) => target >= 0).length;
        loss += run.loss * counted;
        count += counted;
        for (const [row, target] of batch.targets.entries()) {
          const logits = run.logits.subarray(row * config.outputs, (row + 1) * config.outputs);
          if (target >= 0 && logits.indexOf(Math.max(...logits)) === target) correct++;
        }
      }
      return { loss: loss / count, perplexity: Math.exp(loss / count), accuracy: correct / count, count };
    },
    generate: null,
    traceGradients: null,
    checkpoint({ about }) {
      const read = async () =>
        new Map(
          [...values].map(([name, { shape: sizes }]) => [
            name,
            { shape: sizes, data: Float32Array.from(parameters[name]!) },
          ]),
        );
      return saveNetwork({ config, read }, { about });
    },
    close() {},
  };
}
