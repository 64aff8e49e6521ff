// Training steps in halves, where the loss is made outside, between the way forward and the way back, or what the network
// reads, before and after. Loaded for those alone.

import { TempogradError } from "../errors";
import { readTensors, type Tensor } from "../gpu/tensor";
import type { AnyBatch } from "../network/batch";
import { checkBatch } from "../network/check-batch";
import { expectLoss } from "../network/expect";
import type { Pass } from "../network/pass";
import { architectureOf } from "../parts/architecture";
import type { Steps } from "./steps";
import type { TrainerPlan } from "./trainer-plan";
import type { Progress } from "./trainer-state";

export class Halves {
  readonly #pass: Pass;
  readonly #progress: Progress;
  readonly #layout: TrainerPlan;
  readonly #steps: Pick<Steps, "numbersOf">;
  readonly #numbers: Tensor;
  readonly #staging: GPUBuffer;
  readonly #batch: ArrayBuffer;
  readonly #packed: ArrayBuffer;
  #busy = false;

  constructor(pass: Pass, layout: TrainerPlan, steps: Pick<Steps, "progress" | "numbersOf">) {
    this.#pass = pass;
    this.#progress = steps.progress;
    this.#layout = layout;
    this.#steps = steps;
    this.#numbers = pass.program.tensor(layout.update.numbers);
    this.#staging = pass.program.buffer(layout.outputs!);
    this.#batch = new ArrayBuffer(pass.packer.bytes);
    this.#packed = new ArrayBuffer(this.#numbers.size);
  }

  /** @throws, as whole steps need a loss and batches with inputs. */
  expectNone(operation: string): void {
    const { config } = this.#pass;
    const cure = "take steps by forward and backward with the gradient of your own loss between, or make it with one";
    expectLoss(operation, architectureOf(config).loss, cure);
    throw new TempogradError(
      "option",
      `${operation}: ownInputs are made outside, expected of batches; take steps by encodeForward and encodeBackward, or leave the option out.`,
    );
  }

  /** Whether one is under way that is read back. */
  get busy(): boolean {
    return this.#busy;
  }

  encodeForward(encoder: GPUCommandEncoder, batch: AnyBatch, operation = "Trainer.encodeForward"): void {
    const { gpu, packer, config, options, batch: to } = this.#pass;
    const first = !this.#progress.begun;
    const { weight } = checkBatch(operation, config, options, batch, first);
    packer.pack(this.#batch, 0, batch, { weight, step: this.#progress.step + 1, first });
    gpu.write(to.buffer, 0, () => this.#batch, operation);
    this.#pass.encodeForward(encoder, operation);
  }

  encodeBackward(encoder: GPUCommandEncoder, operation = "Trainer.encodeBackward"): void {
    const { gpu } = this.#pass;
    const progress = this.#progress;
    const { buffer, offset } = this.#numbers;
    this.#layout.update.pack(this.#steps.numbersOf(progress.step + 1), new DataView(this.#packed));
    this.#pass.encodeBackward(encoder, operation);
    gpu.write(buffer, offset, () => this.#packed, operation);
    progress.step++;
    progress.begun = true;
    progress.measured = true;
  }

  forward(batch: AnyBatch): Promise<Float32Array> {
    const operation = "Trainer.forward";
    return this.#submit(operation, this.#pass.tensors.logits, (encoder) => {
      this.encodeForward(encoder, batch, operation);
    }) as Promise<Float32Array>;
  }

  async backward(dOutputs: Float32Array | undefined): Promise<void> {
    const operation = "Trainer.backward";
    const [found] = await this.#submit(operation, this.#pass.notFinite!, (encoder) => {
      const isOpen = architectureOf(this.#pass.config).loss.targets === "none";
      if (isOpen || dOutputs) this.#pass.writeOutputGradient(dOutputs!, operation); // which refuses what is none
      this.encodeBackward(encoder, operation);
    });
    if (found === 0) return;
    const progress = this.#progress;
    const step = progress.step--;
    progress.begun &&= progress.step > 0;
    progress.measured = false;
    throw new TempogradError(
      "not-finite",
      `${operation}: the gradients of step ${step}, or their norm, are not finite, expected finite numbers; that step changed nothing: lower the learning rate, clip gradients (clipNorm), or go on with another batch.`,
    );
  }

  /** Submits what `encode` encodes, and reads a tensor. */
  async #submit(operation: string, tensor: Tensor, encode: (encoder: GPUCommandEncoder) => void) {
    const { gpu } = this.#pass;
    if (this.#busy)
      throw new TempogradError(
        "busy",
        `${operation}: another half is under way, expected one at a time; await it first.`,
      );
    this.#busy = true;
    try {
      const { errors } = gpu.scoped(() => {
        const encoder = gpu.device.createCommandEncoder({ label: operation });
        encode(encoder);
        gpu.device.queue.submit([encoder.finish()]);
      });
      const read = readTensors(gpu, [tensor], operation, this.#staging);
      const [[values]] = await Promise.all([read, gpu.expectNone(operation, errors)]);
      return values!;
    } catch (error) {
      this.#pass.lifetime.expect(operation); // else it says no more than that a buffer was not mapped
      throw error;
    } finally {
      this.#busy = false;
    }
  }
}
