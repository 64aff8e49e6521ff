// Trains a network: several steps a submit, losses from a ring on the GPU, nothing allocated while it runs.

import { createTensors, type Tensor, type TensorGroup } from "../gpu/tensor";
import { type Batch, BatchPacker, checkBatch } from "../network/batch";
import { expectKnown, expectSize } from "../network/config";
import type { Network } from "../network/network";
import type { Pass, PassOptions } from "../network/pass";
import { clipNorm, clipValue } from "../ops/gradient-clip";
import { expectNumber, type Optimizer } from "./optimizers";

export interface TrainerOptions
  extends Pick<PassOptions, "steps" | "batch" | "initialState" | "carryState" | "schedule"> {
  optimizer: Optimizer;
  /** Gradients whose common norm exceeds this are scaled to it. */
  clipNorm?: number;
  /** Gradients are cut to ± this. */
  clipValue?: number;
  /** Training steps in a submit. Without it, as many as take about 30 ms. */
  stepsPerSubmit?: number;
}

/** What a training step reports: its number, from 1, and the loss before its update. */
export interface StepReport {
  step: number;
  loss: number;
}

const trainerOptions: readonly (keyof TrainerOptions)[] = [
  "steps",
  "batch",
  "initialState",
  "carryState",
  "schedule",
  "optimizer",
  "clipNorm",
  "clipValue",
  "stepsPerSubmit",
];

type Batches = Iterable<Batch> | AsyncIterable<Batch>;

type Readback = TensorGroup<"losses" | "recorded">;

interface Submission {
  readonly firstStep: number;
  readonly count: number;
  readonly readback: Readback;
  readonly mapped: Promise<undefined>;
  /** What the device found wrong with the submit. */
  readonly error: Promise<GPUError | null>;
}

/** Long submits get a device reset on some systems, short ones cost: aim in between. */
const submitMilliseconds = 30;
const submissionsInFlight = 2;
const mostStepsPerSubmit = 64;
const mostUploadBytes = 16 * 2 ** 20;

export class Trainer {
  readonly network: Network;
  readonly pass: Pass;
  /** α of the steps that are submitted from now on. */
  learningRate: number;
  readonly #optimizer: Optimizer;
  readonly #capacity: number;
  readonly #forcedSteps: number | undefined;
  readonly #bytes: ArrayBuffer;
  readonly #upload: TensorGroup;
  readonly #idle: Readback[];
  #stepMilliseconds = Number.POSITIVE_INFINITY;
  #lastFinished = 0;
  #step = 0;
  #training = false;
  #stopping = false;
  #destroyed = false;

