// The same lesson at three learning rates: too small, good, too large.

import type { Gpu } from "../../src/index";
import { maximum } from "../extremes";
import { gpuEngine, referenceEngine } from "./engine";
import { exampleOf, iLikeNlp } from "./example";
import { recordedSizes, recordedWeights } from "./recorded-weights";

export interface Curve {
  learningRate: number;
  losses: number[];
  /** The largest difference from the reference's losses; undefined where these are the reference's. */
  difference: number | undefined;
}

export const learningRates = [0.001, 1, 10] as const;
const rounds = 60;

/**
 * One sentence with one answer does not show what a large step does wrong: it is learned all the same. Two orders of the
 * same words with different answers do.
 */
export const lesson = exampleOf(
  [
    { words: iLikeNlp, target: 0 },
    { words: [...iLikeNlp].reverse(), target: 2 },
  ],
  { hidden: recordedSizes.hidden, seed: 1 },
);

/** @param gpu where to compute; without one, the reference does. */
export async function learningCurves(gpu: Gpu | undefined): Promise<Curve[]> {
  const engine = gpu && (await gpuEngine(gpu, lesson));
  const twin = referenceEngine(lesson);
  const curves: Curve[] = [];
  for (const learningRate of learningRates) {
    const lossesOf = async ({ train }: typeof twin) => {
      const losses: number[] = [];
      await train(recordedWeights(), learningRate, rounds, (loss) => losses.push(loss) > 0);
      return losses;
    };
    const expected = await lossesOf(twin);
    const losses = engine ? await lossesOf(engine) : expected;
    const difference = engine && maximum(losses.map((loss, i) => Math.abs(loss - expected[i]!)));
    curves.push({ learningRate, losses, difference });
  }
  engine?.destroy();
  return curves;
}
