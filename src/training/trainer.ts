// Trains a network: several steps a submit, losses from a ring on the GPU, nothing allocated while it runs.

import type { Memory } from "../gpu/describe";
import { TempogradError } from "../gpu/errors";
import { Lifetime } from "../gpu/lifetime";
import { readFloats, readTensors, type Tensor } from "../gpu/tensor";
import type { Batch } from "../network/batch";
import { checkBatch } from "../network/check-batch";
import { type Network, valuesOf } from "../network/network";
import type { Pass } from "../network/pass";
import { type Batches, BatchTaker, iteratorOf } from "./batches";
import { learningState } from "./learning";
import { expectNumber, type Optimizer } from "./optimizers";
import { constant, type LearningRateSchedule } from "./schedules";
import { divergence, type StepReport, type Submission, Submits, training } from "./submits";
import { checkTrainerOptions, checkTrainOptions, type TrainerOptions, type TrainOptions } from "./trainer-options";
import { layoutOfTrainer, submissionsInFlight, type TrainerPlan } from "./trainer-plan";
import { checkNetwork, checkState, type Restorable, type Snapshot, stateTensors, writeState } from "./trainer-state";

export class Trainer {
  readonly network: Network;
  readonly pass: Pass;
  /**
   * α of the steps that are submitted from now on: of all parameters but those that have one of their own by the option
   * `learningRates`, which stay as they are. `learningRateSchedule` is a factor on all.
   */
  learningRate: number;
  readonly #lifetime: Lifetime;
  readonly #optimizer: Optimizer;
  readonly #schedule: LearningRateSchedule;
  readonly #layout: TrainerPlan;
  readonly #state: readonly Tensor[];
  readonly #submits: Submits;
  /** What adds up to ‖dθ‖², whose values are squares already or not. */
  readonly #gradient: Tensor;
  readonly #squared: boolean;
  readonly #taker = new BatchTaker();
  #step = 0;
  #skipped = 0;
  /** Whether a batch came before: where the state is carried, the first one begins it. */
  #begun = false;
  /** Whether there are gradients: of a step since the parameters were last restored. */
  #measured = false;
  #training = false;
  #stopsAtNotFinite = false;
  #stopping = false;
  /** The last batches taken, until their steps are submitted. */
  #packing: Promise<unknown> = Promise.resolve();

  private constructor(network: Network, pass: Pass, lifetime: Lifetime, options: TrainerOptions, layout: TrainerPlan) {
    const { program } = pass;
    this.#lifetime = lifetime;
    this.#optimizer = options.optimizer;
    this.#schedule = options.learningRateSchedule ?? constant();
    this.network = network;
    this.pass = pass;
    this.learningRate = options.optimizer.learningRate;
    this.#submits = new Submits(pass, layout, options.stepsPerSubmit);
    const { gradient, squares } = layout.update;
    this.#gradient = program.tensor(squares ?? gradient);
    this.#squared = squares !== undefined;
    this.#layout = layout;
    this.#state = stateTensors(network.parameters, layout.update.ranges, pass);
  }

