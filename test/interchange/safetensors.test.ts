// The safetensors reader against files crafted by hand, damaged files and recordings; the writer against the reader.
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSafetensors, type TensorData, writeSafetensors } from "../../src/interchange/safetensors";
import { anyText } from "../any-text";

/** A file with this header text (or these header bytes), this many bytes of data 0, 1, 2, …, and this announced length. */
function craft(header: string | Uint8Array, dataBytes = 0, announced?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  for (let i = 0; i < dataBytes; i++) bytes[8 + text.length + i] = i;
  return bytes;
}

/** A tensor's entry as header text. */
function entry(name: string, shape: string, offsets: string, dtype = "F32"): string {
  return `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

/** The message of the error that `act` throws, which must be one of ours; undefined where it throws none. */
function refusalOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect((error as Error).message).toMatch(/^(read|write)Safetensors: .+, expected .+; .+\.$/s);
    return (error as Error).message;
  }
}

const refusal = (file: Uint8Array) =>
  refusalOf(() => Array.from(readSafetensors(file).tensors.values(), ({ data }) => data));

/** The bits of every tensor, so that NaN, -0 and 0 are told apart, with names and order. */
function bits(tensors: Iterable<readonly [string, TensorData]>) {
  return Array.from(tensors, ([name, { shape, data }]) => ({
    name,
    shape,
    type: data.constructor.name,
    bits: Array.from(new Int32Array(data.buffer, data.byteOffset, data.length)),
  }));
}

const names = fc
  .oneof(fc.string(), fc.string({ unit: "grapheme" }), anyText(), fc.nat(20).map(String))
  .filter((name) => name !== "__metadata__" && name !== "__proto__");

const tensor: fc.Arbitrary<TensorData> = fc
  .tuple(fc.array(fc.nat(4), { maxLength: 4 }), fc.boolean())
  .chain(([shape, isFloat]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const bitPatterns = fc.int32Array({ minLength: length, maxLength: length });
    return bitPatterns.map((data) => ({ shape, data: isFloat ? new Float32Array(data.buffer) : data }));
  });

const tensorMap = fc.uniqueArray(fc.tuple(names, tensor), { maxLength: 6, selector: ([name]) => name });
const metadataRecord = fc.dictionary(names, fc.string({ unit: "grapheme" }), { maxKeys: 4 });

describe("readSafetensors", () => {
  test("reads values, shapes, types and metadata", () => {
    const header = `{"__metadata__":{"made":"by hand"},${entry("b", "[1]", "[8,12]", "I32")},${entry("a", "[1,2]", "[0,8]")}}`;
    const file = craft(header, 12);
    new DataView(file.buffer).setFloat32(file.length - 12, 1.5, true);
    new DataView(file.buffer).setFloat32(file.length - 8, -2, true);
    new DataView(file.buffer).setInt32(file.length - 4, -7, true);
    expect(readSafetensors(file)).toEqual({
      metadata: { made: "by hand" },
      tensors: new Map<string, TensorData>([
        ["a", { shape: [1, 2], data: Float32Array.of(1.5, -2) }],
        ["b", { shape: [1], data: Int32Array.of(-7) }],
      ]),
    });
  });

  test("reads scalars, empty tensors, files without tensors and padded headers", () => {
    const { tensors } = readSafetensors(
      craft(`{${entry("empty", "[2,0]", "[4,4]")},${entry("scalar", "[]", "[0,4]")}}  \n`, 4),
    );
    expect([...tensors.keys()]).toEqual(["scalar", "empty"]);
    expect(tensors.get("scalar")).toMatchObject({ shape: [], data: { length: 1 } });
    expect(tensors.get("empty")).toMatchObject({ shape: [2, 0], data: { length: 0 } });
    expect(readSafetensors(craft("{}"))).toEqual({ metadata: {}, tensors: new Map() });
  });

  test("reads data at every alignment, in the file and of the file in its buffer", () => {
    const values = Float32Array.of(1.25, -3, 1e-40);
    for (let padding = 0; padding < 8; padding++) {
      const file = craft(`{${entry("a", "[3]", "[0,12]")}${" ".repeat(padding)}}`, 12);
      file.set(new Uint8Array(values.buffer), file.length - 12);
      const shifted = new Uint8Array(file.length + 5).subarray(3, 3 + file.length);
      shifted.set(file);
      for (const bytes of [file, shifted, file.buffer as ArrayBuffer]) {
        expect(readSafetensors(bytes).tensors.get("a")!.data).toEqual(values);
      }
    }
  });

  test("returns copies", () => {
    const file = craft(`{${entry("a", "[1]", "[0,4]", "I32")}}`, 4);
    const { data } = readSafetensors(file).tensors.get("a")!;
    file.fill(255);
    expect(data).toEqual(Int32Array.of(0x03020100));
  });

  test("tells names apart that only look alike, and ignores brackets, quotes and colons inside names", () => {
    const text = `{${entry("a", "[0]", "[0,0]")},${entry('a\\":{[', "[0]", "[0,0]")},${entry("\\\\", "[0]", "[0,0]")},"__metadata__":{"a":"\\\\\\":"}}`;
    const { metadata, tensors } = readSafetensors(craft(text));
    expect([...tensors.keys()]).toEqual(["a", 'a":{[', "\\"]);
    expect(metadata).toEqual({ a: '\\":' });
  });

  test.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "the file has 0 bytes, expected at least the 8"],
    ["a file shorter than the header's length", new Uint8Array(7), "the file has 7 bytes"],
    ["a header longer than the file", craft("{}", 0, 3n), "10 bytes announces a header of 3, expected at most 2"],
    ["a header beyond 2^53", craft("{}", 0, 2n ** 53n + 2n), "a header of 9007199254740994,"],
    ["a header of 2^64 - 1", craft("{}", 0, 2n ** 64n - 1n), "a header of 18446744073709551615,"],
    [
      "a header that is not UTF-8",
      craft(Buffer.from('{"\xff"}', "latin1")),
      "the header does not parse (it is not UTF-8)",
    ],
  ])("refuses %s", (_, file, message) => {
    expect(refusal(file)).toContain(message);
  });

  test.each<[string, string, string]>([
    ["is empty", "", "the header is empty"],
    ["begins with a space", " {}", "the header begins with byte 32"],
    ["begins with a byte order mark", "\ufeff{}", "the header begins with byte 239"],
    ["is an array", "[]", "the header begins with byte 91"],
    ["is not JSON", "{a}", "the header does not parse (it is not JSON)"],
    ["ends in a name", '{"a', "the header does not parse"],
    ["ends in an escape", '{"a\\', "the header does not parse"],
    ["is padded with zeros", "{}\0\0", "the header does not parse"],
    ["nests without bound", `{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`, "brackets nested more than 3 deep"],
    ["names a tensor twice", '{"a":{},"a":{}}', 'the name "a" comes twice'],
    ["names a tensor in two spellings", '{"a":{},"\\u0061":{}}', 'the name "a" comes twice'],
    ["names a field twice", '{"a":{"dtype" :"F32","dtype"\n:"I32"}}', 'the name "dtype" comes twice'],
    ["has metadata twice", '{"__metadata__":{},"__metadata__":{}}', 'the name "__metadata__" comes twice'],
    ["has a metadata key twice", '{"__metadata__":{"k":"","\\u006b":""}}', 'the name "k" comes twice'],
    ["names a tensor __proto__", '{"__proto__":{}}', 'the name "__proto__" cannot be used'],
    ["spells __proto__ with an escape", '{"__pr\\u006fto__":{}}', 'the name "__proto__" cannot be used'],
    ["has metadata named __proto__", '{"__metadata__":{"__proto__":""}}', 'the name "__proto__" cannot be used'],
    ["has half a surrogate pair for a name", '{"\\ud800":{}}', 'the name "\\ud800" cannot be used'],
    ["has metadata that holds a number", '{"__metadata__":{"k":1}}', '__metadata__ is {"k":1}, expected an object'],
    ["has metadata that is an array", '{"__metadata__":["k"]}', '__metadata__ is ["k"], expected an object'],
    ["has metadata that is null", '{"__metadata__":null}', "__metadata__ is null, expected an object"],
    ["has a number for a tensor", '{"a":1}', 'tensor "a" is 1, expected dtype, shape and data_offsets'],
    ["has null for a tensor", '{"a":null}', 'tensor "a" is null'],
    ["has an array for a tensor", '{"a":[]}', 'tensor "a" is []'],
    ["lacks a dtype", '{"a":{"shape":[0],"data_offsets":[0,0]}}', 'tensor "a" has dtype undefined'],
    ["lacks a shape", '{"a":{"dtype":"F32","data_offsets":[0,0]}}', 'tensor "a" has shape undefined'],
    ["lacks data_offsets", '{"a":{"dtype":"F32","shape":[0]}}', 'tensor "a" has data_offsets undefined'],
  ])("refuses a header that %s", (_, header, message) => {
    expect(refusal(craft(header))).toContain(message);
  });

  test.each<[string, string[], number, string]>([
    ["another dtype", [entry("a", "[1]", "[0,8]", "C64")], 8, '"a" has dtype "C64", expected floats or whole numbers'],
    ["a dtype that every object has", [entry("a", "[0]", "[0,0]", "toString")], 0, 'has dtype "toString"'],
    ["a shape that is a number", [entry("a", "1", "[0,4]")], 4, "has shape 1,"],
    ["a shape that holds text", [entry("a", '["1"]', "[0,4]")], 4, 'has shape ["1"]'],
    ["negative sizes", [entry("a", "[-1,-1]", "[0,4]")], 4, "has shape [-1,-1]"],
    ["a size of -0", [entry("a", "[-0]", "[0,0]")], 0, "has shape"],
    ["a fractional size", [entry("a", "[0.5,2]", "[0,4]")], 4, "has shape [0.5,2]"],
    ["an unsafe size", [entry("a", "[9007199254740993,0]", "[0,0]")], 0, "has shape [9007199254740992,0]"],
    ["an infinite size", [entry("a", "[1e999]", "[0,0]")], 0, "has shape"],
    ["a product that overflows", [entry("a", "[4294967296,4294967296]", "[0,0]")], 0, "has shape [4294967296,"],
    ["a product of too many bytes", [entry("a", "[4503599627370496]", "[0,0]")], 0, "has shape [4503599627370496]"],
    ["one data offset", [entry("a", "[1]", "[4]")], 4, "has data_offsets [4], expected two"],
    ["three data offsets", [entry("a", "[1]", "[0,4,4]")], 4, "has data_offsets [0,4,4], expected two"],
    ["fractional data_offsets", [entry("a", "[1]", "[0.5,4.5]")], 8, "has data_offsets [0.5,4.5], expected two"],
    ["negative data_offsets", [entry("a", "[1]", "[-4,0]")], 0, "has data_offsets [-4,0], expected two"],
    ["data_offsets in reverse", [entry("a", "[1]", "[4,0]")], 4, "has data_offsets [4,0], expected 4 bytes"],
    ["data_offsets of any dtype in reverse", [entry("a", "[1]", "[4,0]", "F4")], 4, "expected a begin before its end"],
    ["too few bytes", [entry("a", "[2,2]", "[0,12]")], 12, "[0,12], expected 16 bytes for F32 [2,2]"],
    ["too many bytes", [entry("a", "[]", "[0,8]")], 8, "[0,8], expected 4 bytes for F32 []"],
    ["a place beyond the data", [entry("a", "[2]", "[0,8]")], 7, "expected positions within the 7 bytes"],
    ["an empty tensor beyond the data", [entry("a", "[0]", "[9,9]")], 0, "expected positions within the 0 bytes"],
    [
      "an overlap",
      [entry("a", "[2]", "[0,8]"), entry("b", "[2]", "[4,12]")],
      12,
      '"b" has data_offsets [4, 12], expected a',
    ],
    [
      "a shared place",
      [entry("a", "[2]", "[0,8]"), entry("b", "[2]", "[0,8]")],
      8,
      '"b" has data_offsets [0, 8], expected a',
    ],
    ["a hole at the start", [entry("a", "[1]", "[4,8]")], 8, '"a" has data_offsets [4, 8], expected a begin of 0'],
    ["a hole between", [entry("a", "[1]", "[0,4]"), entry("b", "[1]", "[8,12]")], 12, "expected a begin of 4"],
    ["bytes after the last tensor", [entry("a", "[1]", "[0,4]")], 5, "the file has 5 bytes of data, expected 4"],
    ["bytes without a tensor", [], 1, "the file has 1 bytes of data, expected 0"],
  ])("refuses %s", (_, entries, dataBytes, message) => {
    expect(refusal(craft(`{${entries}}`, dataBytes))).toContain(message);
  });

  /** A file of one tensor of these bytes. */
  const fileOf = (dtype: string, count: number, bytes: Uint8Array) => {
    const file = craft(`{${entry("a", `[${count}]`, `[0,${bytes.length}]`, dtype)}}`, bytes.length);
    file.set(bytes, file.length - bytes.length);
    return file;
  };
  const valuesOf = (file: Uint8Array) => readSafetensors(file).tensors.get("a")!.data;
  type Setter = `set${string}` & keyof DataView;
  /** The values that a little-endian view writes. */
  const written = (bytes: number, values: readonly (number | bigint)[], set: Setter) => {
    const view = new DataView(new ArrayBuffer(bytes * values.length));
    for (const [i, value] of values.entries()) (view[set] as (...of: unknown[]) => void)(i * bytes, value, true);
    return new Uint8Array(view.buffer);
  };

  test.each<[string, number, number[], Setter]>([
    ["I8", 1, [-128, -1, 0, 127], "setInt8"],
    ["U8", 1, [0, 127, 128, 255], "setUint8"],
    ["BOOL", 1, [0, 1, 1, 0], "setUint8"],
    ["I16", 2, [-32768, -1, 0, 32767], "setInt16"],
    ["U16", 2, [0, 32768, 65535], "setUint16"],
    ["I32", 4, [-(2 ** 31), -1, 2 ** 31 - 1], "setInt32"],
    ["U32", 4, [0, 7, 2 ** 31 - 1], "setUint32"],
    ["I64", 8, [-(2 ** 31), -1, 0, 2 ** 31 - 1], "setBigInt64"],
    ["U64", 8, [0, 7, 2 ** 31 - 1], "setBigUint64"],
  ])("reads whole numbers of %s", (dtype, bytes, values, set) => {
    const given = set.includes("Big") ? values.map(BigInt) : values;
    expect(valuesOf(fileOf(dtype, values.length, written(bytes, given, set)))).toEqual(Int32Array.from(values));
  });

  const { POSITIVE_INFINITY: infinity, NaN: none } = Number;
  test.each<[string, number, Setter, [bits: number, value: number][]]>([
    [
      "F16",
      2,
      "setUint16",
      [
        [0x3c00, 1],
        [0xc000, -2],
        [0x3555, 0.333251953125],
        [0x7bff, 65504],
        [0x8000, -0],
      ],
    ],
    [
      "F16",
      2,
      "setUint16",
      [
        [1, 2 ** -24],
        [0x0400, 2 ** -14],
        [0x7c00, infinity],
        [0xfc00, -infinity],
        [0x7e00, none],
      ],
    ],
    [
      "BF16",
      2,
      "setUint16",
      [
        [0x3f80, 1],
        [0xc000, -2],
        [0x3eab, 0.333984375],
        [0x0080, 2 ** -126],
        [0x7fc0, none],
      ],
    ],
    [
      "F8_E5M2",
      1,
      "setUint8",
      [
        [0x3c, 1],
        [0xc0, -2],
        [0x7b, 57344],
        [1, 2 ** -16],
        [0x7c, infinity],
        [0x7d, none],
      ],
    ],
    [
      "F8_E4M3",
      1,
      "setUint8",
      [
        [0x38, 1],
        [0xc0, -2],
        [0x7e, 448],
        [1, 2 ** -9],
        [8, 2 ** -6],
        [0x7f, none],
        [0xff, none],
      ],
    ],
  ])("reads floats of %s", (dtype, bytes, set, pairs) => {
    const file = fileOf(
      dtype,
      pairs.length,
      written(
        bytes,
        pairs.map(([bits]) => bits),
        set,
      ),
    );
    expect(valuesOf(file)).toEqual(Float32Array.from(pairs, ([, value]) => value));
  });

  test.each([
    ["F16", 2, 0x7c00],
    ["F8_E5M2", 1, 0x7c],
    ["F8_E4M3", 1, 0x7f],
  ])("reads %s in order", (dtype, bytes, end) => {
    const bits = Array.from({ length: end }, (_, i) => i);
    const values = valuesOf(fileOf(dtype, end, written(bytes, bits, bytes === 2 ? "setUint16" : "setUint8")));
    for (let i = 1; i < end; i++) expect(values[i]).toBeGreaterThan(values[i - 1]!);
  });

  test("reads F64 as the nearest float32", () => {
    const values = [0.1, -1e-300, Math.PI, Number.NEGATIVE_INFINITY, Number.NaN, 3.4e38];
    expect(valuesOf(fileOf("F64", values.length, written(8, values, "setFloat64")))).toEqual(Float32Array.from(values));
  });

  test.each<[string, number, number | bigint, Setter, string]>([
    ["F64", 8, 1e300, "setFloat64", "1e+300"],
    ["U32", 4, 2 ** 31, "setUint32", "2147483648"],
    ["I64", 8, -(2n ** 31n) - 1n, "setBigInt64", "-2147483649"],
    ["I64", 8, 2n ** 62n + 1n, "setBigInt64", "4611686018427388000"],
    ["U64", 8, 2n ** 64n - 1n, "setBigUint64", "18446744073709552000"],
  ])("says which number of %s does not fit, where it is asked for alone", (dtype, bytes, value, set, shown) => {
    const place = `[4,${4 + bytes}]`;
    const file = craft(`{${entry("a", "[1]", "[0,4]")},${entry("b", "[1]", place, dtype)}}`, 4 + bytes);
    file.set(written(bytes, [value], set), file.length - bytes);
    const { tensors } = readSafetensors(file);
    expect(tensors.get("a")!.data).toHaveLength(1);
    expect(tensors.get("b")!.shape).toEqual([1]);
    expect(refusalOf(() => tensors.get("b")!.data)).toContain(
      `tensor "b" of ${dtype} has the number ${shown}, expected`,
    );
  });

  test("reads what is beside a tensor of a type that it does not know", () => {
    const { tensors } = readSafetensors(
      craft(`{${entry("a", "[7]", "[0,3]", "F4")},${entry("b", "[1]", "[3,7]")}}`, 7),
    );
    expect(tensors.get("b")!.data).toHaveLength(1);
    expect(refusalOf(() => tensors.get("a")!.data)).toContain('tensor "a" has dtype "F4", expected floats');
    expect(refusalOf(() => writeSafetensors(tensors))).toContain('tensor "a" has dtype "F4"');
  });

  test("refuses a header above the format's 100 MB", () => {
    const file = new Uint8Array(8 + 100_000_001);
    new DataView(file.buffer).setBigUint64(0, 100_000_001n, true);
    expect(refusal(file)).toMatch(/announces a header of 100000001, expected at most 100000000/);
  });

  test("keeps its messages short whatever the file holds", () => {
    const long = "n".repeat(100_000);
    expect(refusal(craft(`{"${long}":{"dtype":"${long}"}}`))!.length).toBeLessThan(400);
    expect(refusal(craft(`{"a":{"dtype":"F32","shape":[${"1.5,".repeat(10_000)}1]}}`))!.length).toBeLessThan(400);
  });
});

