// A text in the pieces that a vocabulary has tokens for: one behind the other they are the text again.

import { type PieceKind, Vocabulary } from "../../src/index";

export function piecesOf(text: string, kind: PieceKind = "characters"): string[] {
  if (text === "") return [];
  const vocabulary = Vocabulary.fromText(text, { kind });
  return Array.from(vocabulary.encode(text), (token) => vocabulary.symbols[token]!);
}
