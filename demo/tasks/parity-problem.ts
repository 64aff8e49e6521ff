// Streams of ±1 without end, whose product so far is to be told at every step.

import type { Batch, Random } from "../../src/index";
import { refusal } from "../data/refusal";
import { trainedOnParity } from "../data/trained-on";
import { maximum } from "../extremes";
import type { Asking } from "./asking";
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
    asking: signQuestions((at) => Array.from(signs.example(steps, seed + at + 1).inputs, signOf).join("")),
    example: {
      batch: example,
      labels: Array.from(example.inputs, signOf),
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

const signOf = (value: number): string => (value < 0 ? "−" : "+");

const signQuestions = (example: (at: number) => string): Asking => ({
  reads: "signs",
  count: undefined,
  example,
  read(question) {
    const signs = question.replace(/[\s,;1]/g, "").replaceAll("-", "−");
    const wrong = [...signs].find((sign) => sign !== "+" && sign !== "−");
    if (wrong !== undefined || signs === "") {
      const got = signs === "" ? "is empty" : `has "${wrong}"`;
      throw refusal("The question", got, "a stream of + and −", "enter one");
    }
    const inputs = Float32Array.from(signs, (sign) => (sign === "+" ? 1 : -1));
    const truth: string[] = [];
    for (const sign of inputs) truth.push(signOf(truth.at(-1) === "−" ? -sign : sign));
    return {
      inputs,
      answer: ({ classes, probabilities }) => ({
        kind: "signs",
        told: Array.from(classes!, (odd) => (odd ? "−" : "+")),
        truth,
        share: maximum(probabilities!.slice(-2)),
      }),
    };
  },
});
