// Submits of several training steps: their batches go up at once, and what became of them comes back a few submits later.

import type { DeviceErrors } from "../gpu/device";
import type { Tensor } from "../gpu/tensor";
import type { Batch } from "../network/batch";
import type { BatchPacker } from "../network/batch-packer";
import type { Pass } from "../network/pass";
import { LossReadback, type PendingLosses, type StepResults } from "./loss-readback";
import type { OptimizerNumbers } from "./optimizers";
import type { TrainerPlan } from "./trainer-plan";

/** What a training step reports. */
export interface StepReport {
  /** Its number, from 1. */
  step: number;
  /** The loss before its update; not a number where no target of the batch counts. */
  loss: number;
  /** Whether it changed nothing, as its loss or its gradients were not finite. */
  skipped: boolean;
  /** In mixed precision, where its gradients were too large for half at the loss's scale: that was halved, and nothing else is wrong. */
  overflowed?: boolean;
}

/** Submits that the device has not finished. */
export const submissionsInFlight = 2;

/** Whether a step is one that ends a training, unless those are skipped. */
export const isNotFinite = ({ skipped, overflowed = false }: StepReport): boolean => skipped && !overflowed;

/** Steps that were submitted. */
export interface Submission {
  readonly firstStep: number;
  /** Whether one that was not finite holds back those behind it. */
  readonly stops: boolean;
  readonly losses: PendingLosses;
  /** What the device found wrong with the submit. */
  readonly errors: Promise<DeviceErrors>;
}

/** What errors of a training say first. */
export const training = "Trainer.train";

/** Long submits get a device reset on some systems, short ones cost: aim in between. */
const submitMilliseconds = 30;

export class Submits {
  readonly #pass: Pass;
  readonly #layout: TrainerPlan;
  readonly #forcedSteps: number | undefined;
  readonly #bytes: ArrayBuffer;
  /** Of each step that was packed, the sections that its run leaves out. */
  readonly #without: (readonly string[])[] = [];
  readonly #upload: GPUBuffer;
  readonly #numbers: Tensor;
  readonly #readback: LossReadback;
  /** Steps of batches in which nothing counts: the mean of nothing is no loss. */
  readonly #uncounted = new Set<number>();
  #stepMilliseconds = Number.POSITIVE_INFINITY;
  #lastFinished = 0;

  /** @param forcedSteps of a submit, where the user says so. */
  constructor(pass: Pass, layout: TrainerPlan, forcedSteps: number | undefined) {
    const { program } = pass;
    this.#pass = pass;
    this.#layout = layout;
    this.#forcedSteps = forcedSteps;
    this.#bytes = new ArrayBuffer(layout.slotBytes * layout.capacity);
    this.#upload = program.buffer(layout.upload);
    this.#numbers = program.tensor(layout.update.numbers);
    const buffers = layout.readback.map((group) => program.group(group));
    const overflowed = layout.overflowed && program.tensor(layout.overflowed);
    this.#readback = new LossReadback(pass.gpu, { ...pass.tensors, notFinite: pass.notFinite!, overflowed }, buffers);
  }

  /** Forgets what an earlier training found not finite. */
  begin(): void {
    const { gpu, notFinite } = this.#pass;
    gpu.write(notFinite!.buffer, notFinite!.offset, () => new Uint32Array(1), training);
  }

  stepsToSubmit(): number {
    const fitting = Math.floor(submitMilliseconds / this.#stepMilliseconds);
    return this.#forcedSteps ?? Math.min(this.#layout.capacity, Math.max(1, fitting));
  }

  /**
   * Puts a checked batch, and the optimizer's numbers of its step for each learning rate, into place `slot` of the next submit.
   * @throws where an optimizer of one's own gives other numbers than before.
   */
  pack(
    slot: number,
    data: Batch,
    beside: Parameters<BatchPacker["pack"]>[3],
    numbers: readonly OptimizerNumbers[],
  ): void {
    const { packer } = this.#pass;
    const { slotBytes, update } = this.#layout;
    const start = slot * slotBytes;
    this.#without[slot] = packer.pack(this.#bytes, start, data, beside);
    if (beside.weight === 0) this.#uncounted.add(beside.step);
    update.pack(numbers, new DataView(this.#bytes, start + packer.bytes, slotBytes - packer.bytes));
  }

  /**
   * Submits the first `count` that were packed.
   * @param stops whether what one step found not finite holds back all that follow.
   */
  submit(count: number, firstStep: number, stops: boolean): Submission {
    const { gpu, batch, packer } = this.#pass;
    const { slotBytes } = this.#layout;
    const numbers = this.#numbers;
    if (this.#readback.idle) this.#lastFinished = performance.now();
    const { result: losses, errors } = gpu.scoped(() => {
      gpu.device.queue.writeBuffer(this.#upload, 0, this.#bytes, 0, count * slotBytes);
      const encoder = gpu.device.createCommandEncoder({ label: "training steps" });
      const buffer = this.#readback.take();
      for (let slot = 0; slot < count; slot++) {
        const start = slot * slotBytes;
        encoder.copyBufferToBuffer(this.#upload, start, batch.buffer, 0, packer.bytes);
        encoder.copyBufferToBuffer(this.#upload, start + packer.bytes, numbers.buffer, numbers.offset, numbers.size);
        this.#pass.encode(encoder, stops, this.#without[slot]);
        if (!stops) this.#readback.encodeNote(encoder, buffer, slot);
        this.#readback.encodeOverflow(encoder, buffer, slot);
      }
      if (stops) this.#readback.encodeNote(encoder, buffer, 0);
      return this.#readback.submit(encoder, buffer, count);
    });
    return { firstStep, stops, losses, errors };
  }

  /** What became of the steps of a submit, in order. @throws what the device found wrong. */
  async results({ firstStep, stops, losses, errors }: Submission): Promise<StepReport[]> {
    const { gpu, lifetime } = this.#pass;
    await gpu.expectNone(training, errors).catch(async (error) => {
      await this.#readback.giveBack(losses);
      throw error;
    });
    let results: StepResults;
    try {
      results = await this.#readback.read(losses);
    } catch (failure) {
      lifetime.expect(training);
      return gpu.answered(training, Promise.reject(failure));
    }
    const now = performance.now();
    this.#stepMilliseconds = (now - this.#lastFinished) / losses.count;
    this.#lastFinished = now;
    const [halted = 0] = results.notes;
    return results.losses.map((recorded, i) => {
      const step = firstStep + i;
      const loss = this.#uncounted.delete(step) ? Number.NaN : recorded;
      if (results.overflows[i] !== 0) return { step, loss, skipped: true, overflowed: true };
      const skipped = stops ? halted !== 0 && step >= halted : results.notes[i] !== 0;
      return { step, loss, skipped };
    });
  }
}
