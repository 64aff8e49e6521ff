import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectReadable, textOf } from "../../demo/data/text-file";

const utf16 = (text: string, bigEndian: boolean) => {
  const bytes = new Uint8Array(2 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  for (const [i, unit] of [0xfeff, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))].entries()) {
    view.setUint16(2 * i, unit, !bigEndian);
  }
  return bytes;
};
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("textOf", () => {
  test("reads UTF-8, with a mark or without, and UTF-16 of either order with its mark", () => {
    const text = fc.string({ unit: "binary" }).map((text) => text.replace(/[\0\uFEFF\uFFFD]/g, ""));
    fc.assert(
      fc.property(text, (text) => {
        const bytes = new TextEncoder().encode(text);
        fc.pre(bytes[0] !== 0x50 || bytes[1] !== 0x4b); // PK, as of a ZIP archive
        expect(textOf("a.txt", bytes)).toBe(text);
        expect(textOf("a.txt", Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes))).toBe(text);
        for (const bigEndian of [false, true]) expect(textOf("a.txt", utf16(text, bigEndian))).toBe(text);
      }),
    );
    expect(textOf("a.txt", latin1("PKs of Norway"))).toBe("PKs of Norway");
  });

  const other = "it is in another encoding, such as Windows-1252: save it as UTF-8.";
  test.each([
    [
      "Latin-1",
      latin1("Le caf\u00E9 est pr\u00EAt"),
      /^a\.txt: has bytes that are no UTF-8, expected text in UTF-8, or in UTF-16/,
    ],
    ["Latin-1 of one such letter, its last", latin1("caf\u00E9"), other],
    [
      "a ZIP archive",
      Uint8Array.of(0x50, 0x4b, 3, 4, ...deflateRawSync("text")),
      /^a\.txt: is a ZIP archive, as \.xlsx, /,
    ],
    ["compressed bytes", deflateRawSync("text ".repeat(99)), "has bytes that are no UTF-8"],
    ["UTF-16 without its mark", utf16("plain", false).subarray(2), "a.txt, line 1: has a NUL, as no text has"],
    ["UTF-32", Uint8Array.of(0xff, 0xfe, 0, 0, 65, 0, 0, 0), "has a NUL"],
    ["UTF-16 that is cut", utf16("plain", false).subarray(0, 7), "has bytes that are no UTF-16LE"],
    ["half a surrogate pair", utf16("\uD83D", true), "has bytes that are no UTF-16BE"],
    [
      "text that lost a letter before",
      new TextEncoder().encode("one\ncaf\uFFFD"),
      'a.txt, line 2: has "\uFFFD", which a program',
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => textOf("a.txt", bytes)).toThrow(message);
  });

  test("refuses what is too large, before it is read", () => {
    expect(() => expectReadable("a.txt", 100e6)).not.toThrow();
    expect(() => expectReadable("a.txt", 600e6)).toThrow(
      "a.txt: has 600 MB, expected 100 MB at most; take a part of it.",
    );
  });
});
