// Sequences of numbers of which two are marked, drawn without end, to be added.

import type { Batch, Random } from "../../src/index";
import { quoted, refusal } from "../data/refusal";
import { trainedOnSums } from "../data/trained-on";
import type { Asking } from "./asking";
import { endless } from "./endless";
import type { MakeProblem } from "./task";

/** The mean squared error of always guessing the mean, 1: the variance of a sum of two numbers from 0 to 1. */
const guessingTheMean = 1 / 6;

export const addingProblem: MakeProblem = ({ steps, batch, seed }, { heldOutRows } = {}) => {
  const evaluation = { steps, batch: heldOutRows?.(steps) ?? batch };
  const sums = endless("adding", sumsOf);
  const example = sums.example(steps, seed);
  const numbers = example.inputs; // [steps, 1, 2]: a number and its mark
  return {
    name: "The adding problem",
    description: `no end of sequences of ${steps} numbers, two of them marked, to be added`,
    trainedOn: trainedOnSums,
    network: { inputs: 2, outputs: 1, input: "features", readout: "last-step", loss: "mean-squared-error" },
    steps,
    training: (position) => sums.training({ steps, batch, seed }, position),
    heldOut: () => sums.heldOut({ ...evaluation, seed }),
    evaluation,
    tokensPerStep: steps * batch,
    baseline: { meaning: "always guessing the mean", loss: guessingTheMean },
    asking: sumQuestions((at) => written(sums.example(steps, seed + at + 1))),
    example: {
      batch: example,
      labels: Array.from(
        { length: steps },
        (_, t) => `${numbers[2 * t]!.toFixed(1).slice(1)}${numbers[2 * t + 1] ? "*" : ""}`,
      ),
    },
  };
};

/**
 * `inputs` [steps, batch, 2] are numbers from 0 to 1 beside marks, one in each half of the sequence; `targets` [batch, 1].
 */
function sumsOf(steps: number, batch: number, random: Random): Batch {
  const inputs = Float32Array.from({ length: steps * batch * 2 }, (_, i) => (i % 2 === 0 ? random.uniform() : 0));
  const targets = new Float32Array(batch);
  const half = Math.floor(steps / 2);
  for (let b = 0; b < batch; b++) {
    for (const step of [random.integer(0, Math.max(0, half - 1)), random.integer(half, steps - 1)]) {
      const at = (step * batch + b) * 2;
      inputs[at + 1] = 1;
      targets[b]! += inputs[at]!;
    }
  }
  return { inputs, targets };
}

const digits = 2;

/** A sequence as a visitor writes it: numbers, two of them with a star. */
const written = ({ inputs }: Batch): string =>
  Array.from(
    { length: inputs.length / 2 },
    (_, t) => `${inputs[2 * t]!.toFixed(digits)}${inputs[2 * t + 1] ? "*" : ""}`,
  ).join(" ");

const sumQuestions = (example: (at: number) => string): Asking => ({
  reads: "sum",
  count: undefined,
  example,
  read(question) {
    const words = question.split(/[\s,;]+/).filter(Boolean);
    const wrong = words.find((word) => !/^(0?\.\d+|[01](\.\d*)?)\*?$/.test(word) || Number.parseFloat(word) > 1);
    if (wrong) throw refusal("The question", `has ${quoted(wrong)}`, "numbers from 0 to 1", "correct it");
    const marked = words.filter((word) => word.endsWith("*"));
    if (marked.length !== 2) {
      throw refusal(
        "The question",
        `has ${marked.length} numbers with a star`,
        "2 to be added",
        "put a star behind two",
      );
    }
    const inputs = Float32Array.from(words.flatMap((word) => [Number.parseFloat(word), word.endsWith("*") ? 1 : 0]));
    const truth = marked.reduce((sum, word) => sum + Number.parseFloat(word), 0);
    return { inputs, answer: ({ values }) => ({ kind: "sum", answer: values!.at(-1)!, truth }) };
  },
});
