// Makes tokens of a text: what is trained on, what is held out, and how far character frequencies alone would get.

import { split, unigramEntropy, Vocabulary } from "../../src/index";

export interface Corpus {
  vocabulary: Vocabulary;
  training: Int32Array;
  /** The last tenth of the text. */
  heldOut: Int32Array;
  /** Of the whole text, in nats a character. */
  unigramEntropy: number;
}

const mostSymbols = 64;

/** Characters that a text needs: a window of `steps` and its next character in nine tenths, two in the rest. */
export function leastCharacters(steps: number): number {
  return Math.max(20, Math.ceil((steps + 1) / 0.9) + 1);
}

/** Tokenizes a text and holds its end out, with pauses for the page: a novel takes a few tenths of a second. */
export async function corpusOf(text: string): Promise<Corpus> {
  await pause();
  const vocabulary = Vocabulary.fromText(text, { limit: mostSymbols });
  await pause();
  const tokens = vocabulary.encode(text);
  await pause();
  return { vocabulary, ...split(tokens), unigramEntropy: unigramEntropy(tokens, vocabulary.size) };
}

const pause = () => new Promise((resolve) => setTimeout(resolve));
