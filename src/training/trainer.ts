// Trains a network: several steps a submit, losses from a ring on the GPU, nothing allocated while it runs.

import { createTensors, layoutOf, readFloats, type Tensor, type TensorGroup } from "../gpu/tensor";
import { type Batch, batchSpecs, checkBatch } from "../network/batch";
import { expectKnown, expectSize, type NetworkConfig } from "../network/config";
import { type Network, readValues } from "../network/network";
import type { ParameterValues } from "../network/parameters";
import type { Pass } from "../network/pass";
import { LossReadback, type PendingLosses } from "./loss-readback";
import { expectNumber, type Optimizer } from "./optimizers";
import { constant, type LearningRateSchedule } from "./schedules";
import { checkTrainerOptions, type TrainerOptions } from "./trainer-options";
import { checkNetwork, checkState, stateTensors, type TrainerState, writeState } from "./trainer-state";
import { addParameterUpdate, type ParameterUpdate } from "./update";

/** What a training step reports: its number, from 1, and the loss before its update. */
export interface StepReport {
  step: number;
  loss: number;
}

type Batches = Iterable<Batch> | AsyncIterable<Batch>;

interface Submission {
  readonly firstStep: number;
  readonly losses: PendingLosses;
  /** What the device found wrong with the submit. */
  readonly error: Promise<GPUError | null>;
}

/** Long submits get a device reset on some systems, short ones cost: aim in between. */
const submitMilliseconds = 30;
const submissionsInFlight = 2;
const mostStepsPerSubmit = 64;
/** What the batches of a submit may take, as a share of what the pass takes. */
const uploadShare = 0.05;
const leastUploadBytes = 32 * 2 ** 10;

export class Trainer {
  readonly network: Network;
  readonly pass: Pass;
  /** α of the steps that are submitted from now on. */
  learningRate: number;
  readonly #optimizer: Optimizer;
  readonly #schedule: LearningRateSchedule;
  readonly #update: ParameterUpdate;
  readonly #state: readonly Tensor[];
  readonly #capacity: number;
  readonly #forcedSteps: number | undefined;
  readonly #bytes: ArrayBuffer;
  readonly #upload: TensorGroup;
  readonly #readback: LossReadback;
  #stepMilliseconds = Number.POSITIVE_INFINITY;
  #lastFinished = 0;
  #step = 0;
  #training = false;
  #stopping = false;
  #destroyed = false;

  private constructor(network: Network, pass: Pass, options: TrainerOptions, capacity: number) {
    const { optimizer, stepsPerSubmit } = options;
    this.#optimizer = optimizer;
    this.#schedule = options.learningRateSchedule ?? constant();
    this.network = network;
    this.pass = pass;
    this.learningRate = optimizer.learningRate;
    this.#capacity = capacity;
    this.#forcedSteps = stepsPerSubmit;
    const { plan } = pass; // owns the buffers, so that they go with it
    const copied = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const bytes = pass.packer.bytes * capacity;
    this.#upload = plan.own(createTensors(pass.gpu, "batches", { batches: { shape: [bytes / 4] } }, copied));
    this.#bytes = new ArrayBuffer(bytes);
    this.#readback = new LossReadback(plan, pass.tensors, submissionsInFlight);
    this.#update = addParameterUpdate(network, pass, options);
    this.#state = stateTensors(network.parameters, this.#update.state, pass.state);
  }

