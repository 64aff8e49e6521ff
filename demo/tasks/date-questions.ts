// A date as a question: what it is in ISO 8601.

import type { Prediction, TargetSequence } from "../../src/index";
import {
  type Day,
  dayOf,
  firstYear,
  isoCharacters,
  isoOf,
  lastYear,
  longestDate,
  plain,
  trainedOnDates,
} from "../data/dates";
import { refusal } from "../data/refusal";
import { vocabularyOf } from "../data/trained-on";
import type { Asking } from "./asking";

const name = "The question";
const mostMisread = 100;

/** What a network wrote, and the probability of each symbol behind those before it. */
function writtenIn({ classes, probabilities }: Prediction): { symbols: string[]; shares: number[] } {
  const tokens = Array.from(classes!);
  return {
    symbols: tokens.map((token) => isoCharacters[token]!),
    shares: tokens.map((token, t) => probabilities![t * isoCharacters.length + token]!),
  };
}

interface Asked {
  day: Day;
  text: string;
}

/** @param heldOut days, each as it is asked. @param pairs the same as the network reads them. */
export function dateQuestions(heldOut: readonly Asked[], pairs: readonly TargetSequence[]): Asking {
  const heldOutDays = new Set(heldOut.map(({ day }) => isoOf(day)));
  const placeOf = ({ year }: Day, iso: string) =>
    year < firstYear || year > lastYear ? "beyond" : heldOutDays.has(iso) ? "held out" : "learned";
  return {
    reads: "date",
    count: heldOut.length,
    example: (at) => heldOut[at % heldOut.length]!.text,
    read(question) {
      const text = plain(question);
      if (text === "") throw refusal(name, "is empty", "a date", "enter one");
      if (text.length > longestDate) {
        throw refusal(name, `has ${text.length} characters`, `${longestDate} at most`, "write it shorter");
      }
      const inputs = vocabularyOf(name, text, trainedOnDates).encode(text);
      const day = dayOf(text);
      const iso = day && isoOf(day);
      return {
        inputs,
        answer: (prediction) => ({
          kind: "written",
          ...writtenIn(prediction),
          truth: day && iso ? { text: iso, place: placeOf(day, iso) } : undefined,
        }),
      };
    },
    heldOut: {
      inputs: pairs.map(({ source }) => source!),
      tested(predictions) {
        const misread = predictions.flatMap((prediction, i) => {
          const { symbols, shares } = writtenIn(prediction);
          const { text: question, day } = heldOut[i]!;
          const [told, truth] = [symbols.join(""), isoOf(day)];
          const share = shares.reduce((product, share) => product * share, 1);
          return told === truth ? [] : [{ question, truth, told, share }];
        });
        misread.sort((a, b) => b.share - a.share);
        const right = heldOut.length - misread.length;
        return { count: heldOut.length, right, table: undefined, misread: misread.slice(0, mostMisread) };
      },
    },
  };
}
