// Trains a network: several steps a submit, losses from a ring on the GPU, nothing allocated while it runs.

import { TempogradError } from "../errors";
import type { Memory } from "../gpu/describe";
import { expectLiving, Lifetime } from "../gpu/lifetime";
import { readFloats, type Tensor } from "../gpu/tensor";
import type { AnyBatch } from "../network/batch";
import type { CheckBatch } from "../network/check-batch";
import type { Network } from "../network/network";
import type { Pass } from "../network/pass";
import { loadWays } from "../network/pass-ways";
import { type Batches, iteratorOf } from "./batches";
import type { Halves } from "./halves";
import { learningState } from "./learning-state";
import type { Optimizer } from "./optimizers";
import { checkOf, Steps } from "./steps";
import { isNotFinite, type StepReport, type Submission, submissionsInFlight, training } from "./submits";
import { checkTrainOptions, type TrainerOptions, type TrainOptions } from "./trainer-options";
import type { TrainerPlan } from "./trainer-plan";
import type * as trainerStates from "./trainer-state";
import type { Progress, Restorable, Snapshot } from "./trainer-state";

/** What trains a network: every step is reported, in order. */
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
  readonly #layout: TrainerPlan;
  readonly #state: readonly Tensor[];
  /** What it is saved and restored by. */
  readonly #states: typeof trainerStates;
  readonly #steps: Steps;
  /** What adds up to ‖dθ‖², whose values are squares already or not. */
  readonly #gradient: Tensor;
  readonly #squared: boolean;
  readonly #progress: Progress;
  /** Where the loss is made outside, or what the network reads. */
  readonly #halves: Halves | undefined;
  #training = false;

  private constructor(
    network: Network,
    pass: Pass,
    lifetime: Lifetime,
    options: TrainerOptions,
    layout: TrainerPlan,
    check: CheckBatch,
    states: typeof trainerStates,
    halves: typeof Halves | undefined,
  ) {
    this.#lifetime = lifetime;
    network.programs.changes.writers.add(lifetime);
    this.#optimizer = options.optimizer;
    this.network = network;
    this.pass = pass;
    this.learningRate = options.optimizer.learningRate;
    this.#steps = new Steps(pass, layout, options, check, () => this.learningRate);
    this.#progress = this.#steps.progress;
    const { gradient, squares } = layout.update;
    this.#gradient = pass.program.tensor(squares ?? gradient);
    this.#squared = squares !== undefined;
    this.#layout = layout;
    this.#states = states;
    this.#state = states.stateTensors(network.programs.parameters, layout.update.ranges, pass);
    this.#halves = halves && new halves(pass, layout, this.#steps);
  }

  /**
   * Lays out a network for training on batches of one size: allocates and compiles all it will need.
   * @throws where an option is out of range, the device has no room or was lost, the network was destroyed, or
   *   `options.signal` aborts.
   */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    expectLiving("Trainer.create", "network", network, "Network.create");
    options?.signal?.throwIfAborted();
    const made = Trainer.#made(network, options);
    try {
      return await network.lifetime.outlast("Trainer.create", made, options?.signal);
    } catch (error) {
      void made.then((trainer) => trainer.destroy()).catch(() => {}); // it comes too late
      throw error;
    }
  }

  static async #made(network: Network, options: TrainerOptions): Promise<Trainer> {
    const usual = { steps: 1, batch: 1, gradients: true, training: true };
    loadWays(network.gpu.traits, network.config, usual, false).catch(() => {}); // while what comes first is loaded
    const { layoutOfTrainer } = await import("./trainer-plan"); // when one is made
    const { passOptions, extend, halves } = await layoutOfTrainer(network, options);
    const lifetime = new Lifetime("trainer", network.lifetime);
    const [check, states] = await Promise.all([checkOf(network.config, passOptions), import("./trainer-state")]);
    const { pass, more } = await network.programs.pass("Trainer.create", passOptions, lifetime, extend, check);
    return new Trainer(network, pass, lifetime, options, more!, check, states, halves);
  }

  /**
   * What `create` would allocate beside the network, in bytes, in all and by buffer: pass, optimizer's state, buffers between host and GPU.
   * @throws as `create` for its options; where it is more than 2^53 bytes.
   */
  static async memoryOf(network: Network, options: TrainerOptions): Promise<Memory> {
    expectLiving("Trainer.memoryOf", "network", network, "Network.create");
    const { layoutOfTrainer } = await import("./trainer-plan");
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
    checkTrainOptions(training, options);
    const { steps = Number.POSITIVE_INFINITY, notFinite = "stop", signal } = options;
    if (this.#training)
      throw new TempogradError("busy", `${training}: already training; stop() first, and let the loop end.`);
    this.pass.lifetime.expect(training);
    this.#halves?.expectNone(training);
    signal?.throwIfAborted();
    const source = iteratorOf(training, batches);
    this.#training = true;
    this.#steps.begin(notFinite === "stop");
    const inFlight: Submission[] = [];
    let left = steps;
    let refused: { error: unknown } | undefined;
    let firstNotFinite: number | undefined;
    const resultsOf = async (submission: Submission) => {
      const results = await this.#steps.submits.results(submission);
      firstNotFinite ??= results.find(isNotFinite)?.step;
      return results;
    };
    try {
      while (true) {
        while (inFlight.length < submissionsInFlight && left > 0 && !this.#steps.stopping) {
          const wanted = Math.min(this.#steps.submits.stepsToSubmit(), left);
          const { submission, count, error } = await this.#steps.take(source, wanted, signal);
          left = count < wanted ? 0 : left - count;
          if (submission) inFlight.push(submission);
          if (error) refused = error;
        }
        const oldest = inFlight.shift();
        if (!oldest) break;
        for (const report of await resultsOf(oldest)) {
          if (isNotFinite(report)) {
            if (notFinite === "stop") throw (await import("./divergence")).divergence(report, this.pass.options);
            this.#progress.skipped++;
          } else if (report.overflowed) this.#progress.overflowed++;
          yield report;
        }
      }
      if (refused) throw refused.error;
    } finally {
      await Promise.allSettled(inFlight.map(resultsOf));
      if (notFinite === "stop" && firstNotFinite !== undefined) {
        this.#progress.step = firstNotFinite - 1; // from that one on none changed anything
        this.#progress.begun &&= this.#progress.step > 0;
        this.#progress.measured = false;
      }
      this.#training = false;
    }
  }

  /**
   * Takes the first half of a step, forward, where the loss is made outside, or with ownInputs what the network reads. `backward`
   * is the second; without it nothing is trained.
   * @returns o, as read back: [steps, batch, outputs] or [batch, outputs]; past a sequence's end it counts nothing.
   * @throws as `checkBatch`; where steps are not taken in halves, another half is under way, the trainer was destroyed or the device lost.
   */
  async forward(batch: AnyBatch): Promise<Float32Array> {
    return this.#half("forward").forward(batch);
  }

  /**
   * Takes the second half: back through time, clipping, and the optimizer's update. It is counted as a step.
   * @param dOutputs dL/do, like what `forward` answered, of the loss of the whole batch; of a network with a loss none.
   * @throws where they are of another length or not finite, `forward` was not called before; where a gradient is not finite, of
   *   code "not-finite": that step changed nothing and is not counted; as `forward`.
   */
  async backward(dOutputs?: Float32Array): Promise<void> {
    await this.#half("backward").backward(dOutputs);
  }

  /**
   * Likewise encodes a half, with no readback: outputs are `pass.tensors.logits`. Submit a step before the next is encoded: its
   * batch and the optimizer's numbers are written to the device at once.
   * @throws as `forward`; nothing is encoded then.
   */
  encodeForward(encoder: GPUCommandEncoder, batch: AnyBatch): void {
    this.#half("encodeForward").encodeForward(encoder, batch);
  }

  /**
   * The second half, from `pass.tensors.dLogits`, which the network's loss has left there or you. A step whose gradients are not finite is counted, changes nothing, and is
   * told by `pass.notFinite`.
   * @throws as `backward`, but for what only the device knows; nothing is encoded then.
   */
  encodeBackward(encoder: GPUCommandEncoder): void {
    this.#half("encodeBackward").encodeBackward(encoder);
  }

  #half(name: string): Halves {
    const operation = `Trainer.${name}`;
    this.pass.lifetime.expect(operation);
    if (this.#halves) return this.#halves;
    throw new TempogradError(
      "option",
      `${operation}: the network has a loss and batches bring its inputs, expected noLoss() or ownInputs; use train.`,
    );
  }

  /** Submits no further steps; resolves when those submitted are done and reported. Never rejects: the loop tells what goes wrong. */
  async stop(): Promise<void> {
    await this.#steps.stop();
    if (this.pass.lifetime.ending) return;
    await this.network.gpu.device.queue.onSubmittedWorkDone().catch(() => {});
  }

  /** Training steps submitted so far. After one that was not finite had ended the training, those before it. */
  get step(): number {
    return this.#progress.step;
  }

  /** Steps, of those reported so far, that changed nothing as they were not finite. */
  get skippedSteps(): number {
    return this.#progress.skipped;
  }

  /** In mixed precision, those that changed nothing as gradients were too large for half at the loss's scale. */
  get overflowedSteps(): number {
    return this.#progress.overflowed;
  }

  /**
   * ‖dθ‖ of the last step submitted, over all parameters that learn and before it is clipped by norm. Never in every step.
   * @returns undefined before the first step, and before one after `restore`: there are no gradients yet.
   * @throws where the trainer was destroyed, or the device was lost.
   */
  async gradientNorm(): Promise<number | undefined> {
    this.pass.lifetime.expect("Trainer.gradientNorm");
    if (!this.#progress.measured) return undefined;
    const values = await readFloats(this.network.gpu, this.#gradient, "Trainer.gradientNorm");
    return Math.sqrt(values.reduce((sum, value) => sum + (this.#squared ? value : value * value), 0));
  }

  /**
   * Reads all that training goes on from, after the steps submitted so far, of which `trainer.step` counts the last. While training goes
   * on, the `position` that a stream of batches has fits, unless a step that was not finite has ended it: then batches behind were taken.
   * @throws where the trainer was destroyed or the device lost, or a step that was not finite has just ended the training.
   */
  async snapshot(operation = "Trainer.snapshot"): Promise<Snapshot> {
    this.pass.lifetime.expect(operation);
    const { step, learningRate } = this;
    const stopping = (this.#training && this.#steps.stopsAtNotFinite) || this.#halves?.busy === true;
    const progress = { step, learningRate, optimizer: this.#optimizer.kind, ...learningState(this.#layout.learning) };
    return this.#states.readSnapshot(operation, this.network, this.pass.notFinite!, this.#state, progress, stopping);
  }

  /**
   * Goes on from a snapshot or a checkpoint, bit for bit where options, batches and the device's choice of kernels are
   * those it was taken with. Its `learningRate` is taken up; what learns, and at which rates of its own, has to be the same.
   * @throws where it has no trainer's state or one of another making, is of another network or of others that learn, during
   *   training, or where the trainer was destroyed; nothing is changed then.
   */
  restore(checkpoint: Restorable): void {
    this.pass.lifetime.expect("Trainer.restore");
    if (this.#training || this.#halves?.busy)
      throw new TempogradError("busy", "Trainer.restore: training goes on; stop() first, and let the loop end.");
    const { checkNetwork, checkState, writeState } = this.#states;
    checkNetwork("Trainer.restore", checkpoint, this.network.config);
    const { kind } = this.#optimizer;
    const state = checkState("Trainer.restore", checkpoint.trainer, kind, this.#layout.learning, this.#state);
    this.network.write(checkpoint.parameters);
    writeState(this.network.gpu, state.tensors, this.#state);
    this.#progress.step = state.step;
    this.learningRate = state.learningRate;
    this.#progress.begun = state.step > 0;
    this.#progress.measured = false;
  }

  /** Frees what the trainer allocated; the network stays. A loop that is under way ends with an error that says so. */
  destroy(): void {
    this.#lifetime.end();
    this.pass.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
