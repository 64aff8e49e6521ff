// What the benchmark asks of an engine: to open a problem, and to take training steps on it.

import type { Problem } from "../problem";

/** A problem laid out in one engine: its parameters are where the last step left them. */
export interface Session {
  /**
   * Takes `count` training steps on the problem's batch, back to back, and waits once, for the last: each goes forward,
   * backward and updates all parameters.
   * @returns the mean loss of each step before its update, in nats a target.
   */
  run(count: number): Promise<number[]>;
  /** Bytes of GPU memory that the engine holds for it, where it tells. */
  bytes?(): number | undefined;
  /** Dispatches of a training step, where it tells. */
  dispatches?: number;
  close(): void | Promise<void>;
}

export interface Engine {
  /** As the rows of the report have it. */
  readonly engine: string;
  readonly backend: string;
  /** Of its package. */
  readonly version: string;
  /**
   * Compiling may be left to the first step.
   * @throws where it cannot compute the problem here, with the reason.
   */
  open(problem: Problem): Promise<Session>;
}
