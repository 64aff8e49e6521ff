// tokenizer.json of a folder: a vocabulary of characters or words as Hugging Face's tokenizers read it, a WordLevel model of what a
// Split cuts a text into. Source: tokenizers/src (models/wordlevel, pre_tokenizers/split.rs, decoders/fuse.rs) of huggingface/tokenizers.

import { type PieceKind, word } from "../data/pieces";
import type { Vocabulary } from "../data/vocabulary";
import { isObject } from "../interchange/untrusted";

/** What JavaScript takes for a blank: the regular expressions of others take one more, and one less. */
const blanks = "\\t\\n\\v\\f\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";

/** What a text is cut into, for each kind of symbols. Graphemes are none: what is one, libraries tell differently. */
const patterns: Readonly<Partial<Record<PieceKind, string>>> = {
  characters: "[\\s\\S]",
  words: word.source.replace("[^\\s", `[^${blanks}`).replace(/\\s$/, `[${blanks}]`),
};

/** The symbol for what a vocabulary does not have. Without it among the symbols, tokenizers refuse such a text, as is done here. */
const unknown = "\uFFFD";

/** @returns undefined for graphemes */
export function tokenizerOf({ kind, symbols }: Vocabulary): object | undefined {
  const pattern = patterns[kind];
  if (pattern === undefined) return undefined;
  return {
    ...{ version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null },
    pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    ...{ post_processor: null, decoder: { type: "Fuse" } },
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(symbols.map((symbol, token) => [symbol, token])),
      unk_token: unknown,
    },
  };
}

/** The kind and the tokens of such a file. @returns what is another in it, by its name, where it is none */
export function tokensOf(said: Record<string, unknown>): { kind: PieceKind; tokens: Record<string, unknown> } | string {
  const { model, pre_tokenizer: split, decoder, ...others } = said;
  const added = Object.keys(others).find((name) => {
    const value = others[name];
    return name !== "version" && value !== null && !(Array.isArray(value) && value.length === 0);
  });
  if (added !== undefined) return added;
  const isWords = isObject(model) && model.type === "WordLevel" && model.unk_token === unknown;
  if (!isWords || !isObject(model.vocab)) return "model";
  if (!isObject(decoder) || decoder.type !== "Fuse") return "decoder";
  const { type, pattern, behavior, invert } = isObject(split) ? split : {};
  const regex = isObject(pattern) ? pattern.Regex : undefined;
  const kind = (Object.keys(patterns) as PieceKind[]).find((kind) => patterns[kind] === regex);
  if (type !== "Split" || behavior !== "Isolated" || invert !== false || !kind) return "pre_tokenizer";
  return { kind, tokens: model.vocab };
}
