// Reads and writes safetensors files: named tensors with text metadata, as PyTorch and others exchange them.
// Format: 8 bytes, the header's length as a little-endian unsigned integer; the header, JSON; the values, back to back.

import { TempogradError } from "../errors";
import { decoded, dtypeOf } from "./dtypes";
import { endOfString, isObject, kindOf, quote } from "./untrusted";

/** A tensor in host memory: its sizes, outermost first, and its values in row-major order. */
export interface TensorData {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** A tensor of F32. */
export interface FloatTensor extends TensorData {
  data: Float32Array;
}

/** What a safetensors file holds. `tensors` is in the order of the values in the file; `data` of some may refuse to be read. */
export interface SafetensorsFile {
  metadata: Record<string, string>;
  tensors: Map<string, TensorData>;
}

/** A tensor as the header describes it, checked; `begin` and `end` count bytes from the first value in the file. */
interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

const bytesPerValue = 4; // of what is written
const mostBytesPerValue = 8;
const lengthBytes = 8;
const headerLimit = 100_000_000; // bytes; the format's own limit
const headerDepth = 3; // { name: { field: [ … ] } }

/**
 * Reads a safetensors file. Tensors of floats (F64, F32, F16, BF16, F8_E5M2, F8_E4M3) are read as float32, each the nearest;
 * those of whole numbers (I64 to I8, U64 to U8, BOOL) as int32. Where a number does not fit, or a type is another, `data` of
 * that tensor alone throws: what is not wanted spoils nothing. The file is not trusted: all of it is checked before any tensor
 * is made, and the tensors returned are copies.
 *
 * @param file the whole file
 * @throws Error when the file is cut short or has bytes left over; when its header is too long, is not UTF-8 or JSON,
 *   repeats a name or holds one that cannot be used; when its metadata is not text; when a tensor has a
 *   shape that is none, or a place that is outside the data, overlaps another tensor, leaves a hole or has the wrong size
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "tempograd";
 *
 * const file = writeSafetensors(new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]), { made: "here" });
 * const { tensors, metadata } = readSafetensors(file); // or of await (await fetch("model.safetensors")).arrayBuffer()
 * console.log(tensors.get("a")?.data, metadata.made);
 * ```
 */
export function readSafetensors(file: Uint8Array | ArrayBuffer): SafetensorsFile {
  if (!["Uint8Array", "ArrayBuffer"].includes(kindOf(file))) {
    refuse("the file", `is ${kindOf(file)}`, "a Uint8Array or an ArrayBuffer", "pass the bytes of the whole file");
  }
  const bytes = ArrayBuffer.isView(file) ? file : new Uint8Array(file);
  const headerBytes = findHeader(bytes);
  const { __metadata__: metadata = {}, ...descriptions } = parseHeader(headerBytes);
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    refuse("__metadata__", `is ${quote(metadata)}`, "an object whose values are all strings");
  }
  const entries = Object.entries(descriptions).map(([name, description]) => checkEntry(name, description));
  const values = bytes.subarray(lengthBytes + headerBytes.length);
  checkPlaces(entries, values.length);
  return {
    metadata: metadata as Record<string, string>,
    tensors: new Map(entries.map((entry) => [entry.name, tensorAt(values, entry)])),
  };
}

