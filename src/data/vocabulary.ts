// A vocabulary: which token stands for which symbol of a text, and how far their frequencies alone predict it.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectKnown, expectSize, expectWord } from "../network/expect";
import { type PieceKind, pieceKinds, piecesOf } from "./pieces";

/** The symbol shown for what a vocabulary does not have: U+FFFD, Unicode's replacement character. */
const unknownSymbol = "\uFFFD";

/** What makes tokens of a text and text of tokens: a `Vocabulary`, or another library's tokenizer. */
export interface Tokenizer {
  /** How many tokens there are: a network's `inputs`, and its `outputs` when it predicts the next one. */
  readonly size: number;
  /** The tokens of a text, from 0 to below `size`. */
  encode(text: string): ArrayLike<number>;
  /** The text of some tokens. */
  decode(tokens: Iterable<number>): string;
}

/**
 * Maps the symbols of a text to tokens 0 … size − 1 and back. Token i stands for `symbols[i]`. A symbol is, by `kind`:
 *
 * - "characters": a Unicode code point, so an emoji outside the basic plane is one token, not two;
 * - "graphemes": what a reader takes for one character (UAX #29, by `Intl.Segmenter`): a letter with its accents, a family
 *   of emoji. Browsers follow Unicode's versions, and may cut new emoji otherwise;
 * - "words": letters and digits, with apostrophes within ("don't"), or one other character such as a comma; the space before
 *   it is part of it (" the" is not "the"). A line's end, a tab and each further space are tokens of their own.
 *
 * A text that is cut so and joined again is the same text, so `decode` needs no rule for spaces.
 *
 * If "\uFFFD" is among the symbols it stands for every one that is not; otherwise such a symbol is an error.
 * @example
 * ```ts
 * import { Vocabulary } from "tempograd";
 *
 * const words = Vocabulary.fromText("to be, or not to be", { kind: "words", limit: 5 });
 * const encoded = words.encode("to be, or to go");
 * console.log(words.symbols, words.decode(encoded)); // what it does not have is U+FFFD
 * ```
 */
export class Vocabulary implements Tokenizer {
  readonly symbols: readonly string[];
  readonly kind: PieceKind;
  readonly #tokens: ReadonlyMap<string, number>;

  /** Throws if there are no symbols, if one is not exactly one of its kind, or if one comes twice. */
  constructor(symbols: Iterable<string>, options: { kind?: PieceKind } = {}) {
    this.kind = kindOf("Vocabulary", options);
    expectIterable("Vocabulary", "symbols", symbols, "those of a saved vocabulary");
    const tokens = new Map<string, number>();
    for (const symbol of symbols) {
      const token = tokens.size;
      const refuse = (what: string) => {
        throw new TempogradError("batch", `Vocabulary: symbols[${token}] is ${shown(symbol)}${what}.`);
      };
      if (!isOne(symbol, this.kind)) refuse(`, expected exactly one ${nouns[this.kind]}; split it`);
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
   * The vocabulary of a text: its distinct symbols, sorted by code point. If there are more than `limit`, the most
   * frequent `limit − 1` are kept (of equally frequent ones the lower code points) and the rest share "\uFFFD".
   * Throws if the text is empty, the limit is not a whole number of 1 or more, or the kind is another.
   */
  static fromText(text: string, options: { limit?: number; kind?: PieceKind } = {}): Vocabulary {
    expectOptions("Vocabulary.fromText", options);
    const { limit = Number.MAX_SAFE_INTEGER, ...of } = options;
    const kind = kindOf("Vocabulary.fromText", of);
    expectSize("Vocabulary.fromText", "limit", limit);
    expectText("Vocabulary.fromText", text);
    if (text === "")
      throw new TempogradError(
        "batch",
        "Vocabulary.fromText: the text is empty, expected one character or more; pass one.",
      );
    const counts = new Map<string, number>();
    for (const symbol of piecesOf(text, kind)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    let symbols = [...counts.keys()].sort(byCodePoint);
    if (symbols.length > limit) {
      const known = symbols.filter((symbol) => symbol !== unknownSymbol);
      known.sort((a, b) => counts.get(b)! - counts.get(a)!); // stable: ties stay sorted by code point
      symbols = [...known.slice(0, limit - 1), unknownSymbol].sort(byCodePoint);
    }
    return new Vocabulary(symbols, { kind });
  }

  /** A vocabulary again of what `JSON.stringify` made of one. Throws if it is something else. */
  static fromJSON(saved: unknown): Vocabulary {
    expectOptions("Vocabulary.fromJSON", saved);
    const { symbols, kind } = saved as Vocabulary;
    return new Vocabulary(symbols, { kind });
  }

  /** All there is to save. */
  toJSON(): { kind: PieceKind; symbols: readonly string[] } {
    return { kind: this.kind, symbols: this.symbols };
  }

  /** How many symbols there are: a network's `inputs`, and its `outputs` when it predicts the next one. */
  get size(): number {
    return this.symbols.length;
  }

  /**
   * The tokens of a text, one for each of its symbols: Int32Array [symbols of the text].
   * Throws if a symbol is not in the vocabulary and "\uFFFD" is not either.
   */
  encode(text: string): Int32Array<ArrayBuffer> {
    expectText("Vocabulary.encode", text);
    const unknown = this.#tokens.get(unknownSymbol);
    const tokens = new Int32Array(text.length);
    let position = 0;
    for (const symbol of piecesOf(text, this.kind)) {
      const token = this.#tokens.get(symbol) ?? unknown;
      if (token === undefined) {
        const codePoint = symbol.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
        const got = this.kind === "characters" ? `${JSON.stringify(symbol)} (U+${codePoint})` : shown(symbol);
        throw new TempogradError(
          "batch",
          `Vocabulary.encode: ${this.kind.slice(0, -1)} ${position} is ${got}, expected one of ` +
            `the ${this.size} symbols; remove it, or add "\\uFFFD" to the symbols to stand for unknown ${this.kind}.`,
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

const nouns = { characters: "code point", graphemes: "grapheme", words: "word or other sign" } as const;

function kindOf(operation: string, options: { kind?: PieceKind }): PieceKind {
  expectOptions(operation, options);
  expectKnown(operation, options, ["kind"]);
  const { kind = "characters" } = options;
  expectWord(operation, "kind", kind, pieceKinds);
  return kind;
}

/** Whether a symbol is one piece, and all of it. */
function isOne(symbol: unknown, kind: PieceKind): boolean {
  if (typeof symbol !== "string") return false;
  for (const piece of piecesOf(symbol, kind)) return piece === symbol;
  return false;
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
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
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