  /**
   * Lays out a network for training on batches of one size: allocates and compiles all it will need.
   * @throws where an option is out of range, the device has no room or was lost, the network was destroyed, or
   *   `options.signal` aborts.
   */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    network.lifetime.expect("Trainer.create");
    checkTrainerOptions(options);
    options.signal?.throwIfAborted();
    const made = Trainer.#made(network, options);
    try {
      return await network.lifetime.outlast("Trainer.create", made, options.signal);
    } catch (error) {
      void made.then((trainer) => trainer.destroy()).catch(() => {}); // it comes too late
      throw error;
    }
  }

  static async #made(network: Network, options: TrainerOptions): Promise<Trainer> {
    const { passOptions, extend } = await layoutOfTrainer(network, options);
    const lifetime = new Lifetime("trainer", network.lifetime);
    const { pass, more } = await network.programs.pass("Trainer.create", passOptions, lifetime, extend);
    return new Trainer(network, pass, lifetime, options, more!);
  }

  /**
   * What `create` would allocate beside the network: the pass, the optimizer's state, and the buffers between host and GPU.
   * @returns bytes, in all and by buffer.
   * @throws as `create` for its options; where it is more than 2^53 bytes.
   */
  static async memoryOf(network: Network, options: TrainerOptions): Promise<Memory> {
    network.lifetime.expect("Trainer.memoryOf");
    checkTrainerOptions(options);
    const { passOptions, extend } = await layoutOfTrainer(network, options);
    return network.programs.memoryOf("Trainer.memoryOf", passOptions, extend);
  }

  /**
   * Trains on `batches` until they end, `steps` steps are done, or `stop()` is called, and reports each step, in order, a
   * few submits after it was submitted. A batch that is refused ends the training; the steps before it are reported
   * first. Batches are taken ahead of the reports: one that waits for a report waits for ever. An iterator is not closed:
   * the same one goes on in the next call, with no batch lost, also where training was stopped while it was waited for;
   * but for those behind a step that was not finite and ended the training, which were taken and changed nothing.
   * @throws as `checkBatch` for a bad batch; at a step that is not finite, unless those are skipped; where the device is
   *   lost, or what is trained on was destroyed; the signal's reason; or when already training.
   */
  async *train(batches: Batches, options: TrainOptions = {}): AsyncGenerator<StepReport, void, undefined> {
    const { steps = Number.POSITIVE_INFINITY, notFinite = "stop", signal } = options;
    checkTrainOptions(training, options);
    if (this.#training) throw new Error(`${training}: already training; stop() first, and let the loop end.`);
    this.pass.lifetime.expect(training);
    signal?.throwIfAborted();
    const source = iteratorOf(training, batches);
    this.#training = true;
    this.#stopping = false;
    this.#stopsAtNotFinite = notFinite === "stop";
    this.#submits.begin();
    const inFlight: Submission[] = [];
    let left = steps;
    let refused: { error: unknown } | undefined;
    let firstNotFinite: number | undefined;
    const resultsOf = async (submission: Submission) => {
      const results = await this.#submits.results(submission);
      firstNotFinite ??= results.find(({ skipped }) => skipped)?.step;
      return results;
    };
    try {
      while (true) {
        while (inFlight.length < submissionsInFlight && left > 0 && !this.#stopping) {
          const wanted = Math.min(this.#submits.stepsToSubmit(), left);
          const packing = this.#packAndSubmit(source, wanted, signal);
          this.#packing = packing;
          const { submission, count, error } = await packing;
          left = count < wanted ? 0 : left - count;
          if (submission) inFlight.push(submission);
          if (error) refused = error;
        }
        const oldest = inFlight.shift();
        if (!oldest) break;
        for (const report of await resultsOf(oldest)) {
          if (report.skipped && notFinite === "stop") throw divergence(report);
          if (report.skipped) this.#skipped++;
          yield report;
        }
      }
      if (refused) throw refused.error;
    } finally {
      await Promise.allSettled(inFlight.map(resultsOf));
      if (notFinite === "stop" && firstNotFinite !== undefined) {
        this.#step = firstNotFinite - 1; // from that one on none changed anything
        this.#begun &&= this.#step > 0;
        this.#measured = false;
      }
      this.#training = false;
    }
  }

  /**
   * Submits no further steps. Resolves when those submitted are done; their losses are still reported. It never rejects:
   * what goes wrong meanwhile is the loop's to tell.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#taker.wake();
    await this.#packing.catch(() => {});
    if (this.pass.lifetime.ending) return;
    await this.network.gpu.device.queue.onSubmittedWorkDone().catch(() => {});
  }

  /** Training steps submitted so far. After one that was not finite had ended the training, those before it. */
  get step(): number {
    return this.#step;
  }

  /** Steps, of those reported so far, that changed nothing as they were not finite. */
  get skippedSteps(): number {
    return this.#skipped;
  }

  /**
   * ‖dθ‖ of the last step submitted, over all parameters that learn and before it is clipped by norm. Never in every step.
   * @returns undefined before the first step, and before one after `restore`: there are no gradients yet.
   * @throws where the trainer was destroyed, or the device was lost.
   */
  async gradientNorm(): Promise<number | undefined> {
    this.pass.lifetime.expect("Trainer.gradientNorm");
    if (!this.#measured) return undefined;
    const values = await readFloats(this.network.gpu, this.#gradient, "Trainer.gradientNorm");
    return Math.sqrt(values.reduce((sum, value) => sum + (this.#squared ? value : value * value), 0));
  }

  /**
   * Reads all that training goes on from, as it is after the steps submitted so far, of which `trainer.step` counts the
   * last. It may be called while training goes on, and the `position` that a stream of batches has at that moment fits,
   * unless a step that was not finite has ended the training: then batches behind it were taken.
   * @throws where the trainer was destroyed or the device lost, or a step that was not finite has just ended the training.
   */
  async snapshot(operation = "Trainer.snapshot"): Promise<Snapshot> {
    this.pass.lifetime.expect(operation);
    const { step, learningRate, network } = this;
    const stopping = this.#training && this.#stopsAtNotFinite;
    const own = Object.values(network.parameters.tensors);
    const tensors = [...own, ...this.#state];
    // One read: all of the same step.
    const [notFinite, ...arrays] = await readTensors(network.gpu, [this.pass.notFinite!, ...tensors], operation);
    if (stopping && notFinite![0] !== 0) {
      throw new TempogradError(
        "not-finite",
        `${operation}: a step before step ${step + 1} was not finite, and those behind it changed nothing; let the loop end, and save then.`,
      );
    }
    const values = [...valuesOf(tensors, arrays)];
    const [parameters, state] = [new Map(values.slice(0, own.length)), new Map(values.slice(own.length))];
    const progress = { step, learningRate, optimizer: this.#optimizer.kind, ...learningState(this.#layout.learning) };
    return { network: network.config, parameters, trainer: { ...progress, tensors: state } };
  }

  /**
   * Goes on from a snapshot or a checkpoint, bit for bit where options, batches and the device's choice of kernels are
   * those it was taken with. Its `learningRate` is taken up; what learns, and at which rates of its own, has to be the same.
   * @throws where it has no trainer's state or one of another making, is of another network or of others that learn, during
   *   training, or where the trainer was destroyed; nothing is changed then.
   */
  restore(checkpoint: Restorable): void {
    this.pass.lifetime.expect("Trainer.restore");
    const { parameters, trainer: state } = checkpoint;
    if (this.#training) throw new Error("Trainer.restore: training goes on; stop() first, and let the loop end.");
    checkNetwork("Trainer.restore", checkpoint, this.network.config);
    checkState("Trainer.restore", state, this.#optimizer.kind, this.#layout.learning, this.#state);
    this.network.write(parameters);
    writeState(this.network.gpu, state.tensors, this.#state);
    this.#step = state.step;
    this.learningRate = state.learningRate;
    this.#begun = state.step > 0;
    this.#measured = false;
  }

  /** Frees what the trainer allocated; the network stays. A loop that is under way ends with an error that says so. */
  destroy(): void {
    this.#lifetime.end();
    this.pass.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /**
   * Takes up to `wanted` batches and submits their steps; without a wait in between, so that `step` and the source stay in
   * step, unless a batch has to be waited for. What is wrong with a batch is answered: those before it are submitted.
   * @throws where what is trained on came to an end meanwhile.
   */
  async #packAndSubmit(source: Source, wanted: number, signal: AbortSignal | undefined) {
    let count = 0;
    let error: { error: unknown } | undefined;
    try {
      while (count < wanted && !this.#stopping) {
        signal?.throwIfAborted();
        const taken = this.#taker.take(source);
        if ("then" in taken && this.#stopping) break; // the source itself may have stopped it
        const next = "then" in taken ? await this.#taker.wait(training, source, this.pass.lifetime, signal) : taken;
        if (!next || next.done) break;
        this.#pack(next.value, count);
        count++;
      }
    } catch (thrown) {
      this.pass.lifetime.expect(training);
      error = { error: thrown };
    }
    return { count, error, submission: count > 0 ? this.#submit(count) : undefined };
  }

  /** Puts a batch into place `slot` of the next submit. */
  #pack(data: Batch, slot: number): void {
    const { config, options } = this.pass;
    const step = this.#step + slot + 1;
    const factor = this.#schedule(step);
    expectNumber("Trainer", "learningRate", this.learningRate);
    expectNumber("Trainer", `learningRateSchedule(${step})`, factor);
    const first = !this.#begun && slot === 0;
    const { weight } = checkBatch("Trainer", config, options, data, first);
    const numbers = this.#layout.update.numbersOf(step, this.learningRate, factor);
    this.#submits.pack(slot, data, { weight, step, first }, numbers);
  }

  #submit(count: number): Submission {
    this.pass.lifetime.expect(training);
    const submission = this.#submits.submit(count, this.#step + 1, this.#stopsAtNotFinite);
    this.#step += count;
    this.#begun = true;
    this.#measured = true;
    return submission;
  }
}

type Source = ReturnType<typeof iteratorOf>;
