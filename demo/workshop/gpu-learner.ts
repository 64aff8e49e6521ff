// A learner on the GPU: the library's network and trainer.

import {
  type Gpu,
  Network,
  type Prediction,
  planTable,
  type SequenceInputs,
  Trainer,
  type UniformConfig,
} from "../../src/index";
import { networkOptionsOf, trainerOptionsOf } from "../tasks/library-options";
import { expectTraced, isUniform, type Learner, type LearnerOptions, roundedLength } from "./learner";

const later = () => import("./later");

/** @throws where the GPU has no room for these sizes, or the signal's reason. */
export async function gpuLearner(gpu: Gpu, { settings, problem, signal }: LearnerOptions): Promise<Learner> {
  const network = await Network.create(gpu, await networkOptionsOf(settings, problem.network), { signal });
  const options = { ...trainerOptionsOf(settings, problem), ...(signal && { signal }) };
  const trainer = await Trainer.create(network, options).catch((error) => {
    network.destroy();
    throw error;
  });
  return {
    gpu,
    config: network.config,
    parameterCount: network.parameterCount,
    get costs() {
      const { program } = trainer.pass;
      const { dispatches } = program.describe().total;
      return { bytes: gpu.live.bytes, dispatches, plan: planTable(program) };
    },
    get learningRate() {
      return trainer.learningRate;
    },
    set learningRate(rate) {
      trainer.learningRate = rate;
    },
    get step() {
      return trainer.step;
    },
    train: (batches, options) => trainer.train(batches, options),
    stop: () => void trainer.stop(),
    gradientNorm: () => trainer.gradientNorm(),
    async evaluate(shape, batches, right) {
      const { evaluate, perplexity } = await later();
      const metrics = right && { perplexity: perplexity(), accuracy: right };
      return metrics ? evaluate(network, shape, batches, { metrics }) : evaluate(network, shape, batches);
    },
    predict: (sequences) => (sequences.length === 1 ? predictOne(network, sequences[0]!) : network.predict(sequences)),
    decode: async (sources, translation) => (await later()).decode(network, sources, translation),
    generate: async (writing) => (await later()).generate(network, writing),
    async tracer(steps) {
      expectTraced(network.config);
      return (await import("../through-time/unroll")).gpuTracer(network as Network<UniformConfig>, steps);
    },
    read: () => network.read(),
    checkpoint: async (said) => (await later()).saveCheckpoint(trainer, said()),
    restore: (checkpoint) => trainer.restore(checkpoint),
    destroy() {
      trainer.destroy();
      network.destroy();
    },
  };
}

/** Of one sequence, padded: as it is typed, its length is another at each key. */
function predictOne(network: Network, sequence: SequenceInputs): Promise<Prediction[]> {
  const { config } = network;
  const width = isUniform(config) && config.input === "features" ? config.inputs : 1;
  const length = sequence.length / width;
  const inputs = new (sequence instanceof Int32Array ? Int32Array : Float32Array)(width * roundedLength(length));
  inputs.set(sequence);
  return network.predict({ inputs, lengths: Int32Array.of(length) });
}
