// A text as a question: which piece comes next.

import type { Vocabulary } from "../../src/index";
import { legible, unknownInPrompt } from "../data/characters";
import { piecesOf } from "../data/pieces";
import { type Asking, lastOf, likeliest } from "./asking";

/** What came before so many pieces is read no more. */
const mostRead = 256;
const mostNamed = 8;

/** @param opening of the held-out text; which an empty question stands for */
export const textQuestions = (vocabulary: Vocabulary, opening: string, heldOut: string): Asking => ({
  reads: "text",
  count: undefined,
  example(at) {
    const [from, length] = [(at * 97) % Math.max(1, heldOut.length - 40), 40];
    return heldOut.slice(from, from + length);
  },
  read(question) {
    const { symbols, kind, size } = vocabulary;
    const pieces = piecesOf(question, kind);
    const read = legible(symbols, pieces) || opening;
    return {
      inputs: vocabulary.encode(read).slice(-mostRead),
      answer: (prediction) => ({
        kind: "next",
        shares: likeliest(symbols, lastOf(prediction, size), mostNamed),
        unread: unknownInPrompt(symbols, pieces, kind)?.words,
      }),
    };
  },
});
