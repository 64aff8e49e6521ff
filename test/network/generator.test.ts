// The generator, to the bit that of pure-rand, from its seeds and states.

import fc from "fast-check";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { expect, test } from "vitest";
import { Random } from "../../src/data/random";
import { Generator, generatorOf } from "../../src/network/generator";

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

test("draws what xoroshiro128+ draws, from any state", () => {
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), (state) => {
      const [ours, theirs] = [new Generator(state), xoroshiro128plusFromState(state)];
      for (let i = 0; i < 20; i++) expect(ours.next()).toBe(theirs.next());
      expect(ours.uniform()).toBe(uniformFloat64(theirs));
      expect(ours.state).toEqual(theirs.getState());
    }),
  );
});

test("draws numbers and integers of a seed, and goes on from a state", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(2 ** 31), fc.nat(2 ** 31 - 1), (seed, least, more) => {
      const theirs = xoroshiro128plus(seed);
      for (let i = 0; i < 64; i++) theirs.next();
      expect(generatorOf(seed).state).toEqual(theirs.getState());
      const random = Random.ofSeed("test", seed);
      expect(random.uniform()).toBe(uniformFloat64(theirs));
      for (const most of [least + more, least, least + 1, least + 2]) {
        expect(random.integer(least, most)).toBe(uniformInt(theirs, least, most));
      }
      expect(Random.ofState(random.state).uniform()).toBe(uniformFloat64(theirs));
    }),
  );
});
