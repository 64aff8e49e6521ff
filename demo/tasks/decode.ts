// What an encoder–decoder writes by itself, and how likely each symbol of it was.

import { generate, type Network, type Prediction, paddedBatch } from "../../src/index";
import type { Translation } from "./task";

const sideBySide = 32;

/** Of each source the likeliest token at each step behind those before, and ŷ. */
export async function decode(
  network: Network,
  sources: readonly Int32Array[],
  { prompt, length, sourceSteps }: Translation,
): Promise<Prediction[]> {
  const written = await generate(network, { source: sources, prompt, length, topK: 1 });
  const predictions: Prediction[] = [];
  for (let start = 0; start < sources.length; start += sideBySide) {
    const items = sources.slice(start, start + sideBySide).map((source, i) => {
      return { source, prompt, target: written[start + i]! };
    });
    const batch = items.length === 1 ? 1 : sideBySide;
    const read = await network.predict(paddedBatch(items, { steps: length, batch, sourceSteps }));
    for (const [i, { target }] of items.entries()) {
      predictions.push({ classes: target, probabilities: read[i]!.probabilities! });
    }
  }
  return predictions;
}