/**
 * Writes tensors, in the order given, and metadata as a safetensors file. The same arguments give the same bytes.
 *
 * @param tensors names and tensors; a Float32Array becomes F32, an Int32Array I32
 * @param metadata text to keep beside the tensors
 * @throws Error when a name comes twice or cannot be used, data does not fill its shape or is of another type,
 *   metadata is not text, or the header would exceed the format's 100 MB
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const operation = "writeSafetensors";
  if (typeof Object(tensors)[Symbol.iterator] !== "function") {
    fail(operation, "tensors", `is ${kindOf(tensors)}`, "a Map, or pairs of a name and a tensor", "pass those");
  }
  if (!isObject(metadata)) fail(operation, "metadata", `is ${kindOf(metadata)}`, "an object", "pass one, or nothing");
  for (const [key, value] of Object.entries(metadata)) {
    const subject = `metadata ${quote(key)}`;
    if (isUnusable(key)) fail(operation, subject, "has a key that the format cannot hold", "another key", "rename it");
    if (typeof value !== "string") fail(operation, subject, `is a ${typeof value}`, "a string", "use JSON.stringify");
  }
  const header = new Map<string, unknown>(Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : []);
  const parts: Int32Array[] = [];
  let end = 0;
  for (const pair of tensors) {
    const [name, tensor] = Array.isArray(pair) ? pair : [];
    if (typeof name !== "string" || !isObject(tensor)) {
      fail(operation, "tensors", `has ${quote(pair)}`, "pairs of a name and a tensor", "pass a Map of tensors");
    }
    const { shape, data } = tensor as TensorData;
    const subject = `tensor ${quote(name)}`;
    if (name === "__metadata__" || isUnusable(name)) {
      fail(operation, subject, "has a name that the format cannot hold", "another name", "rename it");
    }
    if (header.has(name)) fail(operation, subject, "comes twice", "every name once", "rename one of the two");
    const dtype = data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : undefined;
    if (!dtype) fail(operation, subject, "has other data", "a Float32Array or an Int32Array", "convert it");
    const count = countValues(shape);
    if (data.length !== count) {
      const expected = `${count} for shape ${quote(shape)}`;
      fail(operation, subject, `has ${data.length} values`, expected, "pass sizes ≥ 0 and data that fills them");
    }
    const begin = end;
    end += count * bytesPerValue;
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
    parts.push(new Int32Array(data.buffer, data.byteOffset, data.length));
  }

  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(text.length / 8) * 8;
  if (headerLength > headerLimit) {
    fail(operation, "the header", `has ${headerLength} bytes`, `at most ${headerLimit}`, "shorten names or metadata");
  }
  let at = lengthBytes + headerLength;
  const bytes = new Uint8Array(at + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(" ".charCodeAt(0), lengthBytes, at);
  bytes.set(text, lengthBytes);
  for (const part of parts) {
    for (const bits of part) {
      view.setInt32(at, bits, true);
      at += bytesPerValue;
    }
  }
  return bytes;
}

/** The bytes of the header, by the length that the file begins with. */
function findHeader(bytes: Uint8Array): Uint8Array {
  if (bytes.length < lengthBytes) {
    refuse("the file", `has ${bytes.length} bytes`, `at least the ${lengthBytes} of the header's length`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  const limit = Math.min(headerLimit, bytes.length - lengthBytes);
  if (length > limit) {
    refuse("the file", `of ${bytes.length} bytes announces a header of ${length}`, `at most ${limit}`);
  }
  return bytes.subarray(lengthBytes, lengthBytes + Number(length));
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== "{".charCodeAt(0)) {
    refuse("the header", bytes.length === 0 ? "is empty" : `begins with byte ${bytes[0]}`, 'a "{"');
  }
  try {
    const json = textOf(bytes);
    checkKeys(json);
    return parsed(json) as Record<string, unknown>;
  } catch (error) {
    const reason = (error as Error).message;
    refuse("the header", `does not parse (${reason})`, "a JSON object in UTF-8 that names nothing twice");
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TempogradError("file", "it is not UTF-8");
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new TempogradError("file", "it is not JSON");
  }
}

/** JSON.parse keeps the last of two equal keys and nests without bound, so both are looked for first. */
function checkKeys(json: string): void {
  const open: Set<string>[] = []; // for each bracket still open, the keys seen directly inside
  const colon = /\s*:/y;
  for (let at = 0; at < json.length; at++) {
    const character = json[at]!;
    if ("{[".includes(character)) open.push(new Set());
    if ("]}".includes(character)) open.pop();
    if (open.length > headerDepth) throw new TempogradError("file", `brackets nested more than ${headerDepth} deep`);
    if (character !== '"') continue;
    const start = at;
    at = endOfString(json, at);
    colon.lastIndex = at + 1;
    if (!colon.test(json)) continue;
    const key = parsed(json.slice(start, at + 1)) as string; // "\u0061" and "a" are one key
    const keys = open.at(-1);
    if (keys?.has(key)) throw new TempogradError("file", `the name ${quote(key)} comes twice`);
    if (isUnusable(key)) throw new TempogradError("file", `the name ${quote(key)} cannot be used`);
    keys?.add(key);
  }
}

function checkEntry(name: string, description: unknown): Entry {
  const subject = `tensor ${quote(name)}`;
  if (!isObject(description)) refuse(subject, `is ${quote(description)}`, "dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = description;
  if (typeof dtype !== "string") refuse(subject, `has dtype ${quote(dtype)}`, "a name");
  const count = countValues(shape);
  if (Number.isNaN(count)) refuse(subject, `has shape ${quote(shape)}`, "whole sizes ≥ 0 of a countable product");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    refuse(subject, `has data_offsets ${quote(offsets)}`, "two byte positions [begin, end]");
  }
  const [begin, end] = offsets as [number, number];
  const [bytes] = dtypeOf(dtype) ?? [];
  if (bytes === undefined ? end < begin : end - begin !== count * bytes) {
    const expected =
      bytes === undefined ? "a begin before its end" : `${count * bytes} bytes for ${dtype} ${quote(shape)}`;
    refuse(subject, `has data_offsets ${quote(offsets)}`, expected);
  }
  return { name, dtype, shape: shape as number[], begin, end };
}

/** Sorts the entries by place and checks that they follow one another from the first byte of the values to the last. */
function checkPlaces(entries: Entry[], byteLength: number): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    const subject = `tensor ${quote(name)}`;
    const got = `has data_offsets [${begin}, ${end}]`;
    if (end > byteLength) refuse(subject, got, `positions within the ${byteLength} bytes of data`);
    if (begin !== position) refuse(subject, got, `a begin of ${position}, where the tensor before it ends`);
    position = end;
  }
  if (position !== byteLength) refuse("the file", `has ${byteLength} bytes of data`, `${position} from its header`);
}

