// Parity, the smallest state to track: of a stream of ±1, the product so far, at every step.

import type { Batch, Random } from "../../src/index";
import { trainedOnParity } from "../data/trained-on";
import { endless } from "./endless";
import type { ReadTask, TaskDescription } from "./task";

export const parity: TaskDescription = {
  label: "Parity: odd or even many −1s",
  help:
    "parity: of a stream of ±1, the product so far, at every step; held out are streams five times as long. A nonlinear " +
    "recurrence learns it; a gate that never changes sign stays at 50%",
  about:
    "One bit to remember, which each −1 turns over. What is held out is five times as long as what it learns from. A " +
    "nonlinear recurrence can count parity: Elman, GRU and LSTM compute the next state from h·U. A gate that never " +
    "changes sign cannot: a minGRU multiplies its state by a number from 0 to 1, which forgets but never turns over, " +
    "and stays at 50% (Merrill et al. 2024; Grazzi et al. 2025).",
  answer: "parity",
  own: false,
  // Orthogonal matrices keep what is long past as loud as the state: some seeds never get to count then.
  usual: { hidden: 64, batch: 64, steps: 40, learningRate: 0.005, recurrentInitializer: "glorot" },
  oneRate: true,
  updates: 1500,
};

/** How many times as long what is held out is. */
const longer = 5;

export const readSigns: ReadTask =
  async () =>
  ({ steps, batch, seed }, { heldOutRows } = {}) => {
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
