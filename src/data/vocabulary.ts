// A character vocabulary: which token stands for which symbol of a text, and how far their frequencies alone predict it.

import { TempogradError } from "../errors";
import { expectSize, shown } from "../network/expect";
import { expectOptions } from "./options";

/** The symbol shown for characters that a vocabulary does not have: U+FFFD, Unicode's replacement character. */
const unknownSymbol = "\uFFFD";

/**
 * Maps the characters of a text to tokens 0 … size − 1 and back. A character is a Unicode code point, so an emoji
 * outside the basic plane is one token, not two. Token i stands for `symbols[i]`.
 *
 * If "\uFFFD" is among the symbols it stands for every character that is not; otherwise such a character is an error.
 */
export class Vocabulary {
  /** One code point each. All there is to save: `new Vocabulary(symbols)` restores the vocabulary. */
  readonly symbols: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;

  /** Throws if there are no symbols, if one is not exactly one code point, or if one comes twice. */
  constructor(symbols: Iterable<string>) {
    expectIterable("Vocabulary", "symbols", symbols, "those of a saved vocabulary");
    const tokens = new Map<string, number>();
    for (const symbol of symbols) {
      const token = tokens.size;
      const refuse = (what: string) => {
        throw new TempogradError("batch", `Vocabulary: symbols[${token}] is ${shown(symbol)}${what}.`);
      };
      const isOne = typeof symbol === "string" && symbol.length <= 2 && [...symbol].length === 1;
      if (!isOne) refuse(", expected exactly one code point; split it");
      if (tokens.has(symbol)) refuse(" again, expected every symbol once; remove it");
      tokens.set(symbol, token);
    }
    this.symbols = [...tokens.keys()];
    this.#tokens = tokens;
    if (this.size === 0) {
      throw new TempogradError(
        "batch",
        "Vocabulary: symbols is empty, expected one symbol or more; pass those of a saved vocabulary.",
      );
    }
  }

  /**
   * The vocabulary of a text: its distinct characters, sorted by code point. If there are more than `limit`, the most
   * frequent `limit − 1` are kept (of equally frequent ones the lower code points) and the rest share "\uFFFD".
   * Throws if the text is empty or the limit is not a whole number of 1 or more.
   */
  static fromText(text: string, options: { limit?: number } = {}): Vocabulary {
    expectOptions("Vocabulary.fromText", options);
    const { limit = Number.MAX_SAFE_INTEGER } = options;
    expectSize("Vocabulary.fromText", "limit", limit);
    expectText("Vocabulary.fromText", text);
    if (text === "")
      throw new TempogradError(
        "batch",
        "Vocabulary.fromText: the text is empty, expected one character or more; pass one.",
      );
    const counts = new Map<string, number>();
    for (const symbol of text) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    let symbols = [...counts.keys()].sort(byCodePoint);
    if (symbols.length > limit) {
      const known = symbols.filter((symbol) => symbol !== unknownSymbol);
      known.sort((a, b) => counts.get(b)! - counts.get(a)!); // stable: ties stay sorted by code point
      symbols = [...known.slice(0, limit - 1), unknownSymbol].sort(byCodePoint);
    }
    return new Vocabulary(symbols);
  }

  /** How many symbols there are: a network's `inputs`, and its `outputs` when it predicts the next character. */
  get size(): number {
    return this.symbols.length;
  }

  /**
   * The tokens of a text, one for each code point: Int32Array [code points of the text].
   * Throws if a character is not in the vocabulary and "\uFFFD" is not either.
   */
  encode(text: string): Int32Array {
    expectText("Vocabulary.encode", text);
    const unknown = this.#tokens.get(unknownSymbol);
    const tokens = new Int32Array(text.length);
    let position = 0;
    for (const symbol of text) {
      const token = this.#tokens.get(symbol) ?? unknown;
      if (token === undefined) {
        const codePoint = symbol.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
        throw new TempogradError(
          "batch",
          `Vocabulary.encode: character ${position} is ${JSON.stringify(symbol)} (U+${codePoint}), expected one of ` +
            `the ${this.size} symbols; remove it, or add "\\uFFFD" to the symbols to stand for unknown characters.`,
        );
      }
      tokens[position++] = token;
    }
    return tokens.slice(0, position);
  }

  /** The text of some tokens, "\uFFFD" where it was unknown. Throws if a token is not one of 0 … size − 1. */
  decode(tokens: Iterable<number>): string {
    expectIterable("Vocabulary.decode", "tokens", tokens, "what encode answers");
    let text = "";
    for (const token of tokens) {
      checkToken("Vocabulary.decode", token, this.size);
      text += this.symbols[token];
    }
    return text;
  }
}

/**
 * −Σ p ln p over the frequencies p of the tokens 0 … size − 1, in nats. It is the mean cross-entropy of always
 * predicting those frequencies: a model that has learned from the order of the tokens gets under it.
 * Throws if there are no tokens or one is not in 0 … size − 1.
 */
export function unigramEntropy(tokens: ArrayLike<number>, size: number): number {
  expectSize("unigramEntropy", "size", size);
  expectIterable("unigramEntropy", "tokens", tokens, "what encode answers");
  if (tokens.length === 0)
    throw new TempogradError("batch", "unigramEntropy: got 0 tokens, expected 1 or more; encode a longer text.");
  const counts = new Map<number, number>(); // not an array of `size`, for which there may be no room
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    checkToken("unigramEntropy", token, size);
    counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const inOrder = [...counts].sort(([a], [b]) => a - b);
  return inOrder.reduce((sum, [, count]) => {
    const p = count / tokens.length;
    return sum - p * Math.log(p);
  }, 0);
}

function expectText(operation: string, text: unknown): void {
  if (typeof text === "string") return;
  throw new TempogradError("batch", `${operation}: the text is ${shown(text)}, expected a string; pass one.`);
}

function expectIterable(operation: string, name: string, value: unknown, pass: string): void {
  if (value !== undefined && value !== null && typeof Object(value)[Symbol.iterator] === "function") return;
  throw new TempogradError("batch", `${operation}: ${name} is ${shown(value)}, expected a list; pass ${pass}.`);
}

function byCodePoint(a: string, b: string): number {
  return a.codePointAt(0)! - b.codePointAt(0)!;
}

function checkToken(operation: string, token: number, size: number): void {
  if (!Number.isInteger(token) || token < 0 || token >= size) {
    throw new TempogradError(
      "batch",
      `${operation}: token ${shown(token)} is not in the vocabulary, expected a whole number from 0 to ${size - 1}; ` +
        "use the vocabulary that encoded it.",
    );
  }
}
