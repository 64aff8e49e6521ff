// A text, to predict its next character or word.

import {
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  randomWindows,
  split,
  unigramEntropy,
} from "../../src/index";
import { trainedOnText, vocabularyOf } from "../data/trained-on";
import { type MakeProblem, whole } from "./task";
import { textQuestions } from "./text-questions";

interface Corpus {
  name: string;
  text: string;
  /** Whether each line is a text of its own. */
  byLine?: true;
}

const promptLength = 32;
/** Of the held-out text, what questions are drawn from. */
const mostAsked = 20_000;
const mostExampleSteps = 48;
/** Characters that a text needs: a window of `steps` and its next character in nine tenths, two in the rest. */
const leastCharacters = (steps: number): number => Math.max(20, Math.ceil((steps + 1) / 0.9) + 1);

export const characterProblem =
  ({ name, text, byLine }: Corpus): MakeProblem =>
  (settings, { trained, heldOutRows } = {}) => {
    const { steps, batch, seed, carryState, tokens: kind } = settings;
    const vocabulary = vocabularyOf(name, text, trained, kind);
    const tokens = vocabulary.encode(text);
    const { size, kind: pieces } = vocabulary;
    if (tokens.length < leastCharacters(steps)) {
      throw new Error(
        `The text has ${tokens.length} ${pieces}; ${leastCharacters(steps)} or more are needed for ${steps} time steps. Give more text, or take fewer time steps.`,
      );
    }
    const { training, heldOut } = split(tokens);
    if (carryState && !byLine && training.length <= batch) {
      throw new Error(
        `The text has ${training.length} ${pieces} to learn from, too few for ${batch} rows that each read a part of it. Give more text, or take a smaller batch.`,
      );
    }
    const documents = (all: Int32Array, rows: number) =>
      byLine ? linesOf(all, vocabulary.encode("\n")[0]!) : cut(all, rows);
    const rows = Math.min(heldOutRows?.(steps) ?? batch, Math.ceil((heldOut.length - 1) / steps));
    const evaluation = { steps, batch: rows, carryState };
    const example = heldOut.slice(0, Math.min(steps, mostExampleSteps, heldOut.length - 1) + 1);
    const spelled = Array.from(example, (token) => vocabulary.symbols[token]!);
    const prompt = byLine ? "\n" : vocabulary.decode(heldOut.subarray(0, promptLength));
    return {
      name,
      asking: textQuestions(vocabulary, prompt, vocabulary.decode(heldOut.subarray(0, mostAsked))),
      description: `${whole(training.length)} ${pieces} to learn from, ${whole(heldOut.length)} held out, ${size} symbols`,
      network: { inputs: size, outputs: size, input: "tokens", readout: "every-step", loss: "cross-entropy" },
      trainedOn: trainedOnText(vocabulary),
      vocabulary,
      prompt,
      steps,
      training: (position) => {
        const options = { steps, batch, seed, position };
        return carryState ? carriedWindows(documents(training, batch), options) : randomWindows(training, options);
      },
      heldOut: () =>
        carryState ? carriedWindowsOnce(documents(heldOut, rows), evaluation) : consecutiveWindows(heldOut, evaluation),
      evaluation,
      tokensPerStep: batch * (carryState ? targetsOfWindow(documents(training, batch), steps) : steps),
      baseline: {
        meaning: `knowing only how often each ${pieces.slice(0, -1)} occurs`,
        loss: unigramEntropy(tokens, size),
      },
      example: {
        batch: { inputs: example.slice(0, -1), targets: example.slice(1) },
        labels: spelled.slice(0, -1),
        predicted: spelled.slice(1),
      },
    };
  };

/** How many targets a window of `steps` tokens has on average, where documents are read window by window. */
function targetsOfWindow(documents: readonly Int32Array[], steps: number): number {
  const windows = documents.reduce((sum, { length }) => sum + Math.ceil((length - 1) / steps), 0);
  return documents.reduce((sum, { length }) => sum + length - 1, 0) / windows;
}

/** Each line as a document of its own, that begins with the end of the line before it. */
function linesOf(tokens: Int32Array, newline: number): Int32Array[] {
  const documents: Int32Array[] = [];
  let start = tokens.indexOf(newline);
  for (let end = tokens.indexOf(newline, start + 1); end >= 0; end = tokens.indexOf(newline, start + 1)) {
    documents.push(tokens.subarray(start, end + 1));
    start = end;
  }
  return documents;
}
