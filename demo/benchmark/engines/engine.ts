// What the benchmark asks of an engine: to open a problem, and to take training steps on it, or to predict.

import type { Problem } from "../problem";

/** A problem laid out in one engine: its parameters are where the last step left them. */
export interface Session<Answer = number[]> {
  /**
   * Takes `count` training steps on the problem's batch, back to back, and waits once, for the last: each goes forward,
   * backward and updates all parameters. Of a predictor, `count` predictions one after the other: each takes the tokens from
   * the processor's memory, goes forward, and answers there.
   * @returns the mean loss of each step before its update, in nats a target; of a predictor the last logits,
   * [steps, batch, symbols].
   */
  run(count: number): Promise<Answer>;
  /** Bytes of GPU memory that the engine holds for it, where it tells. */
  bytes?(): number | undefined;
  /** Dispatches of a training step, where it tells. */
  dispatches?: number;
  close(): void | Promise<void>;
}

export interface Engine<Answer = number[]> {
  /** As the rows of the report have it. */
  readonly engine: string;
  readonly backend: string;
  /** Of its package. */
  readonly version: string;
  /**
   * Compiling may be left to the first step.
   * @throws where it cannot compute the problem here, with the reason.
   */
  open(problem: Problem): Promise<Session<Answer>>;
}

/** Goes forward alone. */
export type Predictor = Engine<Float32Array>;
