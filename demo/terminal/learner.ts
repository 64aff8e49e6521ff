// What the terminal's tasks train: a network on the GPU, or the same on the float64 reference, behind one interface.

import {
  type Batch,
  type BatchShape,
  type Checkpoint,
  type Evaluation,
  evaluate,
  type Gpu,
  type GradientTrace,
  generate,
  type Metric,
  Network,
  type NetworkOptions,
  openGpu,
  type ParameterValues,
  type Prediction,
  perplexity,
  readTensors,
  type StepReport,
  saveCheckpoint,
  Trainer,
  traceGradients,
} from "../../src/index";
import { decode } from "../tasks/decode";
import type { Settings } from "../tasks/fields";
import { trainerOptionsOf } from "../tasks/library-options";
import type { Problem, Translation } from "../tasks/task";
import { choiceFile } from "./choice-file";
import { openNodeGpu } from "./node-gpu";
import { referenceLearner } from "./reference-learner";

export interface Learner {
  /** The adapter, or "reference". */
  readonly adapter: string;
  /** Whether a software adapter computes. */
  readonly software: boolean;
  readonly gpu: Gpu | null;
  readonly dispatchesPerStep: number | null;
  readonly parameterCount: number;
  train(batches: Iterable<Batch>, options: { steps: number }): AsyncIterable<StepReport>;
  stop(): Promise<void>;
  /** @param right what its accuracy is, where that is not of each target by itself */
  evaluate(shape: BatchShape, batches: Iterable<Batch>, right?: Metric<number>): Promise<Evaluation>;
  /** o of each batch, row by row. */
  answers(shape: BatchShape, batches: Iterable<Batch>): Promise<Float32Array[]>;
  /** Writes on from a prompt, where the network predicts tokens from tokens; null on the reference. */
  readonly generate: ((prompt: Int32Array, length: number, seed: number) => Promise<Int32Array>) | null;
  /** Of an encoder–decoder, what it writes of each source; null on the reference. */
  readonly decode: ((sources: readonly Int32Array[], translation: Translation) => Promise<Prediction[]>) | null;
  /** How the loss of a batch reaches back through time; null on the reference. */
  readonly traceGradients: ((shape: BatchShape, batch: Batch) => Promise<GradientTrace>) | null;
  /** The bytes of a checkpoint. */
  checkpoint(about: { data: unknown; about: unknown }): Promise<Uint8Array>;
  close(): void;
}

export type Device = "gpu" | "software" | "reference";

export interface LearnerOptions {
  network: NetworkOptions;
  settings: Settings;
  problem: Pick<Problem, "network" | "steps" | "weights" | "translation">;
  /** Where to compute; without it, on a GPU where there is one, else on a software adapter. */
  device: Device | undefined;
  /** Parameters to begin with, instead of random ones. */
  parameters: ParameterValues | undefined;
  /** All of a training to go on with. */
  checkpoint: Checkpoint | undefined;
}

/** @throws where the device is not there, or an option is out of range. */
export async function openLearner(options: LearnerOptions): Promise<Learner> {
  return options.device === "reference" ? referenceLearner(options) : gpuLearner(options, options.device);
}

async function gpuLearner(options: LearnerOptions, device: "gpu" | "software" | undefined): Promise<Learner> {
  const { settings, problem, parameters, checkpoint } = options;
  const { temperature } = settings;
  const node = await openNodeGpu(device);
  const gpu = await openGpu({ gpu: node.gpu, choiceStore: choiceFile() });
  const network = await Network.create(gpu, options.network);
  if (parameters) network.write(parameters);
  const trainer = await Trainer.create(network, trainerOptionsOf(settings, problem));
  if (checkpoint) trainer.restore(checkpoint);
  return {
    adapter: node.description,
    software: node.software,
    gpu,
    parameterCount: network.parameterCount,
    dispatchesPerStep: trainer.pass.program.describe().total.dispatches,
    train: (batches, limit) => trainer.train(batches, limit),
    stop: () => trainer.stop(),
    evaluate: (size, batches, right) =>
      right
        ? evaluate(network, size, batches, { metrics: { perplexity: perplexity(), accuracy: right } })
        : evaluate(network, size, batches),
    answers: (size, batches) => answersOf(network, size, batches),
    generate: (prompt, length, seed) => generate(network, { prompt, length, seed, temperature }),
    decode: (sources, translation) => decode(network, sources, translation),
    traceGradients: (size, batch) => traceGradients(network, size, batch),
    checkpoint: (about) => saveCheckpoint(trainer, about),
    close() {
      trainer.destroy();
      network.destroy();
      gpu.destroy();
      node.close();
    },
  };
}

/** o of held-out batches of one size. */
async function answersOf(network: Network, shape: BatchShape, batches: Iterable<Batch>): Promise<Float32Array[]> {
  using pass = await network.pass(shape);
  const answers: Float32Array[] = [];
  for (const batch of batches) {
    pass.write(batch);
    pass.run();
    const [outputs] = await readTensors(network.gpu, [pass.tensors.logits]);
    answers.push(outputs as Float32Array);
  }
  return answers;
}
