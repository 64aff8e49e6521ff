// Streams of ±1 without end, whose product so far is to be told at every step.

import type { Batch, Random } from "../../src/index";
import { trainedOnParity } from "../data/trained-on";
import { endless } from "./endless";
import type { MakeProblem } from "./task";

/** How many times as long what is held out is. */
const longer = 5;

export const parityProblem: MakeProblem = ({ steps, batch, seed }, { heldOutRows } = {}) => {
  const heldOutSteps = longer * steps;
  const evaluation = { steps: heldOutSteps, batch: heldOutRows?.(heldOutSteps) ?? batch };
  const signs = endless("parity", signsOf);
  const example = signs.example(steps, seed);
  return {
    name: "Parity",
    description: `no end of streams of ${steps} signs, their product so far to be told at every step; held out over ${heldOutSteps} steps`,
    trainedOn: trainedOnParity,
    network: { inputs: 1, outputs: 2, input: "features", readout: "every-step", loss: "cross-entropy" },
    steps,
    training: (position) => signs.training({ steps, batch, seed }, position),
    heldOut: () => signs.heldOut({ ...evaluation, seed }),
    evaluation,
    tokensPerStep: steps * batch,
    baseline: { meaning: "guessing", accuracy: 0.5 },
    example: {
      batch: example,
      labels: Array.from(example.inputs, (sign) => (sign < 0 ? "−" : "+")),
      predicted: Array.from(example.targets, (odd) => (odd ? "−" : "+")),
    },
  };
};

/** `inputs` [steps, batch, 1] are ±1; `targets` [steps, batch] are 1 where the product so far is −1, else 0. */
function signsOf(steps: number, batch: number, random: Random): Batch {
  const inputs = Float32Array.from({ length: steps * batch }, () => 2 * random.integer(0, 1) - 1);
  const targets = new Int32Array(steps * batch);
  for (const [at, sign] of inputs.entries()) {
    const before = at < batch ? 0 : targets[at - batch]!;
    targets[at] = sign < 0 ? 1 - before : before;
  }
  return { inputs, targets };
}
