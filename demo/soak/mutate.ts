// Mutants of texts and of bytes: a few edits at random, from a seed and a number alone.

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** An integer from 0 to below `count`. */
export type Draw = (count: number) => number;

/** What draws for the mutant of a number. */
export function drawsOf(seed: number, mutant: number): Draw {
  const generator = xoroshiro128plus((Math.imul(seed, 0x9e3779b1) + mutant) | 0);
  for (let i = 0; i < 16; i++) generator.next(); // the first words of neighbouring seeds are alike
  return (count) => uniformInt(generator, 0, count - 1);
}

/** What trips readers up. */
const pieces = [
  ...[
    '"',
    '""',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\\",
    "\\u0000",
    "\ufeff",
    "\ufffd",
    "\ud800",
    "\udc00",
    "é",
    "e\u0301",
    "😀",
  ],
  ...[
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    ":",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "0.5",
    "1e999",
    "-1e-999",
    "NaN",
    "Infinity",
  ],
  ...[
    "9007199254740993",
    "4294967296",
    "2147483648",
    "1".repeat(400),
    "1e308",
    "0x10",
    "1,5",
    "1.000,5",
    "01",
    "+1",
    " ",
    "",
    "?",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "length",
    "hasOwnProperty",
    "label",
    "text",
    "values",
    "2024-02-30",
    "24:61",
    "&",
    "=",
    "%",
    "%zz",
  ],
  ...[
    "lstm",
    "none",
    "F32",
    "I64",
    "F16",
    "data_offsets",
    "shape",
    "dtype",
    "__metadata__",
    "layers",
    "hidden",
    "[".repeat(2000),
    "x".repeat(5000),
  ],
];

/** One to four edits. @param others texts of which a part may be taken */
export function mutantOfText(text: string, others: readonly string[], draw: Draw): string {
  let mutant = text;
  for (let edits = 1 + draw(4); edits > 0; edits--) {
    const [at, other] = [draw(mutant.length + 1), draw(mutant.length + 1)];
    const [from, to] = [Math.min(at, other), Math.max(at, other)];
    const near = at + 1 + draw(8);
    const taken = others[draw(others.length)]!;
    mutant = [
      () => mutant.slice(0, at) + pieces[draw(pieces.length)] + mutant.slice(at),
      () => mutant.slice(0, at) + pieces[draw(pieces.length)] + mutant.slice(near),
      () => mutant.slice(0, at) + mutant.slice(near),
      () => mutant.slice(0, from) + mutant.slice(to),
      () => mutant.slice(0, to) + mutant.slice(from, from + 200) + mutant.slice(to),
      () => mutant.slice(0, at) + String.fromCharCode(draw(0x250)) + mutant.slice(at + 1),
      () => mutant.slice(0, at) + taken.slice(draw(taken.length + 1)).slice(0, 200) + mutant.slice(at),
      () => mutant.replace(/-?\d[\d.e+-]*/g, (number) => (draw(6) === 0 ? pieces[19 + draw(26)]! : number)),
    ][draw(8)]!();
  }
  return mutant;
}

/** One to four edits; a file's text is edited as text now and then, with all else where it was. */
export function mutantOfBytes(bytes: Uint8Array, others: readonly Uint8Array[], draw: Draw): Uint8Array {
  let mutant: Uint8Array = bytes.slice();
  for (let edits = 1 + draw(4); edits > 0; edits--) {
    const at = draw(mutant.length + 1);
    const length = 1 + draw(8);
    const taken = others[draw(others.length)]!;
    const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
    const piece = () => new TextEncoder().encode(pieces[draw(pieces.length)]);
    mutant = [
      () => mutant.map((byte, i) => (i === at ? draw(256) : byte)),
      () => mutant.map((byte, i) => (i === at ? byte ^ (1 << draw(8)) : byte)),
      () => mutant.map((byte, i) => (i >= at && i < at + length ? [0, 255, 127, 128][draw(4)]! : byte)),
      () => mutant.slice(0, at),
      () => joined(mutant.subarray(0, at), mutant.subarray(at + length)),
      () => joined(mutant.subarray(0, at), piece(), mutant.subarray(at)),
      () =>
        joined(mutant.subarray(0, at), taken.subarray(draw(taken.length), draw(taken.length + 1)), mutant.subarray(at)),
      () => withHeader(mutant, draw),
    ][draw(8)]!();
  }
  return mutant;
}

/** Of a safetensors file, with its header edited as text and its length told. */
function withHeader(file: Uint8Array, draw: Draw): Uint8Array {
  if (file.length < 8) return file;
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  if (length > file.length - 8) return file;
  const header = new TextDecoder().decode(file.subarray(8, 8 + length));
  const edited = new TextEncoder().encode(mutantOfText(header, [header], draw));
  const mutant = new Uint8Array(8 + edited.length + file.length - 8 - length);
  new DataView(mutant.buffer).setUint32(0, edited.length, true);
  mutant.set(edited, 8);
  mutant.set(file.subarray(8 + length), 8 + edited.length);
  return mutant;
}
