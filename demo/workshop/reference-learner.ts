// A learner on the processor: the float64 reference. Its files are those of the GPU's, in float32, and go from one to the other.

import {
  type Checkpoint,
  initialParameters,
  networkConfig,
  type ParameterValues,
  type ReferenceOptimizerState,
  type ReferenceParameters,
  referenceOptimizer,
  referenceTrainStep,
  saveCheckpoint,
  TempogradError,
} from "../../src/index";
import { keptBy } from "../../src/reference/optimizer";
import { refusal } from "../data/refusal";
import { networkOptionsOf, optimizerOptionsOf, rateScheduleOf } from "../tasks/library-options";
import { CarriedStates } from "./carried-states";
import { expectTraced, isUniform, type Learner, type LearnerOptions } from "./learner";
import { expectFits } from "./processor";
import { breathe, decode, evaluate, generate, predict, trace } from "./reference-answers";

/** @throws where these sizes are too large for it, or the signal's reason. */
export async function referenceLearner({ settings, problem, signal }: LearnerOptions): Promise<Learner> {
  const options = await networkOptionsOf(settings, problem.network);
  signal?.throwIfAborted();
  const { batch, carryState } = settings;
  const { steps, translation } = problem;
  const sourceSteps = translation?.sourceSteps;
  expectFits(options, { steps, batch, sourceSteps });
  const config = networkConfig(options);
  const initial = initialParameters(config);
  const shapes = [...initial].map(([name, { shape }]) => [name, shape] as const);
  const parameters: ReferenceParameters = Object.fromEntries(
    [...initial].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const network = { config, parameters, ends: problem.network };
  const optimizer = optimizerOptionsOf(settings);
  const rateAt = rateScheduleOf(settings);
  const kept: ReferenceOptimizerState = { step: 0, tensors: {} };
  const keptShapes = keptBy(optimizer).flatMap((kind) =>
    shapes.map(([name, shape]) => [`${kind}.${name}`, shape] as const),
  );
  for (const [name, shape] of keptShapes) kept.tensors[name] = new Float64Array(sizeOf(shape));
  const update = referenceOptimizer(optimizer, kept);
  const carried = carryState && isUniform(config) ? new CarriedStates(config, parameters, batch) : undefined;
  let learningRate = settings.learningRate;
  let step = 0;
  let norm: number | undefined;
  let stopping = false;

  const carriedShapes = carried ? carried.names.map((name) => [`state.${name}`, carried.shape] as const) : [];
  const tensors = (): ParameterValues => {
    const states = carried?.all ?? [];
    return new Map([
      ...keptShapes.map(([name, shape]) => [`trainer.${name}`, inFloat32(shape, kept.tensors[name]!)] as const),
      ...carriedShapes.map(([name, shape], i) => [`trainer.${name}`, inFloat32(shape, states[i]!)] as const),
    ]);
  };
  const read = (): ParameterValues =>
    new Map(shapes.map(([name, shape]) => [name, inFloat32(shape, parameters[name]!)]));

  return {
    gpu: undefined,
    config,
    parameterCount: shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0),
    costs: undefined,
    get learningRate() {
      return learningRate;
    },
    set learningRate(rate) {
      learningRate = rate;
    },
    get step() {
      return step;
    },
    async *train(batches, { steps: count = Number.POSITIVE_INFINITY }) {
      stopping = false;
      for (let left = count; left > 0 && !stopping; left--) {
        const rate = learningRate * rateAt(step + 1);
        const data = { ...batches.next().value, ...carried?.next, steps, batch, sourceSteps, step: step + 1 };
        let diverged = false;
        const run = referenceTrainStep(config, parameters, data, (all, gradients) => {
          const now = normOf(Object.values(gradients));
          diverged = !Number.isFinite(Math.fround(now)); // as on a GPU, whose files go on with these
          if (!diverged) update(all, gradients, rate);
          norm = now;
        });
        if (diverged || run.skipped || !Number.isFinite(Math.fround(run.loss))) throw notFinite(step + 1);
        step++;
        carried?.keep(run);
        yield { step, loss: run.loss, skipped: false };
        await breathe();
      }
    },
    stop() {
      stopping = true;
    },
    gradientNorm: async () => norm,
    evaluate: (shape, batches, right) => evaluate(network, shape, batches, right),
    predict: (sequences) => predict(network, sequences),
    decode: (sources, translation) => decode(network, sources, translation),
    generate: (writing) => generate(network, writing),
    async tracer(length) {
      expectTraced(config);
      return { steps: length, trace: async (batch) => trace({ config, parameters }, length, batch), destroy() {} };
    },
    read: async () => read(),
    checkpoint: (said) => {
      const trainer = { step, learningRate, optimizer: optimizer.kind, tensors: tensors() };
      const snapshot = { network: config, parameters: read(), trainer };
      const lifetime = { expect() {} };
      return saveCheckpoint({ network: { config, lifetime }, snapshot: async () => snapshot }, said());
    },
    restore({ parameters: values, trainer }: Checkpoint) {
      if (!trainer) throw refusal("The file", "holds a network alone", "its training too", "open another");
      if (trainer.trainable || trainer.learningRates) {
        const cure = "open it where WebGPU is";
        throw refusal("The file", "has parameters that learn apart from others", "all to learn alike", cure);
      }
      const others = [...keptShapes, ...carriedShapes];
      if (trainer.tensors.size !== others.length) {
        throw refusal("The file", `has ${trainer.tensors.size} tensors of a trainer`, `${others.length}`, damaged);
      }
      const taken = new Map([
        ...shapes.map(([name, shape]) => [name, taking(values, name, shape)] as const),
        ...others.map(([name, shape]) => [name, taking(trainer.tensors, `trainer.${name}`, shape)] as const),
      ]); // all, before any is put in place
      for (const [name] of shapes) parameters[name] = taken.get(name)!;
      for (const [name] of keptShapes) kept.tensors[name] = taken.get(name)!;
      if (carried) carried.all = carriedShapes.map(([name]) => taken.get(name)!);
      step = kept.step = trainer.step;
      learningRate = trainer.learningRate;
      norm = undefined;
    },
    destroy() {
      stopping = true;
    },
  };
}

const damaged = "it is damaged, or of another batch: open another";

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const inFloat32 = (shape: readonly number[], values: ArrayLike<number>) => ({
  shape: [...shape],
  data: Float32Array.from(values),
});

const normOf = (all: readonly Float64Array[]): number =>
  Math.sqrt(all.reduce((sum, values) => values.reduce((squares, value) => squares + value * value, sum), 0));

const notFinite = (step: number): TempogradError =>
  new TempogradError("not-finite", `the loss or the gradients of step ${step} are not finite`);

/** @throws unless a file has the tensor, of this shape, and finite. */
function taking(values: ParameterValues, name: string, shape: readonly number[]): Float64Array {
  const found = values.get(name);
  if (found?.shape.join() !== shape.join()) {
    const got = found ? `has "${name}" of [${found.shape.join(", ")}]` : `has no "${name}"`;
    throw refusal("The file", got, `one of [${shape.join(", ")}]`, damaged);
  }
  const least = name.startsWith("trainer.meanSquare.") ? 0 : Number.NEGATIVE_INFINITY;
  const wrong = found.data.find((value) => !Number.isFinite(value) || value < least);
  if (wrong === undefined) return Float64Array.from(found.data);
  throw refusal("The file", `has ${wrong} in "${name}"`, "finite numbers, and squares from 0 up", damaged);
}
