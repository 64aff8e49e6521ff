// The choice of a next token: from softmax(logits / T) among the likeliest, by the Gumbel-max trick.

import type { Numbers } from "./matmul";
import { philox } from "./philox";

export interface SampleOptions {
  /** T */
  temperature: number;
  /** How many of the likeliest; 0: all. Those as likely as the last one count too. */
  topK: number;
  seed: number;
  /** The place of the token that the logits follow. */
  position: number;
}

/**
 * l / T − ln E of each token, E exponentially distributed; −∞ where it is not among the likeliest.
 * Source: Gumbel 1954; Maddison, Tarlow and Minka, "A* Sampling", 2014.
 */
export function sampleKeys(logits: Numbers, { temperature, topK, seed, position }: SampleOptions): Float64Array {
  const least = topK === 0 ? -Infinity : (Array.from(logits).sort((a, b) => b - a)[topK - 1] ?? -Infinity);
  return Float64Array.from(logits, (logit, k) => {
    const word = philox([Math.floor(k / 4), position, 0, 0], [seed, 2])[k % 4]!;
    const uniform = ((word >>> 9) + 0.5) / 2 ** 23;
    return logit < least ? -Infinity : logit / temperature - Math.log(-Math.log1p(-uniform));
  });
}

/** The token whose key is largest. */
export function sample(logits: Numbers, options: SampleOptions): number {
  return sampleKeys(logits, options).reduce((best, key, k, keys) => (key > keys[best]! ? k : best), 0);
}
