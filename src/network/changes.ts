// Whether parameters may have changed since they were last found finite.

import type { Lifetime } from "../gpu/lifetime";

export class Changes {
  /** NaN, which is like no other number, once something else may write to them. */
  #count = 0;
  #finite: number | undefined;
  readonly #writers = new Set<Lifetime>();

  /** They were written to. */
  mark(): void {
    this.#count++;
  }

  /** Something may write to them at any time up to its end. */
  follow(writer: Lifetime): void {
    this.#writers.add(writer);
  }

  /** They are in other hands, and what becomes of them is not seen here. */
  lend(): void {
    this.#count = Number.NaN;
  }

  /** @returns what tells now from later. */
  now(): number {
    const ended = [...this.#writers].filter(({ ending }) => ending);
    for (const writer of ended) this.#writers.delete(writer);
    this.#count += ended.length;
    return this.#writers.size > 0 ? Number.NaN : this.#count;
  }

  /** Whether they were found finite since they changed. */
  areFinite(): boolean {
    return this.now() === this.#finite;
  }

  /** They were found finite as they were then. */
  foundFinite(then: number): void {
    this.#finite = then;
  }
}
