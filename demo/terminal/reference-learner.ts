// The float64 reference behind the terminal's learner interface: the same training, on one core, without a GPU.

import {
  type Batch,
  initialParameters,
  networkConfig,
  type ReferenceBatch,
  type ReferenceParameters,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  type StepReport,
  saveNetwork,
  TempogradError,
} from "../../src/index";
import { maximum } from "../extremes";
import { optimizerOptionsOf, rateScheduleOf } from "../tasks/library-options";
import type { Learner, LearnerOptions } from "./learner";

type State = Pick<ReferenceBatch, "initialState" | "initialCellState">;

/** @throws where an option is out of range. */
export function referenceLearner(options: LearnerOptions): Learner {
  const { settings } = options;
  const { steps } = options.problem;
  const { batch: rows, carryState } = settings;
  const learningRateAt = rateScheduleOf(settings);
  const config = networkConfig(options.network);
  const values = options.parameters ?? initialParameters(config);
  const parameters: ReferenceParameters = Object.fromEntries(
    [...values].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const update = referenceOptimizer(optimizerOptionsOf(settings));
  let stopping = false;
  let step = 0;
  let carried: State = {};

  async function* train(batches: Iterable<Batch>, limit: { steps: number }): AsyncGenerator<StepReport> {
    const last = step + limit.steps;
    for (const batch of batches) {
      step++;
      const learningRate = settings.learningRate * learningRateAt(step);
      const data = { ...batch, ...carried, steps, batch: rows, step };
      const run = referenceTrainStep(config, parameters, data, (all, gradients) =>
        update(all, gradients, learningRate),
      );
      if (run.skipped) {
        throw new TempogradError("not-finite", `the loss or the gradients of step ${step} are not finite`);
      }
      if (carryState) carried = { initialState: run.finalState, initialCellState: run.finalCellState };
      yield { step, loss: run.loss, skipped: false };
      if (stopping || step === last) return;
      await new Promise(setImmediate); // so that signals are heard
    }
  }

  return {
    adapter: "reference",
    software: false,
    gpu: null,
    dispatchesPerStep: null,
    parameterCount: Object.values(parameters).reduce((sum, { length }) => sum + length, 0),
    train,
    async stop() {
      stopping = true;
    },
    async evaluate(size, batches) {
      const classes = config.loss === "cross-entropy";
      let loss = 0;
      let correct = 0;
      let count = 0;
      let state: State = {};
      for (const batch of batches) {
        await new Promise(setImmediate); // so that signals are heard
        const data = { ...batch, ...state, steps: size.steps, batch: size.batch };
        const run = referenceForward(config, parameters, data);
        if (size.carryState) state = { initialState: run.finalState, initialCellState: run.finalCellState };
        const rows = batch.weights?.filter((weight) => weight > 0).length;
        const values = rows === undefined ? batch.targets.length : rows * config.outputs;
        const counted = classes ? batch.targets.filter((target) => target >= 0).length : values;
        loss += run.loss * counted;
        count += counted;
        for (const [row, target] of classes ? batch.targets.entries() : []) {
          const logits = run.logits.subarray(row * config.outputs, (row + 1) * config.outputs);
          if (target >= 0 && logits.indexOf(maximum(logits)) === target) correct++;
        }
      }
      const [perplexity, accuracy] = classes ? [Math.exp(loss / count), correct / count] : [null, null];
      return { loss: loss / count, perplexity, accuracy, count };
    },
    async answers(size, batches) {
      const answers: Float32Array[] = [];
      for (const batch of batches) {
        await new Promise(setImmediate); // so that signals are heard
        const { logits } = referenceForward(config, parameters, { ...batch, steps: size.steps, batch: size.batch });
        answers.push(Float32Array.from(logits));
      }
      return answers;
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
