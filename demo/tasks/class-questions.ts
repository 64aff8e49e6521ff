// A text or a series as a question: which class it has.

import type { LabelledSequence } from "../../src/index";
import { type Classification, standardised } from "../data/classification";
import { quoted, refusal } from "../data/refusal";
import { vocabularyOf } from "../data/trained-on";
import { type Asking, lastOf, likeliest, type Misread } from "./asking";
import { confusionMatrix } from "./confusion";

const name = "The question";
/** Longer ones are refused: the network was not trained on such. */
const mostSteps = 4096;
const mostMisread = 100;

export function classQuestions({ heldOut, classes, trainedOn, inputs }: Classification): Asking {
  const { symbols, scale } = trainedOn;
  const written = ({ tokens, features }: LabelledSequence): string =>
    tokens
      ? Array.from(tokens, (token) => symbols[token]!).join("")
      : Array.from(features, (value, i) => {
          const at = i % inputs;
          return String(Number((value * scale!.deviation[at]! + scale!.mean[at]!).toPrecision(5)));
        }).join(", ");
  const truths = new Map<string, Set<string>>();
  for (const item of heldOut) {
    const question = written(item);
    truths.set(question, (truths.get(question) ?? new Set()).add(classes[item.label]!));
  }
  return {
    reads: scale ? "row" : "text",
    count: heldOut.length,
    example: (at) => written(heldOut[at % heldOut.length]!),
    read(question) {
      const read = scale ? standardised(numbersOf(question, inputs), scale) : tokensOf(question);
      const steps = read.length / (scale ? inputs : 1);
      if (steps > mostSteps) throw refusal(name, `has ${steps} steps`, `${mostSteps} at most`, "take a part of it");
      const truth = [...(truths.get(question) ?? [])].join(" and ") || undefined;
      return {
        inputs: read,
        answer: (prediction) => ({
          kind: "class",
          shares: likeliest(classes, lastOf(prediction, classes.length)),
          truth,
        }),
      };
    },
    heldOut: {
      inputs: heldOut.map((item) => (item.tokens ? item.tokens : item.features) as Int32Array | Float32Array),
      tested(predictions) {
        const told = predictions.map(({ classes }) => classes!.at(-1)!);
        const misread = heldOut.flatMap(({ label }, i): (Misread & { at: number })[] => {
          const share = lastOf(predictions[i]!, classes.length)[told[i]!]!;
          return told[i] === label
            ? []
            : [{ at: i, question: "", truth: classes[label]!, told: classes[told[i]!]!, share }];
        });
        misread.sort((a, b) => b.share - a.share);
        const labels = heldOut.map(({ label }) => label);
        return {
          count: heldOut.length,
          right: heldOut.length - misread.length,
          table: { classes, confusion: confusionMatrix(classes.length, labels, told) },
          misread: misread.slice(0, mostMisread).map(({ at, ...one }) => ({ ...one, question: written(heldOut[at]!) })),
        };
      },
    },
  };

  function tokensOf(question: string): Int32Array {
    if (question === "") throw refusal(name, "is empty", "a text of a character or more", "enter one");
    return vocabularyOf(name, question, trainedOn).encode(question);
  }
}

/** Numbers with anything between them that is none. */
function numbersOf(question: string, inputs: number): Float64Array {
  const words = question.split(/[\s,;[\]]+/).filter(Boolean);
  const numbers = words.map(Number);
  const wrong = words.find((_, i) => !Number.isFinite(numbers[i]));
  if (wrong !== undefined) throw refusal(name, `has ${quoted(wrong)}`, "numbers with commas between", "correct it");
  if (numbers.length === 0 || numbers.length % inputs !== 0) {
    const expected = inputs === 1 ? "a number or more" : `${inputs} for each step`;
    throw refusal(name, `has ${numbers.length} numbers`, expected, "enter them");
  }
  return Float64Array.from(numbers);
}
