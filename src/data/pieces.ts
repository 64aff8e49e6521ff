// What a text is cut into, so that the pieces, one behind the other, are the text again.

import { TempogradError } from "../errors";

/** Unicode code points; what a reader takes for one character (UAX #29); or words. */
export type PieceKind = "characters" | "graphemes" | "words";

/** Letters, marks and digits, apostrophes within, or one other character; with the space before it. Other blanks stand alone. */
export const word = / ?(?:[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}])|\s/gu;

const cuts: Readonly<Record<PieceKind, (text: string) => Iterable<string>>> = {
  characters: (text) => text,
  *graphemes(text) {
    if (typeof Intl.Segmenter !== "function") {
      throw new TempogradError(
        "option",
        'Vocabulary: kind is "graphemes", which Intl.Segmenter finds, and this browser has none; take "characters".',
      );
    }
    for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) yield segment;
  },
  *words(text) {
    for (const [piece] of text.matchAll(word)) yield piece;
  },
};

export const pieceKinds = Object.keys(cuts) as PieceKind[];

export const piecesOf = (text: string, kind: PieceKind): Iterable<string> => cuts[kind](text);
