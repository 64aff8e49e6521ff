// Random numbers from a seed, with a state that can be saved and gone on from.

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { expectSeed } from "../network/expect";
import { generatorOf } from "../network/generator";

/** Draws, one after the other. */
export class Random {
  readonly #generator: ReturnType<typeof generatorOf>;

  private constructor(generator: ReturnType<typeof generatorOf>) {
    this.#generator = generator;
  }

  /** @throws where the seed is no integer from 0 to 2³² − 1. */
  static ofSeed(operation: string, seed: number): Random {
    expectSeed(operation, seed);
    return new Random(generatorOf(seed));
  }

  /** Goes on from what `state` was. */
  static ofState(state: readonly number[]): Random {
    return new Random(xoroshiro128plusFromState(state));
  }

  /** Whether a value can be a state: four words, not all zero. */
  static isState(value: unknown): value is readonly number[] {
    const isOther = (word: unknown) => !Number.isInteger(word) || ((word as number) | 0) !== word;
    return (
      Array.isArray(value) && value.length === 4 && value.findIndex(isOther) < 0 && value.some((word) => word !== 0)
    );
  }

  /** What `position` of a stream keeps of it. */
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
