import fc from "fast-check";
import { expect, test } from "vitest";
import { legible, unknownInPrompt, unknownSymbol } from "../../demo/data/characters";
import { Vocabulary } from "../../src/index";

const letters = fc.uniqueArray(fc.constantFrom(..."abcé船🙂\n"), { minLength: 1 });
const texts = fc.array(fc.constantFrom(..."abcé船🙂\n\0\u0301\ud800"), { maxLength: 12 }).map((all) => all.join(""));

test("what is legible of a prompt is encoded, and each character that is not is named", () => {
  fc.assert(
    fc.property(letters, texts, fc.boolean(), (known, prompt, rare) => {
      const symbols = rare ? [...known, unknownSymbol] : known;
      const vocabulary = new Vocabulary(symbols);
      const lost = [...new Set(prompt)].filter((character) => !symbols.includes(character));
      const unknown = unknownInPrompt(symbols, prompt);
      const read = vocabulary.decode(vocabulary.encode(legible(symbols, prompt)));
      if (lost.length === 0) {
        expect(unknown).toBeUndefined();
        expect(read).toBe(prompt);
        return;
      }
      expect(unknown!.isRead).toBe(rare);
      const named = lost.slice(0, 5).map((character) => JSON.stringify(character));
      const more = lost.length > 5 ? ` and ${lost.length - 5} more` : "";
      expect(unknown!.words.startsWith(`has ${named.join(", ")}${more}, `)).toBe(true);
      const each = (character: string) => (lost.includes(character) ? (rare ? unknownSymbol : "") : character);
      expect(read).toBe([...prompt].map(each).join(""));
    }),
  );
});
