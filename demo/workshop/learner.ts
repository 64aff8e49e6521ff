// What a session trains and asks, wherever that computes: on the GPU (gpu-learner.ts) or, where a browser has no WebGPU, on
// the processor (reference-learner.ts).

import type {
  Batch,
  BatchShape,
  BatchStream,
  Checkpoint,
  Evaluation,
  GenerateOptions,
  Gpu,
  Metric,
  NetworkConfig,
  ParameterValues,
  Prediction,
  SequenceInputs,
  StepReport,
  UniformConfig,
} from "../../src/index";
import type { Settings } from "../tasks/fields";
import type { Problem, Translation } from "../tasks/task";
import type { Tracer } from "../through-time/unroll";

export interface LearnerOptions {
  /** The effective ones. */
  settings: Settings;
  problem: Pick<Problem, "network" | "steps" | "weights" | "translation">;
  /** Ends the making of one that is not wanted any more. */
  signal?: AbortSignal | undefined;
}

/** What it writes after a prompt, and how boldly. */
export type Writing = Required<Pick<GenerateOptions, "length" | "temperature" | "seed">> & { prompt: Int32Array };

/** Whether a network is of one sequence: of one kind of cell and one width, without an encoder. */
export const isUniform = (config: NetworkConfig): config is UniformConfig => "cell" in config;

/** Steps of a program for a question of so many: of few lengths, as another takes seconds to make on a software adapter. */
export const roundedLength = (steps: number): number => Math.max(leastLength, 2 ** Math.ceil(Math.log2(steps)));
const leastLength = 64;

/** @throws of an encoder–decoder, of which no sequence is taken through time. */
export function expectTraced(config: NetworkConfig): asserts config is UniformConfig {
  if (!isUniform(config)) throw new Error("An encoder–decoder is not traced: it goes through two sequences.");
}

/** A network and what trains it. */
export interface Learner {
  /** Undefined on the processor. */
  readonly gpu: Gpu | undefined;
  readonly config: NetworkConfig;
  readonly parameterCount: number;
  /** What it holds and does on the GPU: bytes, dispatches of a training step, and each of them in words. */
  readonly costs: { bytes: number; dispatches: number; plan: string } | undefined;
  /** Of the steps that are begun next. */
  learningRate: number;
  /** Training steps begun. */
  readonly step: number;
  /** Trains until `stop()` or so many steps are done. @throws where a step is not finite, or the GPU is lost. */
  train(batches: BatchStream, options: { steps?: number }): AsyncIterable<StepReport>;
  /** Begins no further steps. */
  stop(): void;
  /** Of the last step, before it was clipped; undefined before there is one. */
  gradientNorm(): Promise<number | undefined>;
  /** @param right what its accuracy is, where that is not of each target by itself */
  evaluate(shape: BatchShape, batches: Iterable<Batch>, right?: Metric<number>): Promise<Evaluation>;
  predict(sequences: readonly SequenceInputs[]): Promise<Prediction[]>;
  /** Of an encoder–decoder, what it writes of each source. */
  decode(sources: readonly Int32Array[], translation: Translation): Promise<Prediction[]>;
  generate(writing: Writing): Promise<Int32Array>;
  /** What takes a sequence of so many steps forward and back. @throws of an encoder–decoder. */
  tracer(steps: number): Promise<Tracer>;
  read(): Promise<ParameterValues>;
  /**
   * All that training goes on from, as a file.
   * @param said called when it is read, so that all is of the same moment
   * @throws where it is not finite.
   */
  checkpoint(said: () => { data: unknown; about: unknown }): Promise<Uint8Array<ArrayBuffer>>;
  /** @throws where it is not of this network and this training. */
  restore(checkpoint: Checkpoint): void;
  destroy(): void;
}
