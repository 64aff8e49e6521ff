// What takes sequences through a network and back: made once for each length, and there until the training ends.

import type { Tracer } from "../through-time/unroll";
import type { Learner } from "./learner";

export class Tracers {
  readonly #learner: Pick<Learner, "tracer">;
  readonly #of = new Map<number, Promise<Tracer>>();
  readonly #made: Tracer[] = [];
  #ended = false;

  constructor(learner: Pick<Learner, "tracer">) {
    this.#learner = learner;
  }

  /** @param steps of a sequence. @throws where the device has no room, or the training has ended. */
  of(steps: number): Promise<Tracer> {
    const made = this.#of.get(steps) ?? this.#make(steps);
    this.#of.set(steps, made);
    return made;
  }

  destroy(): void {
    this.#ended = true;
    for (const tracer of this.#made) tracer.destroy();
  }

  async #make(steps: number): Promise<Tracer> {
    const tracer = await this.#learner.tracer(steps);
    if (this.#ended) {
      tracer.destroy();
      throw new Error("The training has ended.");
    }
    this.#made.push(tracer);
    return tracer;
  }
}
