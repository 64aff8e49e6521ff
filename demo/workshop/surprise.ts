// How much each character of a text surprises a network that reads it.

import { type Network, type Pass, readTensors, type Vocabulary } from "../../src/index";

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

/** Lays the network out over one text, and keeps that for texts of the same length. */
export class Surprise {
  readonly #network: Network;
  readonly #vocabulary: Vocabulary;
  #pass: Pass | undefined;

  constructor(network: Network, vocabulary: Vocabulary) {
    this.#network = network;
    this.#vocabulary = vocabulary;
  }

  async of(prompt: Int32Array, written: Int32Array): Promise<Sample> {
    const tokens = Int32Array.of(...prompt, ...written);
    const steps = tokens.length - 1;
    if (this.#pass?.options.steps !== steps) {
      this.#pass?.destroy();
      this.#pass = undefined;
      this.#pass = await this.#network.pass({ steps, batch: 1, probabilities: true });
    }
    this.#pass.write({ inputs: tokens.slice(0, -1), targets: tokens.slice(1) });
    this.#pass.run();
    const [probabilities] = await readTensors(this.#network.gpu, [this.#pass.tensors.probabilities!]); // [steps, 1, K]
    const { size, symbols } = this.#vocabulary;
    return {
      characters: Array.from(tokens, (token) => symbols[token]!),
      prompt: prompt.length,
      surprise: Float32Array.from(tokens, (token, t) =>
        t === 0 ? Number.NaN : -Math.log(Math.max(probabilities![(t - 1) * size + token]!, leastProbability)),
      ),
    };
  }

  destroy(): void {
    this.#pass?.destroy();
  }
}
