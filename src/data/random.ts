// Random numbers from a seed, with a state that can be saved and gone on from.

import { expectSeed } from "../network/expect";
import { Generator, generatorOf } from "../network/generator";

/** Draws, one after the other. */
export class Random {
  readonly #generator: Generator;

  private constructor(generator: Generator) {
    this.#generator = generator;
  }

  /** @throws where the seed is no integer from 0 to 2³² − 1. */
  static ofSeed(operation: string, seed: number): Random {
    expectSeed(operation, seed);
    return new Random(generatorOf(seed));
  }

  /** Goes on from what `state` was. */
  static ofState(state: readonly number[]): Random {
    return new Random(new Generator(state));
  }

  /** Whether a value can be a state: four words, not all zero. */
  static isState(value: unknown): value is readonly number[] {
    const isOther = (word: unknown) => !Number.isInteger(word) || ((word as number) | 0) !== word;
    return (
      Array.isArray(value) && value.length === 4 && value.findIndex(isOther) < 0 && value.some((word) => word !== 0)
    );
  }

  get state(): readonly number[] {
    return this.#generator.state;
  }

  /** A number from 0 to below 1. */
  uniform(): number {
    return this.#generator.uniform();
  }

  /** An integer from `least` to `most`, of which there are up to 2³². */
  integer(least: number, most: number): number {
    const count = most - least + 1;
    const fair = 2 ** 32 - (2 ** 32 % count); // as many draws give each
    let drawn: number;
    do drawn = this.#generator.next() + 2 ** 31;
    while (drawn >= fair);
    return least + (drawn % count);
  }
}
