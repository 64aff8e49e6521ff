// What a network does not know of a text, its characters or pieces of another kind: which they are, what is read of the text, and how
// that is said.

import { listed } from "./refusal";

/** A network that has this symbol reads it for each piece that it does not know. */
export const unknownSymbol = "\uFFFD";

/** The pieces of a text that a network does not know, each once. @param text in pieces; as it is, in characters */
export function unknownPieces(symbols: readonly string[], text: Iterable<string>): string[] {
  const known = new Set(symbols);
  return [...new Set(text)].filter((piece) => !known.has(piece));
}

/** A text without those of its pieces that a network has no symbol for. */
export function legible(symbols: readonly string[], text: Iterable<string>): string {
  const known = new Set(symbols);
  return [...text].filter((piece) => known.has(unknownSymbol) || known.has(piece)).join("");
}

/**
 * What is to be said of a prompt, in words that follow its name, and whether a network can read all of it: undefined where
 * it knows each piece.
 */
export function unknownInPrompt(
  symbols: readonly string[],
  prompt: Iterable<string>,
  kind = "characters",
): { words: string; isRead: boolean } | undefined {
  const unknown = unknownPieces(symbols, prompt);
  if (unknown.length === 0) return undefined;
  const isRead = symbols.includes(unknownSymbol);
  const rest = isRead
    ? `which the network does not know; it reads ${unknownSymbol} instead`
    : `expected only the ${symbols.length} ${kind} that the network was trained on; leave the others out`;
  return { words: `has ${listed(unknown)}, ${rest}`, isRead };
}
