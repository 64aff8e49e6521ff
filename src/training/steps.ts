// Takes batches and submits their training steps, several at once.

import type { Batch } from "../network/batch";
import type { CheckBatch } from "../network/check-batch";
import type { NetworkConfig } from "../network/config";
import type { Pass } from "../network/pass";
import type { PassOptions } from "../network/pass-options";
import { checkPlain, takesPlain } from "../network/plain-batch";
import { BatchTaker, type iteratorOf } from "./batches";
import { expectNumber, type OptimizerNumbers } from "./optimizers";
import { constant, type LearningRateSchedule } from "./schedules";
import { type Submission, Submits, training } from "./submits";
import type { TrainerOptions } from "./trainer-options";
import type { TrainerPlan } from "./trainer-plan";
import type { Progress } from "./trainer-state";

type Source = ReturnType<typeof iteratorOf>;

/** Some batches' steps: how many were taken, what was submitted, and what was wrong with the batch behind them. */
interface Taken {
  readonly count: number;
  readonly submission: Submission | undefined;
  readonly error: { readonly error: unknown } | undefined;
}

/** The check of the batches that are trained on. */
export const checkOf = async (config: NetworkConfig, pass: PassOptions): Promise<CheckBatch> =>
  takesPlain(config, pass) ? checkPlain : (await import("../network/check-batch")).checkBatch;

export class Steps {
  readonly progress: Progress = { step: 0, skipped: 0, overflowed: 0, begun: false, measured: false };
  readonly submits: Submits;
  /** Whether one that is not finite holds back those behind it. */
  stopsAtNotFinite = false;
  /** Whether no more are taken. */
  stopping = false;
  readonly #pass: Pass;
  readonly #layout: TrainerPlan;
  readonly #schedule: LearningRateSchedule;
  readonly #check: CheckBatch;
  readonly #learningRate: () => number;
  readonly #taker = new BatchTaker();
  /** The last batches taken, until their steps are submitted. */
  #packing: Promise<unknown> = Promise.resolve();

  /** @param learningRate of the moment */
  constructor(pass: Pass, layout: TrainerPlan, options: TrainerOptions, check: CheckBatch, learningRate: () => number) {
    this.#pass = pass;
    this.#layout = layout;
    this.#schedule = options.learningRateSchedule ?? constant();
    this.#check = check;
    this.#learningRate = learningRate;
    this.submits = new Submits(pass, layout, options.stepsPerSubmit);
  }

  begin(stopsAtNotFinite: boolean): void {
    this.stopping = false;
    this.stopsAtNotFinite = stopsAtNotFinite;
    this.submits.begin();
  }

  /** Takes no further batches. Resolves when the steps of those taken are submitted; never rejects. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.#taker.wake();
    await this.#packing.catch(() => {});
  }

  /**
   * Takes up to `wanted` batches and submits their steps; without a wait in between, so that `step` and the source stay in
   * step, unless a batch has to be waited for. What is wrong with a batch is answered: those before it are submitted.
   * @throws where what is trained on came to an end meanwhile.
   */
  take(source: Source, wanted: number, signal: AbortSignal | undefined): Promise<Taken> {
    const packing = this.#packAndSubmit(source, wanted, signal);
    this.#packing = packing;
    return packing;
  }

  async #packAndSubmit(source: Source, wanted: number, signal: AbortSignal | undefined): Promise<Taken> {
    const { lifetime } = this.#pass;
    let count = 0;
    let error: Taken["error"];
    let last: { batch: Batch } | undefined;
    try {
      while (count < wanted && !this.stopping) {
        signal?.throwIfAborted();
        const taken = this.#taker.take(source);
        if ("then" in taken && this.stopping) break; // the source itself may have stopped it
        const next = "then" in taken ? await this.#taker.wait(training, source, lifetime, signal) : taken;
        if (!next || next.done) break;
        last = { batch: next.value };
        this.#pack(last.batch, count);
        count++;
      }
    } catch (thrown) {
      lifetime.expect(training);
      error = { error: thrown };
    }
    const submission = count > 0 ? this.#submit(count) : undefined;
    if (error && last && this.#check === checkPlain) error = (await this.#wrongWith(last.batch)) ?? error;
    return { count, error, submission };
  }

  /** What is wrong with a batch, in full. */
  async #wrongWith(data: Batch): Promise<Taken["error"]> {
    const { config, options } = this.#pass;
    const { checkBatch } = await import("../network/check-batch");
    try {
      checkBatch("Trainer", config, options, data);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  /** Puts a batch into place `slot` of the next submit. */
  #pack(data: Batch, slot: number): void {
    const { config, options } = this.#pass;
    const step = this.progress.step + slot + 1;
    const numbers = this.numbersOf(step);
    const first = !this.progress.begun && slot === 0;
    const { weight } = this.#check("Trainer", config, options, data, first);
    this.submits.pack(slot, data, { weight, step, first }, numbers);
  }

  /** The optimizer's numbers of a step, for each learning rate. @throws where one is out of range. */
  numbersOf(step: number): OptimizerNumbers[] {
    const [learningRate, factor] = [this.#learningRate(), this.#schedule(step)];
    expectNumber("Trainer", "learningRate", learningRate);
    expectNumber("Trainer", `learningRateSchedule(${step})`, factor);
    return this.#layout.update.numbersOf(step, learningRate, factor);
  }

  #submit(count: number): Submission {
    this.#pass.lifetime.expect(training);
    const submission = this.submits.submit(count, this.progress.step + 1, this.stopsAtNotFinite);
    this.progress.step += count;
    this.progress.begun = true;
    this.progress.measured = true;
    return submission;
  }
}
