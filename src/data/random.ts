// Random numbers from a seed, with a state that can be saved and gone on from.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { mersenne, mersenneFromState } from "pure-rand/generator/mersenne";
import { expectSeed } from "../network/config";

/** A Mersenne Twister, whose first draws already differ between neighbouring seeds. */
export class Random {
  readonly #generator: ReturnType<typeof mersenne>;

  private constructor(generator: ReturnType<typeof mersenne>) {
    this.#generator = generator;
  }

  /** @throws where the seed is no integer from 0 to 2³² − 1. */
  static ofSeed(operation: string, seed: number): Random {
    expectSeed(operation, seed);
    return new Random(mersenne(seed));
  }

  /** Goes on from what `state` was. */
  static ofState(state: readonly number[]): Random {
    return new Random(mersenneFromState(state));
  }

  /** Whether a value can be a state: 624 words and the place among them. */
  static isState(value: unknown): value is readonly number[] {
    const isWord = (word: unknown) => Number.isInteger(word) && Math.abs(word as number) < 2 ** 32;
    return Array.isArray(value) && value.length === 625 && value.every(isWord) && value[0] >= 0 && value[0] < 624;
  }

  get state(): readonly number[] {
    return this.#generator.getState();
  }

  /** A number from 0 to below 1. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /** An integer from `least` to `most`. */
  integer(least: number, most: number): number {
    return uniformInt(this.#generator, least, most);
  }
}