  private constructor(network: Network, pass: Pass, options: TrainerOptions, capacity: number) {
    const { optimizer, stepsPerSubmit } = options;
    this.#optimizer = optimizer;
    const { gpu } = network;
    this.network = network;
    this.pass = pass;
    this.learningRate = optimizer.learningRate;
    this.#capacity = capacity;
    this.#forcedSteps = stepsPerSubmit;
    this.#bytes = new ArrayBuffer(pass.packer.bytes * capacity);
    const { plan } = pass; // owns the buffers, so that they go with it
    const copied = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const batches = { batches: { shape: [this.#bytes.byteLength / 4] } };
    this.#upload = plan.own(createTensors(gpu, "batches", batches, copied));
    const readable = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const ring = { losses: { shape: [capacity] }, recorded: { shape: [1], type: "u32" } } as const;
    this.#idle = Array.from({ length: submissionsInFlight }, () =>
      plan.own(createTensors(gpu, "losses", ring, readable)),
    );
    const gradient = whole(pass.gradients!, "gradients");
    if (options.clipNorm !== undefined) clipNorm(plan, gradient, options.clipNorm);
    if (options.clipValue !== undefined) clipValue(plan, gradient, options.clipValue);
    optimizer.add(plan, {
      update: pass.batch.tensors.update!,
      gradient,
      parameter: whole(network.parameters, "parameters"),
    });
  }

  /**
   * Lays out a network for training on batches of one size: allocates and compiles all it will need.
   * @throws where an option is out of range or the device has no room.
   */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const { gpu, config } = network;
    const { steps, batch, initialState = false, carryState = false, schedule, stepsPerSubmit } = options;
    for (const name of ["clipNorm", "clipValue"] as const) {
      const limit = options[name];
      if (limit !== undefined) expectNumber("Trainer", name, limit);
    }
    expectKnown("Trainer", options, trainerOptions);
    if (stepsPerSubmit !== undefined) expectSize("Trainer", "stepsPerSubmit", stepsPerSubmit);
    const shape = { steps, batch, initialState };
    const batchBytes = new BatchPacker(config, shape).bytes;
    const capacity =
      stepsPerSubmit ?? Math.min(mostStepsPerSubmit, Math.max(1, Math.floor(mostUploadBytes / batchBytes)));
    const pass = await network.pass({ ...shape, carryState, schedule, gradients: true, lossCapacity: capacity });
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
   * are reported first. Batches are taken ahead of the reports: one that waits for a report waits for ever. An iterator is not closed: the same generator goes on in the next call, with no batch lost.
   * @throws as `checkBatch` for a bad batch, where the device is lost, or when already training.
   */
  async *train(
    batches: Batches,
    { steps = Number.POSITIVE_INFINITY } = {},
  ): AsyncGenerator<StepReport, void, undefined> {
    if (steps !== Number.POSITIVE_INFINITY) expectSize("Trainer.train", "steps", steps);
    if (this.#training) throw new Error("Trainer.train: already training; stop() first, and let the loop end.");
    this.#training = true;
    this.#stopping = false;
    const source = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
    const inFlight: Submission[] = [];
    let left = steps;
    let refused: { error: unknown } | undefined;
    try {
      while (true) {
        while (inFlight.length < submissionsInFlight && left > 0 && !this.#stopping) {
          const wanted = Math.min(this.#stepsToSubmit(), left);
          let count = 0;
          try {
            while (count < wanted && !this.#stopping && (await this.#pack(source, count))) count++;
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

  /** Takes the next batch into place `slot`. Answers false where there is none. */
  async #pack(source: Iterator<Batch> | AsyncIterator<Batch>, slot: number): Promise<boolean> {
    const next = await source.next();
    if (next.done) return false;
    const { config, options, packer } = this.pass;
    expectNumber("Trainer", "learningRate", this.learningRate);
    const { weight } = checkBatch("Trainer", config, options, next.value);
    const update = this.#optimizer.scalars(this.learningRate, this.#step + slot + 1);
    packer.pack(this.#bytes, slot * packer.bytes, next.value, weight, update);
    return true;
  }

  #submit(count: number): Submission {
    const { device } = this.network.gpu;
    const { batch, packer, tensors } = this.pass;
    if (this.#idle.length === submissionsInFlight) this.#lastFinished = performance.now();
    const readback = this.#idle.pop()!;
    device.pushErrorScope("validation");
    device.queue.writeBuffer(this.#upload.buffer, 0, this.#bytes, 0, count * packer.bytes);
    const encoder = device.createCommandEncoder({ label: "training steps" });
    for (let slot = 0; slot < count; slot++) {
      encoder.copyBufferToBuffer(this.#upload.buffer, slot * packer.bytes, batch.buffer, 0, packer.bytes);
      this.pass.encode(encoder);
    }
    for (const name of ["losses", "recorded"] as const) {
      const { offset, size } = readback.tensors[name];
      encoder.copyBufferToBuffer(tensors[name].buffer, tensors[name].offset, readback.buffer, offset, size);
    }
    device.queue.submit([encoder.finish()]);
    const error = device.popErrorScope();
    const mapped = readback.buffer.mapAsync(GPUMapMode.READ);
    mapped.catch(() => {}); // it is awaited later, or not at all
    error.catch(() => {});
    const firstStep = this.#step + 1;
    this.#step += count;
    return { firstStep, count, readback, mapped, error };
  }

  async #losses({ count, readback, mapped, error }: Submission): Promise<number[]> {
    try {
      await mapped;
    } catch (failure) {
      if (this.#destroyed) return [];
      // The map fails a little before the loss of a device is told.
      const soon = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
      const lost = await Promise.race([this.network.gpu.device.lost, soon]);
      const { message, name } = failure as Error;
      const cause = lost ? `the device was lost (${lost.message || lost.reason})` : `no losses (${message || name})`;
      throw new Error(`Trainer: ${cause}; open the GPU again and go on from parameters that were saved.`);
    }
    const { losses, recorded } = readback.tensors;
    const bytes = readback.buffer.getMappedRange();
    const ring = new Float32Array(bytes, losses.offset, this.#capacity);
    const first = new Uint32Array(bytes, recorded.offset, 1)[0]! - count;
    const values = Array.from({ length: count }, (_, i) => ring[(first + i) % this.#capacity]!);
    readback.buffer.unmap();
    this.#idle.push(readback);
    const found = await error;
    if (found) throw new Error(`Trainer: ${found.message}`);
    const now = performance.now();
    this.#stepMilliseconds = (now - this.#lastFinished) / count;
    this.#lastFinished = now;
    return values;
  }
}

/** All tensors of a group as one. */
function whole({ buffer }: TensorGroup, name: string): Tensor {
  return { name, shape: [1, buffer.size / 4], type: "f32", buffer, offset: 0, size: buffer.size };
}
