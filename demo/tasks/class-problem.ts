// Sequences that have a class each, texts or series of numbers, to tell it at their end.

import { batchesOnce, type LabelledSequence, paddedBatch, shuffledBatches } from "../../src/index";
import { classification } from "../data/classification";
import type { LabelledFile } from "../data/labelled-file";
import { classQuestions } from "./class-questions";
import { confusionOf } from "./confusion";
import type { MakeProblem } from "./task";

export const classProblem =
  (file: LabelledFile): MakeProblem =>
  (settings, { trained, heldOutRows } = {}) => {
    const { batch, seed, balanced } = settings;
    const found = classification(file, { steps: Math.min(settings.steps, file.longest), trained });
    const { training, heldOut, inputs, steps, trainedOn, description } = found;
    const { symbols } = trainedOn;
    const size = { steps, batch, inputs };
    const evaluation = { steps, batch: heldOutRows?.(steps) ?? batch };
    const read = training.reduce((sum, item) => sum + lengthOf(item, inputs), 0);
    const first = heldOut[0]!;
    const { length: outputs } = found.classes;
    const length = lengthOf(first, inputs);
    return {
      name: file.name,
      asking: classQuestions(found),
      description,
      trainedOn,
      network: {
        ...{ inputs, outputs, input: file.kind, readout: "last-step", loss: "cross-entropy" },
        ...(balanced && { classWeights: weightsOf(training, found.classes.length) }),
      },
      steps,
      training: (position) => shuffledBatches(training, { ...size, seed, position }),
      heldOut: () => batchesOnce(heldOut, { ...evaluation, inputs }),
      evaluation,
      tokensPerStep: read / Math.ceil(training.length / batch),
      baseline: { meaning: "always guessing the largest class", accuracy: found.baseline },
      judge: (answers) =>
        confusionOf(
          found.classes,
          heldOut.map(({ label }) => label),
          answers,
        ),
      example: {
        batch: paddedBatch([first], { steps: length, batch: 1, inputs }),
        labels: first.tokens
          ? Array.from(first.tokens, (token) => symbols[token]!)
          : Array.from({ length }, (_, t) => first.features[t * inputs]!.toFixed(1)),
      },
    };
  };

const lengthOf = ({ tokens, features }: LabelledSequence, inputs: number): number =>
  tokens ? tokens.length : features.length / inputs;

/** What each class counts, so that all count the same together; one that is not there, as if it had one item. */
function weightsOf(items: readonly LabelledSequence[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const { label } of items) counts[label]!++;
  return counts.map((count) => 1 / (classes * Math.max(count / items.length, 1 / items.length)));
}
