// The characters of a text that a network does not know: which they are, what is read of the text, and how that is said.

import { listed } from "./refusal";

/** A network that has this symbol reads it for each character that it does not know. */
export const unknownSymbol = "\uFFFD";

/** The characters of a text that a network does not know, each once. */
export function unknownCharacters(symbols: readonly string[], text: string): string[] {
  const known = new Set(symbols);
  return [...new Set(text)].filter((character) => !known.has(character));
}

/** A text without those of its characters that a network has no symbol for. */
export function legible(symbols: readonly string[], text: string): string {
  const known = new Set(symbols);
  return known.has(unknownSymbol) ? text : [...text].filter((character) => known.has(character)).join("");
}

/**
 * What is to be said of a prompt, in words that follow its name, and whether a network can read all of it: undefined where
 * it knows each character.
 */
export function unknownInPrompt(
  symbols: readonly string[],
  prompt: string,
): { words: string; isRead: boolean } | undefined {
  const unknown = unknownCharacters(symbols, prompt);
  if (unknown.length === 0) return undefined;
  const isRead = symbols.includes(unknownSymbol);
  const rest = isRead
    ? `which the network does not know; it reads ${unknownSymbol} instead`
    : `expected only the ${symbols.length} characters that the network was trained on; leave the others out`;
  return { words: `has ${listed(unknown)}, ${rest}`, isRead };
}
