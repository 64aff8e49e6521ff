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
  ParameterValues,
  Prediction,
  SequenceInputs,
  StepReport,
  UniformConfig,
} from "../../src/index";
import type { Settings } from "../tasks/fields";
import type { Problem } from "../tasks/task";
import type { Tracer } from "../through-time/unroll";

export interface LearnerOptions {
  /** The effective ones. */
  settings: Settings;
  problem: Pick<Problem, "network" | "steps" | "weights">;
  /** Ends the making of one that is not wanted any more. */
  signal?: AbortSignal | undefined;
}

/** What it writes after a prompt, and how boldly. */
export type Writing = Required<Pick<GenerateOptions, "length" | "temperature" | "seed">> & { prompt: Int32Array };

/** A network and what trains it. */
export interface Learner {
  /** Undefined on the processor. */
  readonly gpu: Gpu | undefined;
  readonly config: UniformConfig;
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
  evaluate(shape: BatchShape, batches: Iterable<Batch>): Promise<Evaluation>;
  predict(sequences: readonly SequenceInputs[]): Promise<Prediction[]>;
  generate(writing: Writing): Promise<Int32Array>;
  /** What takes a sequence of so many steps forward and back. */
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
