import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pieceKinds } from "../../src/data/pieces";
import { unigramEntropy, Vocabulary } from "../../src/data/vocabulary";
import { anyText } from "../any-text";

const text = anyText({ minLength: 1 });

describe("Vocabulary", () => {
  test("decodes what it encoded, whatever the text", () => {
    fc.assert(
      fc.property(text, (text) => {
        const vocabulary = Vocabulary.fromText(text);
        expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
      }),
    );
  });

  test("takes a code point as one token, emoji too", () => {
    const vocabulary = Vocabulary.fromText("a🐋b🐋");
    expect(vocabulary.symbols).toEqual(["a", "b", "🐋"]);
    expect(vocabulary.encode("🐋ab")).toEqual(Int32Array.of(2, 0, 1));
  });

  test("sorts by code point, where the order of UTF-16 units differs", () => {
    expect(Vocabulary.fromText("🐋\uFB00a").symbols).toEqual(["a", "\uFB00", "🐋"]);
  });

  test("depends on which characters a text has, not on their order", () => {
    fc.assert(
      fc.property(text, (text) => {
        const backwards = [...text].reverse().join("");
        expect(Vocabulary.fromText(backwards).symbols).toEqual(Vocabulary.fromText(text).symbols);
      }),
      { examples: [["cabbage"]] },
    );
  });

  test("is restored from its symbols", () => {
    const saved = JSON.stringify(Vocabulary.fromText("mississippi 🐋", { limit: 4 }).symbols);
    const restored = new Vocabulary(JSON.parse(saved));
    expect(restored.symbols).toEqual(["i", "p", "s", "\uFFFD"]);
    expect(restored.decode(restored.encode("miss🐋"))).toBe("\uFFFDiss\uFFFD");
  });

  test("keeps the most frequent characters under a limit, the lower code point on a tie", () => {
    expect(Vocabulary.fromText("ddccbbaaae", { limit: 3 }).symbols).toEqual(["a", "b", "\uFFFD"]);
  });

  test("never exceeds its limit, and then encodes every text", () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 8 }), (text, other, limit) => {
        const distinct = new Set(text).size;
        const vocabulary = Vocabulary.fromText(text, { limit });
        expect(vocabulary.size).toBe(Math.min(distinct, limit));
        if (distinct > limit) expect(vocabulary.encode(other)).toHaveLength([...other].length);
      }),
    );
  });

  test("counts a replacement character in the text as the unknown symbol, not as one more", () => {
    expect(Vocabulary.fromText("\uFFFD\uFFFD\uFFFDaab", { limit: 2 }).symbols).toEqual(["a", "\uFFFD"]);
  });

  test("has no unknown symbol when the limit is just enough", () => {
    expect(Vocabulary.fromText("abc", { limit: 3 }).symbols).toEqual(["a", "b", "c"]);
  });

  test("names the unknown character and where it is, counted in code points", () => {
    const vocabulary = Vocabulary.fromText("a🐋");
    expect(() => vocabulary.encode("🐋é")).toThrow(
      'Vocabulary.encode: character 1 is "é" (U+00E9), expected one of the 2 symbols; ' +
        'remove it, or add "\\uFFFD" to the symbols to stand for unknown characters.',
    );
  });

  test("refuses tokens it does not have", () => {
    const vocabulary = Vocabulary.fromText("ab");
    for (const token of [-1, 2, 0.5, Number.NaN]) {
      expect(() => vocabulary.decode([0, token])).toThrow(
        `Vocabulary.decode: token ${token} is not in the vocabulary, expected a whole number from 0 to 1`,
      );
    }
  });

  test("refuses symbols that are missing, longer than a code point, or repeated", () => {
    expect(() => new Vocabulary([])).toThrow("Vocabulary: symbols is empty, expected one symbol or more");
    expect(() => new Vocabulary(["a", "bc"])).toThrow('symbols[1] is "bc", expected exactly one code point');
    expect(() => new Vocabulary(["a", ""])).toThrow('symbols[1] is "", expected exactly one code point');
    expect(() => new Vocabulary(["a", "b", "a"])).toThrow('symbols[2] is "a" again, expected every symbol once');
  });

  test("refuses an empty text and a limit that is no size", () => {
    expect(() => Vocabulary.fromText("")).toThrow("Vocabulary.fromText: the text is empty, expected one character");
    expect(() => Vocabulary.fromText("a", { limit: 0 })).toThrow(
      "Vocabulary.fromText: limit is 0, expected an integer from 1 up",
    );
  });
});