/** What cannot be read is refused when it is asked for. */
function tensorAt(values: Uint8Array, { name, dtype, shape, begin, end }: Entry): TensorData {
  const known = dtypeOf(dtype);
  const data = known && decoded(known, new DataView(values.buffer, values.byteOffset + begin, end - begin));
  if (typeof data === "object") return { shape, data };
  return {
    shape,
    get data() {
      const got = known ? `of ${dtype} has the number ${data}` : `has dtype ${quote(dtype)}`;
      const expected = known ? "numbers within float32 or int32" : "floats or whole numbers";
      return refuse(`tensor ${quote(name)}`, got, expected, "convert it before it is written, if it is wanted");
    },
  };
}

/** The number of values in a shape; NaN where it is not a shape or its bytes cannot be counted exactly. */
export function countValues(shape: unknown): number {
  if (!Array.isArray(shape) || !shape.every(isCount)) return Number.NaN;
  const count = shape.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count * mostBytesPerValue) ? count : Number.NaN;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && ((value as number) > 0 || Object.is(value, 0));
}

/** Names that would reach an object's prototype, or that have no UTF-8 (half of a surrogate pair). */
function isUnusable(name: string): boolean {
  return name === "__proto__" || /\p{Surrogate}/u.test(name);
}

function refuse(
  subject: string,
  got: string,
  expected: string,
  cure = "the file is damaged, fetch or write it again",
): never {
  fail("readSafetensors", subject, got, expected, cure);
}

function fail(operation: string, subject: string, got: string, expected: string, cure: string): never {
  throw new TempogradError("file", `${operation}: ${subject} ${got}, expected ${expected}; ${cure}.`);
}
