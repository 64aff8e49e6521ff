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

/** What no measure of right answers asks for. */
const untold = { weight: 1, surprise: Number.NaN, outputs: new Float32Array(), targets: new Float32Array() };

type State = Pick<ReferenceBatch, "initialState" | "initialCellState">;

/** @throws where an option is out of range. */
export function referenceLearner(options: LearnerOptions): Learner {
  const { settings } = options;
  const { steps, translation, network: ends } = options.problem;
  const sourceSteps = translation?.sourceSteps;
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
      const data = { ...batch, ...carried, steps, batch: rows, sourceSteps, step };
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
    async evaluate(size, batches, right) {
      const classes = ends.loss === "cross-entropy";
      const tally = right?.begin(ends.outputs);
      let loss = 0;
      let correct = 0;
      let count = 0;
      let state: State = {};
      for (const batch of batches) {
        await new Promise(setImmediate); // so that signals are heard
        const data = { ...batch, ...state, steps: size.steps, batch: size.batch, sourceSteps };
        const run = referenceForward(config, parameters, data);
        if (size.carryState) state = { initialState: run.finalState, initialCellState: run.finalCellState };
        const rows = batch.weights?.filter((weight) => weight > 0).length;
        const values = rows === undefined ? batch.targets.length : rows * ends.outputs;
        const counted = classes ? batch.targets.filter((target) => target >= 0).length : values;
        loss += run.loss * counted;
        count += counted;
        for (const [row, target] of classes ? batch.targets.entries() : []) {
          if (target < 0) continue;
          const logits = run.logits.subarray(row * ends.outputs, (row + 1) * ends.outputs);
          const choice = logits.indexOf(maximum(logits));
          if (choice === target) correct++;
          tally?.add({ ...untold, target, choice, rank: choice === target ? 0 : 1 });
        }
      }
      const [perplexity, accuracy] = classes ? [Math.exp(loss / count), correct / count] : [null, null];
      return { loss: loss / count, perplexity, accuracy: tally ? tally.value() : accuracy, count };
    },
    async answers(size, batches) {
      const answers: Float32Array[] = [];
      for (const batch of batches) {
        await new Promise(setImmediate); // so that signals are heard
        const data = { ...batch, steps: size.steps, batch: size.batch, sourceSteps };
        const { logits } = referenceForward(config, parameters, data);
        answers.push(Float32Array.from(logits));
      }
      return answers;
    },
    generate: null,
    decode: null,
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
