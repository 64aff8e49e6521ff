// A walk through the training of one sentence: its parameters, the round that is shown, and the losses so far.

import type { Gpu, ReferenceParameters } from "../../src/index";
import { type Engine, gpuEngine, type Round, referenceEngine } from "./engine";
import type { Matrices } from "./equations";
import type { Example } from "./example";
import { check, matricesOf } from "./matrices";

/** Training has converged where the loss is below this: the answer is 99% probable. */
export const convergedLoss = 0.01;

export class Walk {
  readonly example: Example;
  /** Losses of all rounds so far, each before its update; the last is that of the round shown. */
  losses: number[] = [];
  /** What is shown, and the same in float64; undefined where that is what is shown. */
  matrices!: Matrices;
  reference: Matrices | undefined;
  readonly #initial: ReferenceParameters;
  readonly #twin: Engine;
  #engine: Engine;
  #learningRate: number;
  #round!: Round;
  #stopping = false;

  private constructor(
    example: Example,
    engine: Engine | undefined,
    initial: ReferenceParameters,
    learningRate: number,
  ) {
    this.example = example;
    this.#twin = referenceEngine(example);
    this.#engine = engine ?? this.#twin;
    this.#initial = initial;
    this.#learningRate = learningRate;
  }

  /** @param gpu where to compute; without one, the reference does. */
  static async create(
    gpu: Gpu | undefined,
    example: Example,
    initial: ReferenceParameters,
    learningRate: number,
  ): Promise<Walk> {
    const walk = new Walk(example, gpu && (await gpuEngine(gpu, example)), initial, learningRate);
    await walk.reset();
    return walk;
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  get loss(): number {
    return this.losses.at(-1)!;
  }

  /** The largest difference from the reference, and how many numbers were compared; undefined without a GPU. */
  get agreement(): { count: number; difference: number; agrees: boolean } | undefined {
    const { reference } = this;
    if (!reference) return undefined;
    const all = [...this.matrices].map(([name, matrix]) => ({
      count: matrix.values.length,
      ...check(matrix, reference.get(name)!),
    }));
    return all.reduce((sum, { count, difference, agrees }) => ({
      count: sum.count + count,
      difference: Math.max(sum.difference, difference),
      agrees: sum.agrees && agrees,
    }));
  }

  async reset(): Promise<void> {
    this.losses = [];
    await this.#show(this.#initial);
  }

  async setLearningRate(learningRate: number): Promise<void> {
    if (learningRate === this.#learningRate) return;
    this.#learningRate = learningRate;
    await this.#compute(this.#round.parameters);
  }

  async oneRound(): Promise<void> {
    await this.#show(this.#round.after);
  }

  /** Trains until it converges, `stop` is called, or so many rounds are done. */
  async run(rounds: number): Promise<void> {
    this.#stopping = false;
    const before = this.losses;
    this.losses = before.slice(0, -1); // the last comes again, as the first
    try {
      const trained = await this.#engine.train(this.#round.parameters, this.#learningRate, rounds, (loss) => {
        this.losses.push(loss);
        return loss >= convergedLoss && !this.#stopping;
      });
      await this.#show(trained);
    } catch (error) {
      this.losses = before; // the round shown is still that before
      throw error;
    }
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Goes on with the reference, from the same parameters. */
  async leaveGpu(): Promise<void> {
    this.destroy();
    this.#engine = this.#twin;
    await this.#compute(this.#round.parameters);
  }

  destroy(): void {
    this.#engine.destroy();
  }

  /** Computes the next round to show, which begins with these parameters. */
  async #show(parameters: ReferenceParameters): Promise<void> {
    await this.#compute(parameters);
    this.losses.push(this.#round.values.loss[0]!);
  }

  async #compute(parameters: ReferenceParameters): Promise<void> {
    const rate = this.#learningRate;
    const round = await this.#engine.round(parameters, rate);
    const twin = this.#engine === this.#twin ? undefined : await this.#twin.round(round.parameters, rate);
    this.#round = round;
    this.matrices = matricesOf(this.example, round, rate);
    this.reference = twin && matricesOf(this.example, twin, rate);
  }
}
