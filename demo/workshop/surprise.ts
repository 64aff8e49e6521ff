// How much each character of a text surprises a network that reads it.

import type { Vocabulary } from "../../src/index";
import type { Learner } from "./learner";

/** A text that the network wrote after a prompt. */
export interface Sample {
  /** Characters, the prompt's first. */
  characters: string[];
  /** How many of them are the prompt's. */
  prompt: number;
  /** −ln ŷ of each character, in nats, after reading those before it; NaN for the first, before which there is none. */
  surprise: Float32Array;
}

/** Below it, float32 has no probability but zero. */
const leastProbability = 2 ** -126;

/** What it wrote after a prompt, read again. */
export async function sampleOf(
  learner: Pick<Learner, "predict">,
  { size, symbols }: Vocabulary,
  prompt: Int32Array,
  written: Int32Array,
): Promise<Sample> {
  const tokens = Int32Array.of(...prompt, ...written);
  const [read] = await learner.predict([tokens.slice(0, -1)]);
  const probabilities = read!.probabilities!; // [steps, K]
  return {
    characters: Array.from(tokens, (token) => symbols[token]!),
    prompt: prompt.length,
    surprise: Float32Array.from(tokens, (token, t) =>
      t === 0 ? Number.NaN : -Math.log(Math.max(probabilities[(t - 1) * size + token]!, leastProbability)),
    ),
  };
}
