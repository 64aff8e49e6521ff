// The programs of a network: made of plans, and kept to be used again.

import { expectOptions, TempogradError } from "../errors";
import { byDefault, type Memory, memoryOf } from "../gpu/describe";
import type { Lifetime } from "../gpu/lifetime";
import { Plan } from "../gpu/plan";
import type { Program } from "../gpu/program";
import { realise } from "../gpu/realise";
import type { TensorGroup } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { Changes } from "./changes";
import type { CheckBatch } from "./check-batch";
import type { Network } from "./network";
import { Pass } from "./pass";
import type { PassOptions } from "./pass-options";
import { type PassPlan, planPass } from "./pass-plan";
import { loadWays } from "./pass-ways";
import { isPlainPass } from "./plain";

const cure = 'use a smaller batch, fewer steps, a smaller network, schedule "fused" or checkpointEvery';

export class Programs {
  readonly #network: Network;
  readonly changes: Changes = { count: 0, writers: new Set() };
  /** What calls have left to use again (`borrow`). */
  readonly kept = new Map<string, { destroy(): void }>();

  constructor(
    network: Network,
    /** The network's, as this library reads and writes them. */
    readonly parameters: TensorGroup<string>,
  ) {
    this.#network = network;
  }

  /** An empty plan for the network's device. */
  plan(operation: string): Plan {
    return new Plan(operation, this.#network.gpu.traits, cure);
  }

  /**
   * Lays the network out over batches of one size, and what goes beyond that.
   * @param operation which asks for it, for errors.
   * @param owner what it is made for, whose end is the pass's too.
   * @param extend adds to the plan what follows the pass.
   * @param check of the batches that are written to it; one that tells all unless given
   */
  async pass<More>(
    operation: string,
    options: PassOptions,
    owner: Lifetime,
    extend?: (planned: PassPlan) => More,
    check?: CheckBatch,
  ): Promise<{ pass: Pass; more: More | undefined }> {
    owner.expect(operation);
    const checks = check ?? (await import("./check-batch")).checkBatch;
    const planned = await this.planPass(operation, options);
    const more = extend?.(planned);
    const program = await this.realise(planned.plan, operation, "pass", owner);
    const { config } = this.#network;
    return { pass: new Pass(program, planned, config, options, checks), more };
  }

  /** @param config the network's own, or with another loss */
  async planPass(operation: string, options: PassOptions, config = this.#network.config): Promise<PassPlan> {
    const { gpu } = this.#network;
    expectOptions(operation, options);
    if (!isPlainPass(options) || architectureOf(config).encoder) {
      (await import("./pass-options")).checkPassOptions(config, options, gpu.traits);
    }
    const ways = await loadWays(gpu.traits, config, options, gpu.choices.measures);
    return planPass(this.plan(operation), config, this.parameters.tensors, options, ways);
  }

  /** What a pass, and what goes beyond it, would allocate. @throws where it is more than 2^53 bytes. */
  async memoryOf(operation: string, options: PassOptions, extend?: (planned: PassPlan) => unknown): Promise<Memory> {
    const { choices } = this.#network.gpu;
    await choices.recall(this.#network.gpu);
    const planned = await this.planPass(operation, options);
    extend?.(planned);
    return memoryOf(planned.plan, operation, (choice) => choices.of(choice) ?? byDefault(choice));
  }

  /** As `realise` of a plan, without what is kept where the device has no room beside it. */
  async realise(plan: Plan, operation: string, what: string, owner = this.#network.lifetime): Promise<Program> {
    const { gpu } = this.#network;
    try {
      return await realise(plan, gpu, { operation, what, owner });
    } catch (error) {
      if (this.kept.size === 0 || !(error instanceof TempogradError && error.code === "out-of-memory")) throw error;
      this.release();
      return realise(plan, gpu, { operation, what, owner });
    }
  }

  /**
   * Frees what `predict`, `evaluate`, `generate` and `traceGradients` have left to use again: for each of the last eight shapes, what
   * they compute in.
   */
  release(): void {
    for (const kept of this.kept.values()) kept.destroy();
    this.kept.clear();
  }
}
