// A pass: a network laid out over a batch of one size on a device, forward to the loss and, where wanted, back through time.

import { TempogradError } from "../errors";
import type { Gpu } from "../gpu/device";
import type { Lifetime } from "../gpu/lifetime";
import type { Program } from "../gpu/program";
import { type PlannedTensor, type Tensor, type TensorGroup, writeTensor } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { AnyBatch } from "./batch";
import { BatchPacker } from "./batch-packer";
import type { CheckBatch } from "./check-batch";
import type { NetworkConfig } from "./config";
import { expectNumbers } from "./expect";
import type { PassOptions } from "./pass-options";
import type { PassPlan, TensorsOfPass } from "./pass-plan";
import { backwardHalf, forwardHalf, unlatched } from "./pass-sections";
import type { States } from "./read-states";

/** What a pass reads and leaves, by name. */
export type PassTensors = TensorsOfPass<Tensor>;

/** The program of a pass, its tensors, and the way a batch gets in. */
export class Pass {
  readonly gpu: Gpu;
  readonly config: NetworkConfig;
  readonly options: PassOptions;
  readonly program: Program;
  readonly tensors: PassTensors;
  /** One buffer with the batch and its scalars. */
  readonly batch: TensorGroup;
  readonly packer: BatchPacker;
  /** With gradients, u32 [1]: the training step of a run whose loss or gradients are not finite, else 0. */
  readonly notFinite: Tensor | undefined;
  /** With carryState: the state that the last run ended with; with gradients, what it began with where it was not finite. */
  readonly state: TensorGroup | undefined;
  /** With gradients: one buffer with a gradient for each parameter that learns, in the order of the parameters. */
  readonly gradients: TensorGroup | undefined;
  /**
   * Where it is joined, its states by name, `layer0.hidden` …, zeroed, in one buffer each, alike for layers that are alike:
   * `encoder.copyBufferToBuffer` of one pass's to another's, whole, joins them. What a run begins with and leaves, and with
   * gradients what the way back takes, dL/d(final states), and leaves, dL/d(initial states).
   */
  readonly initialState: TensorGroup | undefined;
  readonly finalState: TensorGroup | undefined;
  readonly dFinalState: TensorGroup | undefined;
  readonly dInitialState: TensorGroup | undefined;
  readonly #planned: PassPlan;
  readonly #check: CheckBatch;
  /** Of a packed batch, made when the first is written. */
  #bytes: ArrayBuffer | undefined;
  /** Whether it has run: before, there is nothing to read. */
  #begun = false;
  /** Whether its last half went forward: there is a way back. */
  #ahead = false;

  constructor(program: Program, planned: PassPlan, config: NetworkConfig, options: PassOptions, check: CheckBatch) {
    const { batch, notFinite, state, gradients, tensors } = planned;
    this.gpu = program.gpu;
    this.program = program;
    this.config = config;
    this.options = { ...options };
    this.#planned = planned;
    this.#check = check;
    this.batch = program.group(batch);
    this.packer = new BatchPacker(
      config,
      {
        ...options,
        rowsByToken: "tokenStart" in batch.tensors || "sourceStart" in batch.tensors,
        rowsByTail: "tails" in batch.tensors,
      },
      planned.sortByTail,
    );
    this.notFinite = notFinite && program.tensor(notFinite);
    this.state = state && program.group(state);
    this.gradients = gradients && program.group(gradients);
    const joint = (name: keyof PassPlan["joints"]) => {
      const group = planned.joints[name];
      return group && program.group(group);
    };
    this.initialState = joint("initialState");
    this.finalState = joint("finalState");
    this.dFinalState = joint("dFinalState");
    this.dInitialState = joint("dInitialState");
    const real = (value: PlannedTensor | PlannedTensor[]) =>
      Array.isArray(value) ? value.map((tensor) => program.tensor(tensor)) : program.tensor(value);
    const entries = Object.entries(tensors).map(([name, value]) => [name, real(value)]);
    this.tensors = Object.fromEntries(entries) as PassTensors;
  }

  /** @deprecated `program`, by its former name. */
  get plan(): Program {
    return this.program;
  }

  /** Until it is destroyed, or what it was made for is. */
  get lifetime(): Lifetime {
    return this.program.lifetime;
  }

