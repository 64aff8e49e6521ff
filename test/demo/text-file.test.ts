import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Encoding, encodings, expectReadable, readText } from "../../demo/data/text-file";
import { anyText } from "../any-text";

const utf16 = (text: string, bigEndian: boolean) => {
  const bytes = new Uint8Array(2 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  for (const [i, unit] of [0xfeff, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))].entries()) {
    view.setUint16(2 * i, unit, !bigEndian);
  }
  return bytes;
};
const textOf = (name: string, bytes: Uint8Array) => readText(name, bytes).text;
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("textOf", () => {
  test("reads UTF-8, with a mark or without, and UTF-16 of either order with its mark", () => {
    const text = anyText().map((text) => text.replace(/[\0\uFEFF\uFFFD]/g, ""));
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

  test.each<[name: string, bytes: Uint8Array, text: string, said: string]>([
    [
      "Windows-1252",
      latin1("Le caf\u00E9 est pr\u00EAt \u0096 3 \u0080"),
      "Le café est prêt – 3 €",
      "read as Windows-1252, as it is no UTF-8",
    ],
    [
      "Windows-1252 of one such letter, its last",
      latin1("caf\u00E9"),
      "café",
      "read as Windows-1252, as it is no UTF-8",
    ],
    [
      "UTF-16 without its mark",
      utf16("plain", false).subarray(2),
      "plain",
      "read as UTF-16LE, as every other byte is zero",
    ],
    [
      "and of the other order",
      utf16("plain", true).subarray(2),
      "plain",
      "read as UTF-16BE, as every other byte is zero",
    ],
    [
      "UTF-8 that was cut within a letter",
      new TextEncoder().encode("été ".repeat(99)).subarray(0, -2),
      `${"été ".repeat(98)}ét`,
      "1 character that is lost left out, in line 1",
    ],
    [
      "a text that lost a few letters before",
      new TextEncoder().encode(`${"a line\n".repeat(99)}caf\uFFFD\nna\uFFFDve\n`),
      `${"a line\n".repeat(99)}caf\nnave\n`,
      "2 characters that are lost left out, the first in line 100",
    ],
  ])("reads %s, and says so", (_, bytes, text, said) => {
    expect(readText("a.txt", bytes)).toEqual({ text, said: [said], unsure: true });
  });

  test("says nothing of what a file says itself", () => {
    for (const bytes of [utf16("é", false), new TextEncoder().encode("é")])
      expect(readText("a.txt", bytes)).toEqual({ text: "é", said: [], unsure: false });
  });

  test("reads bytes as they are said to be, in all encodings that are offered", () => {
    const cyrillic = Uint8Array.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
    const { text, said } = readText("a.txt", cyrillic, "windows-1251");
    expect([text, said]).toEqual(["Привет", ["read as Windows-1251 (Cyrillic), as was chosen"]]);
    expect(readText("a.txt", Uint8Array.from([0x93, 0xfa, 0x96, 0x7b]), "shift_jis").text).toBe("日本");
    for (const encoding of Object.keys(encodings) as Encoding[]) {
      const isWide = encoding.startsWith("utf-16");
      const bytes = isWide ? utf16("plain", encoding === "utf-16be") : latin1("plain");
      expect(readText("a.txt", bytes, encoding).text, encoding).toBe("plain");
    }
  });

  test.each([
    [
      "Cyrillic of one byte a letter",
      Uint8Array.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x20, 0xe2, 0xf1, 0xe5, 0xec]),
      "a.txt: has bytes that are no UTF-8, expected text in UTF-8, UTF-16 or Windows-1252; if it is a text, it is in another encoding: say which, or save it as UTF-8.",
    ],
    ["Japanese of two", Uint8Array.from([0x8d, 0xa1, 0x93, 0xfa, 0x82, 0xcd, 0x61, 0x62, 0x63]), "no UTF-8"],
    [
      "a ZIP archive",
      Uint8Array.of(0x50, 0x4b, 3, 4, ...deflateRawSync("text")),
      /^a\.txt: is a ZIP archive, as \.xlsx, /,
    ],
    ["compressed bytes", deflateRawSync("text ".repeat(99)), "has bytes that are no UTF-8"],
    ["a text with many NULs", latin1("one\0\0two\0\0"), "a.txt, line 1: has a NUL, as no text has"],
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

  test.each([
    [
      "gzip",
      gzipSync("text ".repeat(99)),
      "a.txt: is compressed by gzip; unpacked it may be text, expected text in UTF-8",
    ],
    ["a PNG", latin1("\x89PNG\r\n\x1a\n...."), "a.txt: is an image"],
    ["a JPEG", latin1("\xff\xd8\xff\xe0"), "is an image"],
    ["a GIF", latin1("GIF89a...."), "is an image"],
    ["a WebP", latin1("RIFF\n\0\0\0WEBPVP8 "), "is an image"],
    ["a WAV", latin1("RIFF\n\0\0\0WAVEfmt "), "is sound"],
    ["a PDF", latin1("%PDF-1.7\n%"), "is a PDF"],
    [
      "an old workbook",
      latin1("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
      "is of an old Office program, as .xls and .doc files are",
    ],
    ["a Parquet table", latin1(`PAR1${"x".repeat(40)}PAR1`), "is a Parquet table"],
    ["numpy's array", latin1("\x93NUMPY\x01\0"), "is an array of numbers, as .npy files are"],
    ["a database", latin1("SQLite format 3\0"), "is a database"],
    ["an archive", latin1("7z\xbc\xaf\x27\x1c"), "is a compressed archive"],
  ])("refuses %s by name", (_, bytes, message) => {
    expect(() => textOf("a.txt", bytes)).toThrow(message);
  });

  test("reads texts that begin as such files might", () => {
    for (const text of ["PAR1 is a road", "GIF8 or not", "%PDF is a kind", "BZh", "RIFF and WAVE", "7z"]) {
      expect(textOf("a.txt", latin1(text))).toBe(text);
    }
  });

  test("refuses what is too large, before it is read", () => {
    expect(() => expectReadable("a.txt", 100e6)).not.toThrow();
    expect(() => expectReadable("a.txt", 600e6)).toThrow(
      "a.txt: has 600 MB, expected 100 MB at most; take a part of it.",
    );
  });
});
