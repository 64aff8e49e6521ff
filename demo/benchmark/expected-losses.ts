// The losses that an engine should have, by the float64 reference, as far as it is affordable.

import {
  networkConfig,
  type ReferenceParameters,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
} from "../../src/index";
import type { Work } from "./engines/names";
import { flopsOf, networkOf, type Problem } from "./problem";
import { lossCount } from "./report";

/** What the reference's plain loops do in a few seconds. */
const mostFlops = 4e9;

/** Losses of the first steps; only of the first, or of none, where the reference would take too long. */
export function expectedLosses(
  { cell, shape, parameters, inputs, targets, learningRate }: Problem,
  work: Work = "train",
): number[] {
  const config = networkConfig(networkOf(cell, shape));
  const { steps, batch } = shape;
  const data = { steps, batch, inputs, targets };
  const values: ReferenceParameters = {};
  for (const [name, { data: initial }] of parameters) values[name] = Float64Array.from(initial);
  const flops = flopsOf(cell, shape);
  if (flops / 3 > mostFlops) return [];
  if (work === "predict" || 3 * flops > mostFlops) return [referenceForward(config, values, data).loss];
  const update = referenceOptimizer({ kind: "sgd", learningRate });
  return Array.from({ length: lossCount(work) }, () => referenceTrainStep(config, values, data, update).loss);
}