  /**
   * Puts one batch where the next run reads it.
   * @param step which of dropout's masks it gets, where `training` is on.
   * @throws as `checkBatch`, before anything is written, or where the pass was destroyed.
   */
  write(batch: AnyBatch, step = 1, operation = "Pass.write"): void {
    this.lifetime.expect(operation);
    const first = !this.#begun;
    const { weight } = this.#check(operation, this.config, this.options, batch, first);
    this.#bytes ??= new ArrayBuffer(this.packer.bytes);
    const bytes = this.#bytes;
    this.packer.pack(bytes, 0, batch, { weight, step, first });
    this.gpu.write(this.batch.buffer, 0, () => bytes, operation);
  }

  /** Makes the next batch the first: where the state is carried, all rows begin anew. */
  begin(): void {
    this.lifetime.expect("Pass.begin");
    this.#begun = false;
  }

  /**
   * Encodes a run.
   * @param latched whether what an earlier run found not finite still stands: nothing is changed then.
   * @param without names of sections, of what follows the pass on its plan, to leave out.
   * @throws where the pass was destroyed.
   */
  encode(encoder: GPUCommandEncoder, latched = false, without: readonly string[] = []): void {
    this.lifetime.expect("Pass.encode");
    this.#begun = true;
    this.#ahead = false;
    this.program.encode(encoder, latched ? [unlatched, ...without] : without);
  }

  /**
   * Encodes the way forward alone, to the outputs: `tensors.logits` and the final states.
   * @throws with `checkpointEvery`, or where the pass was destroyed.
   */
  encodeForward(encoder: GPUCommandEncoder, operation = "Pass.encodeForward"): void {
    this.#expectHalves(operation);
    this.#begun = true;
    this.#ahead = true;
    this.program.encode(encoder, [backwardHalf]);
  }

  /**
   * Encodes the way back of what was encoded last, once: from `tensors.dLogits`, which of a network without a loss come from
   * outside, to the gradients; a carried state moves on.
   * @throws without gradients or a way forward before it, with `checkpointEvery`, or where the pass was destroyed.
   */
  encodeBackward(encoder: GPUCommandEncoder, operation = "Pass.encodeBackward"): void {
    this.#expectHalves(operation);
    this.#expectGradients(operation);
    if (!this.#ahead) {
      throw new TempogradError("busy", `${operation}: nothing went forward since the last way back; go forward first.`);
    }
    this.#ahead = false;
    this.program.encode(encoder, [forwardHalf]);
  }

  /**
   * Puts dL/do where the way back of a network without a loss reads it, until it is written again.
   * @param values like `tensors.logits`: [steps, batch, outputs] or [batch, outputs].
   * @throws where they are of another type or length or not finite, the network has a loss, the pass has no gradients, or it
   *   was destroyed; nothing is written then.
   */
  writeOutputGradient(values: Float32Array, operation = "Pass.writeOutputGradient"): void {
    this.lifetime.expect(operation);
    const { name, targets } = architectureOf(this.config).loss;
    if (targets !== "none") {
      throw new TempogradError(
        "option",
        `${operation}: the loss "${name}" writes it; make the network with loss: noLoss().`,
      );
    }
    this.#expectGradients(operation);
    const { dLogits } = this.tensors;
    expectNumbers(operation, "values", values, dLogits!.shape);
    writeTensor(this.gpu, dLogits!, values);
  }

  #expectHalves(operation: string): void {
    this.lifetime.expect(operation);
    if (this.options.checkpointEvery === undefined) return;
    throw new TempogradError(
      "option",
      `${operation}: with checkpointEvery segments go forward and back by themselves; encode both at once.`,
    );
  }

  #expectGradients(operation: string): void {
    if (this.gradients) return;
    throw new TempogradError("option", `${operation}: the pass has no gradients; make it with gradients: true.`);
  }

  /** Runs once on what was written. @throws where the pass was destroyed. */
  run(): void {
    this.lifetime.expect("Pass.run");
    const encoder = this.gpu.device.createCommandEncoder({ label: "pass" });
    this.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /**
   * Reads the states that the last run ended with. Never inside a training loop.
   * @throws before the first run, with `checkpointEvery`, where the pass was destroyed or the device lost.
   */
  async readStates(): Promise<States> {
    this.lifetime.expect("Pass.readStates");
    const begun = this.#begun;
    const { readStates } = await import("./read-states");
    this.lifetime.expect("Pass.readStates");
    return readStates(this, begun, this.#planned.layers);
  }

  /** Frees what was allocated for it; the network stays. */
  destroy(): void {
    this.program.destroy();
  }

  /** As `destroy`, for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}