  /**
   * Lays out a network for training on batches of one size: allocates and compiles all it will need.
   * @throws where an option is out of range or the device has no room.
   */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const { gpu, config } = network;
    const {
      steps,
      batch,
      initialState = false,
      carryState = false,
      schedule,
      stepsPerSubmit,
      checkpointEvery,
    } = options;
    checkTrainerOptions(options);
    const shape = { steps, batch, initialState, carryState };
    const passOptions = { ...shape, schedule, checkpointEvery, gradients: true, training: true };
    const batchBytes = layoutOf({ ...batchSpecs(config, { ...passOptions, rowsByToken: true }) }).bytes;
    const room = Math.max(leastUploadBytes, uploadShare * (await network.memoryOf(passOptions)).bytes);
    const capacity = stepsPerSubmit ?? Math.min(mostStepsPerSubmit, Math.max(1, Math.floor(room / batchBytes)));
    const pass = await network.pass({ ...passOptions, lossCapacity: capacity });
    try {
      const trainer = await gpu.checked("Trainer.create", () => new Trainer(network, pass, options, capacity));
      await pass.plan.compile();
      return trainer;
    } catch (error) {
      pass.destroy();
      throw error;
    }
  }

  /**
   * Trains on `batches` until they end, `steps` steps are done, or `stop()` is called, and reports each step's loss,
   * in order, a few submits after it was submitted. A batch that is refused ends the training; the steps before it
   * are reported first. Batches are taken ahead of the reports: one that waits for a report waits for ever. An iterator
   * is not closed: the same one goes on in the next call, with no batch lost.
   * @throws as `checkBatch` for a bad batch, where the device is lost, or when already training.
   */
  async *train(batches: Batches, options: { steps?: number } = {}): AsyncGenerator<StepReport, void, undefined> {
    const { steps = Number.POSITIVE_INFINITY } = options;
    expectKnown("Trainer.train", options, ["steps"]);
    if (steps !== Number.POSITIVE_INFINITY) expectSize("Trainer.train", "steps", steps);
    if (this.#training) throw new Error("Trainer.train: already training; stop() first, and let the loop end.");
    if (this.#destroyed) throw new Error("Trainer.train: the trainer was destroyed; create another.");
    const source = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
    this.#training = true;
    this.#stopping = false;
    const inFlight: Submission[] = [];
    let left = steps;
    let refused: { error: unknown } | undefined;
    try {
      while (true) {
        while (inFlight.length < submissionsInFlight && left > 0 && !this.#stopping) {
          const wanted = Math.min(this.#stepsToSubmit(), left);
          let count = 0;
          try {
            while (count < wanted && !this.#stopping) {
              const taken = source.next();
              const next = "then" in taken ? await taken : taken; // without a wait, `step` and the source stay in step
              if (next.done) break;
              this.#pack(next.value, count);
              count++;
            }
          } catch (error) {
            refused = { error };
          }
          left = count < wanted ? 0 : left - count;
          if (count > 0) inFlight.push(this.#submit(count));
        }
        const oldest = inFlight.shift();
        if (!oldest || this.#destroyed) break;
        for (const [i, loss] of (await this.#losses(oldest)).entries()) yield { step: oldest.firstStep + i, loss };
      }
      if (refused) throw refused.error;
    } finally {
      await Promise.allSettled(inFlight.map((submission) => this.#losses(submission)));
      this.#training = false;
    }
  }

  /** Submits no further steps. Resolves when those submitted are done; their losses are still reported. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.network.gpu.device.queue.onSubmittedWorkDone();
  }

  /** Training steps submitted so far. */
  get step(): number {
    return this.#step;
  }

  /** ‖dθ‖ of the last step submitted, over all parameters and before it is clipped by norm. Never in every step. */
  async gradientNorm(): Promise<number> {
    const { gradient, squares } = this.#update;
    const values = await readFloats(this.network.gpu, squares ?? gradient);
    return Math.sqrt(values.reduce((sum, value) => sum + (squares ? value : value * value), 0));
  }

  /**
   * Reads all that training goes on from, as it is after the steps submitted so far, of which `trainer.step` counts the
   * last. It may be called while training goes on, and the `position` that a stream of batches has at that moment fits.
   */
  async snapshot(): Promise<{ network: NetworkConfig; parameters: ParameterValues; trainer: TrainerState }> {
    const { step, learningRate, network } = this;
    const { kind: optimizer } = this.#optimizer;
    const own = Object.values(network.parameters.tensors);
    const values = [...(await readValues(network.gpu, [...own, ...this.#state]))]; // one read: all of the same step
    const tensors: ParameterValues = new Map(values.slice(own.length));
    const parameters: ParameterValues = new Map(values.slice(0, own.length));
    return { network: network.config, parameters, trainer: { step, learningRate, optimizer, tensors } };
  }

  /**
   * Goes on from a snapshot or a checkpoint, bit for bit where options, batches and the device's choice of kernels are
   * those it was taken with.
   * @throws where it has no trainer's state or one of another making, is of another network, or during training; nothing
   *   is changed then.
   */
  restore(checkpoint: {
    network?: NetworkConfig;
    parameters: ParameterValues;
    trainer: TrainerState | undefined;
  }): void {
    const { parameters, trainer: state } = checkpoint;
    if (this.#training) throw new Error("Trainer.restore: training goes on; stop() first, and let the loop end.");
    if (!state) {
      throw new Error(
        "Trainer.restore: the checkpoint is of a network alone, expected a trainer's state; use network.write(checkpoint.parameters).",
      );
    }
    checkNetwork("Trainer.restore", checkpoint, this.network.config);
    checkState("Trainer.restore", state, this.#optimizer.kind, this.#state);
    this.network.write(parameters);
    writeState(this.network.gpu, state.tensors, this.#state);
    this.#step = state.step;
    this.learningRate = state.learningRate;
  }

  /** Frees what the trainer allocated; the network stays. A loop that is under way ends without the losses in flight. */
  destroy(): void {
    this.#stopping = true;
    this.#destroyed = true;
    this.pass.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  #stepsToSubmit(): number {
    const fitting = Math.floor(submitMilliseconds / this.#stepMilliseconds);
    return this.#forcedSteps ?? Math.min(this.#capacity, Math.max(1, fitting));
  }

  /** Puts a batch into place `slot` of the next submit. */
  #pack(data: Batch, slot: number): void {
    const { config, options, packer } = this.pass;
    const step = this.#step + slot + 1;
    const factor = this.#schedule(step);
    expectNumber("Trainer", "learningRate", this.learningRate);
    expectNumber("Trainer", `learningRateSchedule(${step})`, factor);
    const { weight } = checkBatch("Trainer", config, options, data);
    const update = this.#optimizer.scalars(this.learningRate * factor, step);
    packer.pack(this.#bytes, slot * packer.bytes, data, weight, update, step);
  }

  #submit(count: number): Submission {
    const { device } = this.network.gpu;
    const { batch, packer } = this.pass;
    if (this.#readback.idle) this.#lastFinished = performance.now();
    device.pushErrorScope("validation");
    device.queue.writeBuffer(this.#upload.buffer, 0, this.#bytes, 0, count * packer.bytes);
    const encoder = device.createCommandEncoder({ label: "training steps" });
    for (let slot = 0; slot < count; slot++) {
      encoder.copyBufferToBuffer(this.#upload.buffer, slot * packer.bytes, batch.buffer, 0, packer.bytes);
      this.pass.encode(encoder);
    }
    const losses = this.#readback.submit(encoder, count);
    const error = device.popErrorScope();
    error.catch(() => {}); // it is awaited later, or not at all
    const firstStep = this.#step + 1;
    this.#step += count;
    return { firstStep, losses, error };
  }

  async #losses({ losses, error }: Submission): Promise<number[]> {
    let values: number[];
    try {
      values = await this.#readback.read(losses);
    } catch (failure) {
      if (this.#destroyed) return [];
      throw await this.#readback.explain(failure);
    }
    const found = await error;
    if (found) throw new Error(`Trainer: ${found.message}`);
    const now = performance.now();
    this.#stepMilliseconds = (now - this.#lastFinished) / losses.count;
    this.#lastFinished = now;
    return values;
  }
}
