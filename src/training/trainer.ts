// Trains a network: several steps a submit, losses from a ring on the GPU, nothing allocated while it runs.

import { createTensors, type Tensor, type TensorGroup } from "../gpu/tensor";
import { type Batch, BatchPacker, checkBatch } from "../network/batch";
import { expectSize } from "../network/config";
import type { Network } from "../network/network";
import type { Pass, PassOptions } from "../network/pass";
import { clipNorm, clipValue } from "../ops/gradient-clip";
import { expectNumber, type Optimizer } from "./optimizers";

export interface TrainerOptions extends Pick<PassOptions, "steps" | "batch" | "initialState" | "schedule"> {
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

type Batches = Iterable<Batch> | AsyncIterable<Batch>;

interface Submission {
  readonly firstStep: number;
  readonly count: number;
  readonly readback: GPUBuffer;
  readonly mapped: Promise<undefined>;
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
  /** Training steps submitted so far. */
  step = 0;
  readonly #optimizer: Optimizer;
  readonly #capacity: number;
  readonly #forcedSteps: number | undefined;
  readonly #bytes: ArrayBuffer;
  readonly #upload: TensorGroup;
  readonly #readbacks: GPUBuffer[];
  readonly #idle: GPUBuffer[];
  #stepMilliseconds = Number.POSITIVE_INFINITY;
  #lastFinished = 0;
  #training = false;
  #stopping = false;

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
    this.#upload = createTensors(
      gpu,
      "batches",
      { batches: { shape: [this.#bytes.byteLength / 4] } },
      GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    );
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.#readbacks = Array.from({ length: submissionsInFlight }, () =>
      gpu.createBuffer("losses", capacity * 4, usage),
    );
    this.#idle = [...this.#readbacks];
    const gradient = whole(pass.gradients!, "gradients");
    if (options.clipNorm !== undefined) clipNorm(pass.plan, gradient, options.clipNorm);
    if (options.clipValue !== undefined) clipValue(pass.plan, gradient, options.clipValue);
    optimizer.add(pass.plan, {
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
    const { steps, batch, initialState = false, schedule, stepsPerSubmit } = options;
    for (const name of ["clipNorm", "clipValue"] as const) {
      const limit = options[name];
      if (limit !== undefined) expectNumber("Trainer", name, limit);
    }
    if (stepsPerSubmit !== undefined) expectSize("Trainer", "stepsPerSubmit", stepsPerSubmit);
    const shape = { steps, batch, initialState };
    const batchBytes = new BatchPacker(config, shape).bytes;
    const capacity =
      stepsPerSubmit ?? Math.min(mostStepsPerSubmit, Math.max(1, Math.floor(mostUploadBytes / batchBytes)));
    const pass = await network.pass({ ...shape, schedule, gradients: true, lossCapacity: capacity });
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
   * are reported first. An iterator is not closed: the same generator goes on in the next call, with no batch lost.
   * @throws as `checkBatch` for a bad batch, where the device is lost, or when already training.
   */
  async *train(
    batches: Batches,
    { steps = Number.POSITIVE_INFINITY } = {},
  ): AsyncGenerator<StepReport, void, undefined> {
    if (this.#training) throw new Error("Trainer.train: already training; stop() first, and let the loop end.");
    this.#training = true;
    this.#stopping = false;
    const source = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
    const inFlight: Submission[] = [];
    let left = steps;
    let refused: unknown;
    try {
      while (true) {
        while (inFlight.length < submissionsInFlight && left > 0 && !this.#stopping) {
          const wanted = Math.min(this.#stepsToSubmit(), left);
          let count = 0;
          try {
            while (count < wanted && (await this.#pack(source, count))) count++;
          } catch (error) {
            refused = error;
          }
          left = count < wanted ? 0 : left - count;
          if (count > 0) inFlight.push(this.#submit(count));
        }
        const oldest = inFlight.shift();
        if (!oldest) break;
        for (const [i, loss] of (await this.#losses(oldest)).entries()) yield { step: oldest.firstStep + i, loss };
      }
      if (refused) throw refused;
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

  destroy(): void {
    this.#stopping = true;
    this.pass.destroy();
    this.#upload.destroy();
    for (const buffer of this.#readbacks) this.network.gpu.destroyBuffer(buffer);
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
    const counted = checkBatch("Trainer", config, options, next.value);
    const update = this.#optimizer.scalars(this.learningRate, this.step + slot + 1);
    packer.pack(this.#bytes, slot * packer.bytes, next.value, counted, update);
    return true;
  }

  #submit(count: number): Submission {
    const { device } = this.network.gpu;
    const { batch, packer, tensors } = this.pass;
    if (this.#idle.length === submissionsInFlight) this.#lastFinished = performance.now();
    const readback = this.#idle.pop()!;
    device.queue.writeBuffer(this.#upload.buffer, 0, this.#bytes, 0, count * packer.bytes);
    const encoder = device.createCommandEncoder({ label: "training steps" });
    for (let slot = 0; slot < count; slot++) {
      encoder.copyBufferToBuffer(this.#upload.buffer, slot * packer.bytes, batch.buffer, 0, packer.bytes);
      this.pass.encode(encoder);
    }
    encoder.copyBufferToBuffer(tensors.losses.buffer, 0, readback, 0, this.#capacity * 4);
    device.queue.submit([encoder.finish()]);
    const firstStep = this.step + 1;
    this.step += count;
    return { firstStep, count, readback, mapped: readback.mapAsync(GPUMapMode.READ) };
  }

  async #losses({ firstStep, count, readback, mapped }: Submission): Promise<number[]> {
    try {
      await mapped;
    } catch (error) {
      // The map fails a little before the loss is told; a trainer that was destroyed has lost no device.
      const soon = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
      const lost = await Promise.race([this.network.gpu.device.lost, soon]);
      const { message, name } = error as Error;
      const cause = lost ? `the device was lost (${lost.message || lost.reason})` : `no losses (${message || name})`;
      throw new Error(`Trainer: ${cause}; open the GPU again and go on from parameters that were saved.`);
    }
    const ring = new Float32Array(readback.getMappedRange());
    const losses = Array.from({ length: count }, (_, i) => ring[(firstStep - 1 + i) % this.#capacity]!);
    readback.unmap();
    this.#idle.push(readback);
    const now = performance.now();
    this.#stepMilliseconds = (now - this.#lastFinished) / count;
    this.#lastFinished = now;
    return losses;
  }
}

/** All tensors of a group as one. */
function whole({ buffer }: TensorGroup, name: string): Tensor {
  return { name, shape: [1, buffer.size / 4], type: "f32", buffer, offset: 0, size: buffer.size };
}
