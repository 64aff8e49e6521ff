// Where all random numbers but dropout's come from: a generator of a seed.

/** xoroshiro128+ (Blackman and Vigna 2018): two words of 64 bits, of which each draw gives the lower half of the sum. */
export class Generator {
  /** The upper and the lower half of the first word, then of the second. */
  readonly #words: Int32Array;

  constructor(state: readonly number[]) {
    this.#words = Int32Array.from(state);
  }

  /** What another one would go on from. */
  get state(): readonly number[] {
    return [...this.#words];
  }

  /** 32 bits, as a signed integer. */
  next(): number {
    const words = this.#words;
    const [high0 = 0, low0 = 0, high1 = 0, low1 = 0] = [words[0], words[1], words[2], words[3]];
    const [high, low] = [high0 ^ high1, low0 ^ low1];
    words[0] = (high0 << 24) ^ (low0 >>> 8) ^ high ^ ((high << 16) | (low >>> 16));
    words[1] = (low0 << 24) ^ (high0 >>> 8) ^ low ^ (low << 16);
    words[2] = (low << 5) ^ (high >>> 27);
    words[3] = (high << 5) ^ (low >>> 27);
    return (low0 + low1) | 0;
  }

  /** A number from 0 to below 1, a multiple of 2⁻⁵³. */
  uniform(): number {
    const [high, low] = [this.next() & 0x3ffffff, this.next() & 0x7ffffff];
    return high * 2 ** -26 + low * 2 ** -53;
  }
}

/** Past the first words, which are alike for neighbouring seeds. */
export function generatorOf(seed: number): Generator {
  const generator = new Generator([-1, ~seed, seed, 0]);
  for (let i = 0; i < 64; i++) generator.next();
  return generator;
}
