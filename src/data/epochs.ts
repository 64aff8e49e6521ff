// The order in which data is taken: at random, all of it once an epoch.

import type { Random } from "./random";

/** The indices of `count` items without end: each once an epoch, in an order drawn anew for each epoch. */
export class Epochs {
  /** The generator's state before it drew the order of this epoch. */
  state: readonly number[];
  /** How many items of this epoch were taken. */
  taken: number;
  readonly #count: number;
  readonly #random: Random;
  #order: readonly number[];

  /** @param taken for going on in an epoch: how many of its items are behind. */
  constructor(count: number, random: Random, taken = 0) {
    this.#count = count;
    this.#random = random;
    this.state = random.state;
    this.#order = shuffled(count, random);
    this.taken = taken;
  }

  /** Takes up to `most` items, as many as the epoch still has: at least one. */
  take(most: number): readonly number[] {
    if (this.taken === this.#count) {
      this.state = this.#random.state;
      this.#order = shuffled(this.#count, this.#random);
      this.taken = 0;
    }
    const items = this.#order.slice(this.taken, this.taken + most);
    this.taken += items.length;
    return items;
  }
}

/** 0 … count − 1 in random order: Fisher and Yates's shuffle. */
export function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
