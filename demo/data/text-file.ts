// The text of a file's bytes, for pages and the terminal alike: in UTF-8, in UTF-16, or in Windows-1252 where it reads so, and it
// says which. What is no text is refused, as it can be learned from as well, and nobody would notice.

import { refusal } from "./refusal";

/** How a file's bytes may be said to be read, by names that `TextDecoder` knows, and in words. */
export const encodings = {
  "utf-8": "UTF-8",
  "utf-16le": "UTF-16LE",
  "utf-16be": "UTF-16BE",
  "windows-1252": "Windows-1252",
  "windows-1250": "Windows-1250 (Central Europe)",
  "windows-1251": "Windows-1251 (Cyrillic)",
  "koi8-r": "KOI8-R (Cyrillic)",
  "windows-1253": "Windows-1253 (Greek)",
  "windows-1254": "Windows-1254 (Turkish)",
  shift_jis: "Shift_JIS (Japanese)",
  "euc-jp": "EUC-JP (Japanese)",
  gb18030: "GB18030 (Chinese)",
  big5: "Big5 (Chinese)",
  "euc-kr": "EUC-KR (Korean)",
} as const;

export type Encoding = keyof typeof encodings;

/** The text of a file, and what there is to say of how its bytes were read. */
export interface TextFile {
  text: string;
  said: readonly string[];
  /** Whether its bytes may mean another text in another encoding. */
  unsure: boolean;
}

/** The cause of an error where another encoding may help. */
export const inAnotherEncoding = "encoding";

/** More would hold up a page, and become no string in some browsers. */
const mostBytes = 100e6;
/** Of the characters, so many may be lost: without them a text is still that text. */
const mostLost = 0.01;

/** @throws where a file is too large to be read: ask before reading it. */
export function expectReadable(name: string, bytes: number): void {
  if (bytes <= mostBytes) return;
  throw refusal(name, `has ${Math.ceil(bytes / 1e6)} MB`, `${mostBytes / 1e6} MB at most`, "take a part of it");
}

/**
 * Reads a file's bytes as text: UTF-8 or UTF-16, with a mark or without, or Windows-1252. Where a few characters of it are lost, it is
 * read without them.
 * @param chosen how it is said that the bytes are to be read
 * @throws where the bytes are no text, are in another encoding, or were made of one by a program that could not read it.
 */
export function readText(name: string, bytes: Uint8Array, chosen?: Encoding): TextFile {
  expectReadable(name, bytes.length);
  const expected = "text in UTF-8, UTF-16 or Windows-1252";
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2]! < 0x20) {
    const cure = "unpack it, or save the text or table in it as UTF-8 or CSV";
    throw refusal(name, "is a ZIP archive, as .xlsx, .docx and .ods files are", expected, cure);
  }
  const kind = kindOf(bytes);
  if (kind) throw refusal(name, `is ${kind}`, expected, "save the text or table in it as UTF-8 or CSV");
  const [encoding, why] = chosen ? [chosen, "as was chosen"] : encodingOf(bytes);
  const decoded = new TextDecoder(encoding).decode(bytes); // without the mark
  const text = encoding === "windows-1252" ? decoded.replace(/[\x80-\x9f]/g, westernOf) : decoded;
  const said = why ? [`read as ${encodings[encoding]}, ${why}`] : [];
  const unsure = why !== undefined;
  const lost = text.match(/[\0\uFFFD]/g)?.length ?? 0;
  if (lost === 0) return { text, said, unsure };
  const first = text.search(/[\0\uFFFD]/);
  const line = text.slice(0, first).split("\n").length;
  if (lost <= mostLost * text.length) {
    const count = lost === 1 ? "1 character that is" : `${lost} characters that are`;
    const where = `${lost === 1 ? "" : "the first "}in line ${line}`;
    const rest = text.replace(/[\0\uFFFD]/g, "");
    return { text: rest, said: [...said, `${count} lost left out, ${where}`], unsure: true };
  }
  if (!isValid(encoding, bytes)) {
    const cure = "if it is a text, it is in another encoding: say which, or save it as UTF-8";
    const error = refusal(name, `has bytes that are no ${encodings[encoding]}`, expected, cure);
    throw Object.assign(error, { cause: inAnotherEncoding });
  }
  if (text[first] === "\0") {
    throw refusal(`${name}, line ${line}`, "has a NUL, as no text has", expected, "save it as UTF-8, if it is a text");
  }
  const got = 'has "\uFFFD", which a program wrote for a character that it could not read';
  throw refusal(`${name}, line ${line}`, got, "the character", "save the original as UTF-8, or take such lines out");
}

/** How a file's bytes are read, and why where they do not say so themselves. */
function encodingOf(bytes: Uint8Array): [encoding: Encoding, why?: string] {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return ["utf-16le"];
  if (first === 0xfe && second === 0xff) return ["utf-16be"];
  const start = bytes.subarray(0, 4096);
  const zeros = (from: 0 | 1) => start.filter((byte, i) => byte === 0 && i % 2 === from).length;
  const [even, odd] = [zeros(0), zeros(1)];
  const why = "as every other byte is zero";
  if (odd > 0.3 * start.length && even === 0) return ["utf-16le", why];
  if (even > 0.3 * start.length && odd === 0) return ["utf-16be", why];
  return !isValid("utf-8", bytes) && isWestern(bytes) ? ["windows-1252", "as it is no UTF-8"] : ["utf-8"];
}

function isValid(encoding: Encoding, bytes: Uint8Array): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What Windows-1252 has from 0x80 on; some engines, Node 20 among them, decode these bytes as Latin-1. */
const western = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
const westernOf = (character: string) => western[character.charCodeAt(0) - 0x80]!;
/** What it has no character for. */
const unused = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/**
 * Whether bytes that are no UTF-8 read as Windows-1252: no control characters, some letters with accents among more that have
 * none, and not a text in UTF-8 of which a few bytes were lost.
 */
function isWestern(bytes: Uint8Array): boolean {
  let [letters, others, sequences, rest] = [0, 0, 0, 0];
  for (const [i, byte] of bytes.entries()) {
    if (unused.has(byte) || byte === 0x7f || (byte < 0x20 && (byte < 9 || byte > 13))) return false;
    if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a && byte < 0x80) letters++;
    if (byte < 0x80) continue;
    others++;
    const goesOn = (byte & 0xc0) === 0x80;
    const begins = byte >= 0xc2 && byte < 0xf5 && ((bytes[i + 1] ?? 0) & 0xc0) === 0x80;
    if (begins) sequences++;
    else if (!goesOn || (bytes[i - 1] ?? 0) < 0x80) rest++;
  }
  return rest > sequences && 2 * others < letters;
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