describe("a damaged file", () => {
  const valid = writeSafetensors(
    new Map<string, TensorData>([
      ["weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["tokens", { shape: [2], data: Int32Array.of(7, 8) }],
      ["empty", { shape: [0, 4], data: new Float32Array(0) }],
    ]),
    { format: "test" },
  );

  test("is refused wherever it is cut short or lengthened", () => {
    for (let length = 0; length < valid.length; length++) expect(refusal(valid.slice(0, length))).toBeDefined();
    expect(refusal(Uint8Array.of(...valid, 0))).toBeDefined();
  });

  test("is refused, or read as a whole and consistent file, whichever bytes are changed", () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0123{}[]",:\\ -.')));
    const change = fc.tuple(fc.nat(valid.length - 1), byte);
    let refused = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const file = valid.slice();
        for (const [at, byte] of changes) file[at] = byte;
        if (refusal(file) !== undefined) {
          refused++;
          return;
        }
        const { tensors, metadata } = readSafetensors(file);
        const read = bits(tensors);
        const dataBits = new Int32Array(file.slice(file.length - 32).buffer);
        expect(read.flatMap((tensor) => tensor.bits)).toEqual(Array.from(dataBits)); // every byte of data, once, in order
        for (const { shape, bits } of read) expect(bits.length).toBe(shape.reduce((a, b) => a * b, 1));
        expect(bits(readSafetensors(writeSafetensors(tensors, metadata)).tensors)).toEqual(read);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("writeSafetensors", () => {
  test("writes what readSafetensors reads: names, order, shapes, types, bits and metadata", () => {
    fc.assert(
      fc.property(tensorMap, metadataRecord, (entries, metadata) => {
        const file = readSafetensors(writeSafetensors(new Map(entries), metadata));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        expect(bits(file.tensors).sort(byName)).toEqual(bits(entries).sort(byName));
        const filled = ([, { data }]: readonly [string, TensorData]) => data.length > 0;
        expect(bits([...file.tensors].filter(filled))).toEqual(bits(entries.filter(filled)));
        expect(file.metadata).toEqual({ ...metadata });
      }),
      { numRuns: 300 },
    );
  });

  test("lays the file out as the format says", () => {
    const bytes = writeSafetensors([["a", { shape: [], data: Float32Array.of(1) }]], { k: "v" });
    const header = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(Buffer.from(bytes.subarray(8, -4)).toString()).toBe(padded);
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.subarray(-4)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  test("gives the same bytes for the same tensors, with data aligned to 8 bytes", () => {
    fc.assert(
      fc.property(tensorMap, metadataRecord, (entries, metadata) => {
        const bytes = writeSafetensors(entries, metadata);
        expect(writeSafetensors(new Map(entries), { ...metadata })).toEqual(bytes);
        expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("writes a view of a larger array without its surroundings", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { tensors } = readSafetensors(writeSafetensors([["a", { shape: [2], data }]]));
    expect(tensors.get("a")!.data).toEqual(Float32Array.of(2, 3));
  });

  const one: TensorData = { shape: [1], data: Float32Array.of(1) };
  const doubles = Float64Array.of(1) as never;
  test.each<[string, [string, TensorData][], Record<string, string>, string]>([
    [
      "data that does not fill its shape",
      [["a", { ...one, shape: [2] }]],
      {},
      "has 1 values, expected 2 for shape [2]",
    ],
    ["a shape with negative sizes", [["a", { ...one, shape: [-1, -1] }]], {}, "for shape [-1,-1]"],
    ["a shape with a fractional size", [["a", { ...one, shape: [0.5, 2] }]], {}, "for shape [0.5,2]"],
    ["data of another type", [["a", { shape: [1], data: doubles }]], {}, 'tensor "a" has other data'],
    [
      "a name that comes twice",
      [
        ["a", one],
        ["a", one],
      ],
      {},
      'tensor "a" comes twice',
    ],
    ["a tensor named __metadata__", [["__metadata__", one]], {}, 'tensor "__metadata__" has a name'],
    ["a tensor named __proto__", [["__proto__", one]], {}, 'tensor "__proto__" has a name'],
    ["a name that is half a surrogate pair", [["\ud800", one]], {}, 'tensor "\\ud800" has a name'],
    ["metadata that is not text", [], { epoch: 3 as never }, 'metadata "epoch" is a number'],
    ["metadata named __proto__", [], JSON.parse('{"__proto__":""}'), 'metadata "__proto__" has a key'],
  ])("refuses %s", (_, entries, metadata, message) => {
    expect(refusalOf(() => writeSafetensors(entries, metadata))).toContain(message);
  });
});

describe("recordings", () => {
  const folder = new URL("../recordings/", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));

  test("are all there", () => {
    expect(files).toHaveLength(38);
  });

  test.each(files)("%s is read, and read again after it is written", (file) => {
    const { metadata, tensors } = readSafetensors(readFileSync(new URL(file, folder)));
    expect(metadata.format).toBe("recurrent-recording");
    const network = JSON.parse(metadata.network!);
    expect(tensors.get("head.bias")!.shape).toEqual([network.outputs]);
    expect(tensors.get("expected.loss")!.data).toBeInstanceOf(Float32Array);
    const again = readSafetensors(writeSafetensors(tensors, metadata));
    expect(again.metadata).toEqual(metadata);
    expect(bits(again.tensors)).toEqual(bits(tensors));
  });
});