describe.each(pieceKinds)("a vocabulary of %s", (kind) => {
  test("decodes what it encoded, whatever the text, and is what JSON makes of it", () => {
    const parts = fc.constantFrom(
      "a",
      "don't",
      "é",
      "e\u0301",
      "👨‍👩‍👧",
      " ",
      "  ",
      "\n",
      "\r\n",
      ", ",
      "42",
      "\ud800",
      "'",
      "\t",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.array(parts, { minLength: 1 }).map((all) => all.join("")),
        ),
        (text) => {
          const vocabulary = Vocabulary.fromText(text, { kind });
          const tokens = vocabulary.encode(text);
          expect(vocabulary.decode(tokens)).toBe(text);
          expect(new Set(tokens).size).toBe(vocabulary.size);
          const again = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
          expect(again.kind).toBe(kind);
          if (!/\p{Surrogate}/u.test(text)) expect(again.encode(text)).toEqual(tokens);
        },
      ),
    );
  });

  test("keeps the most frequent under a limit, and then encodes every text", () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 8 }), (text, other, limit) => {
        const all = Vocabulary.fromText(text, { kind });
        const some = Vocabulary.fromText(text, { kind, limit });
        expect(some.size).toBe(Math.min(all.size, limit));
        if (all.size <= limit) return;
        const unknown = some.symbols.indexOf("\uFFFD");
        const counts = new Map<string, number>();
        for (const token of all.encode(text)) {
          const symbol = all.symbols[token]!;
          counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
        }
        const least = Math.min(...some.symbols.flatMap((symbol, i) => (i === unknown ? [] : counts.get(symbol)!)));
        const left = [...counts].filter(([symbol]) => !some.symbols.includes(symbol));
        for (const [, count] of left) expect(count).toBeLessThanOrEqual(least);
        expect(some.decode(some.encode(other)).length).toBeGreaterThanOrEqual(other === "" ? 0 : 1);
      }),
    );
  });

  test("refuses symbols of another kind, and what it does not know", () => {
    expect(() => new Vocabulary(["a", ", b"], { kind })).toThrow('symbols[1] is ", b", expected exactly one ');
    expect(() => Vocabulary.fromText("a b", { kind }).encode("a \n")).toThrow(
      `Vocabulary.encode: ${kind.slice(0, -1)} ${kind === "words" ? 1 : 2} is `,
    );
  });
});

test("a grapheme is what a reader takes for one character", () => {
  const vocabulary = Vocabulary.fromText("e\u0301👨‍👩‍👧\r\n", { kind: "graphemes" });
  expect(vocabulary.symbols).toEqual(["\r\n", "e\u0301", "👨‍👩‍👧"]);
});

test("a word has the space before it, and apostrophes within; other signs are tokens", () => {
  const cut = (text: string) => {
    const vocabulary = Vocabulary.fromText(text, { kind: "words" });
    return Array.from(vocabulary.encode(text), (token) => vocabulary.symbols[token]);
  };
  expect(cut("Don't go, Émile-Zola!")).toEqual(["Don't", " go", ",", " Émile", "-", "Zola", "!"]);
  expect(cut("'a'  b\n\tc 3.14")).toEqual(["'", "a", "'", " ", " b", "\n", "\t", "c", " 3", ".", "14"]);
});

test("a vocabulary is not made again of something else", () => {
  expect(() => Vocabulary.fromJSON(null)).toThrow("Vocabulary.fromJSON: options is null");
  expect(() => Vocabulary.fromJSON({ symbols: ["a"], kind: "letters" })).toThrow(
    'Vocabulary: kind is "letters", expected "characters" or "graphemes" or "words"',
  );
});

describe("unigramEntropy", () => {
  test("is ln n for n equally frequent tokens, whatever else the vocabulary has", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 }), (distinct, repeats) => {
        const tokens = Int32Array.from({ length: distinct * repeats }, (_, i) => i % distinct);
        expect(unigramEntropy(tokens, distinct + 3)).toBeCloseTo(Math.log(distinct), 12);
      }),
    );
  });

  test("weighs tokens by their frequency", () => {
    expect(unigramEntropy([0, 0, 0, 1], 2)).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 12);
  });

  test("refuses no tokens, and tokens outside the vocabulary", () => {
    expect(() => unigramEntropy([], 2)).toThrow("unigramEntropy: got 0 tokens, expected 1 or more");
    expect(() => unigramEntropy([0, -1], 2)).toThrow("unigramEntropy: token -1 is not in the vocabulary");
    expect(() => unigramEntropy([0, 2], 2)).toThrow("unigramEntropy: token 2 is not in the vocabulary");
  });
});
