// Where all random numbers but dropout's come from: a generator of a seed.

import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

type Generator = ReturnType<typeof xoroshiro128plus>;

/** xoroshiro128+ (Blackman and Vigna 2018), past the first words, which are alike for neighbouring seeds. */
export function generatorOf(seed: number): Generator {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < 64; i++) generator.next();
  return generator;
}
