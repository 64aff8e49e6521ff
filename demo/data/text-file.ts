// The text of a file's bytes, for pages and the terminal alike: UTF-8, or UTF-16 where its mark says so. All else is refused,
// as what is no text can be learned from as well, and nobody would notice.

import { refusal } from "./refusal";

/** More would hold up a page, and become no string in some browsers. */
const mostBytes = 100e6;

/** @throws where a file is too large to be read: ask before reading it. */
export function expectReadable(name: string, bytes: number): void {
  if (bytes <= mostBytes) return;
  throw refusal(name, `has ${Math.ceil(bytes / 1e6)} MB`, `${mostBytes / 1e6} MB at most`, "take a part of it");
}

/** @throws where the bytes are no text, or were made of one by a program that could not read it. */
export function textOf(name: string, bytes: Uint8Array): string {
  expectReadable(name, bytes.length);
  const expected = "text in UTF-8, or in UTF-16 with its mark";
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2]! < 0x20) {
    const cure = "unpack it, or save the text or table in it as UTF-8 or CSV";
    throw refusal(name, "is a ZIP archive, as .xlsx, .docx and .ods files are", expected, cure);
  }
  const kind = kindOf(bytes);
  if (kind) throw refusal(name, `is ${kind}`, expected, "save the text or table in it as UTF-8 or CSV");
  const encoding = encodingOf(bytes);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes); // without the mark
  } catch {
    const cure = "if it is a text, it is in another encoding, such as Windows-1252: save it as UTF-8";
    throw refusal(name, `has bytes that are no ${encoding.toUpperCase()}`, expected, cure);
  }
  const lost = /[\0\uFFFD]/.exec(text);
  if (!lost) return text;
  const line = text.slice(0, lost.index).split("\n").length;
  if (lost[0] === "\0") {
    throw refusal(`${name}, line ${line}`, "has a NUL, as no text has", expected, "save it as UTF-8, if it is a text");
  }
  const got = 'has "\uFFFD", which a program wrote for a character that it could not read';
  throw refusal(`${name}, line ${line}`, got, "the character", "save the original as UTF-8, or take such lines out");
}

/** What files of other kinds begin with, a ? for any byte; and end with, where that is needed to tell them. */
const kinds: readonly (readonly [beginning: string, kind: string, end?: string])[] = [
  ["\x1f\x8b", "compressed by gzip; unpacked it may be text"],
  ["BZh?1AY&SY", "compressed by bzip2; unpacked it may be text"],
  ["\xfd7zXZ", "a compressed archive"],
  ["7z\xbc\xaf", "a compressed archive"],
  ["Rar!\x1a", "a compressed archive"],
  ["\x28\xb5\x2f\xfd", "a compressed archive"],
  ["\x89PNG\r\n", "an image"],
  ["\xff\xd8\xff", "an image"],
  ["GIF87a", "an image"],
  ["GIF89a", "an image"],
  ["RIFF????WEBP", "an image"],
  ["RIFF????WAVE", "sound"],
  ["OggS\0", "sound"],
  ["fLaC\0", "sound"],
  ["\0\0\0?ftyp", "a film"],
  ["%PDF-", "a PDF"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "of an old Office program, as .xls and .doc files are"],
  ["PAR1", "a Parquet table", "PAR1"],
  ["\x89HDF\r\n", "an array of numbers, as .h5 files are"],
  ["\x93NUMPY", "an array of numbers, as .npy files are"],
  ["SQLite format 3\0", "a database"],
];

function kindOf(bytes: Uint8Array): string | undefined {
  const has = (text: string, at: number) =>
    Array.from(text).every((character, i) => character === "?" || character.charCodeAt(0) === bytes[at + i]);
  const found = kinds.find(([beginning, , end = ""]) => has(beginning, 0) && has(end, bytes.length - end.length));
  return found?.[1];
}

function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
