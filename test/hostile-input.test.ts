// Whatever the public functions that read are given, they answer, or refuse it at once in words of their own: no error of the
// language's, no message that quotes the input at length.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyRecording } from "../demo/terminal/recording";
import {
  type BatchStream,
  batchesOnce,
  batchStream,
  carriedWindows,
  carriedWindowsOnce,
  consecutiveWindows,
  cut,
  fromPyTorch,
  initialParameters,
  networkConfig,
  paddedBatch,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  saveNetwork,
  shuffledBatches,
  split,
  splitItems,
  TempogradError,
  type TensorData,
  toPyTorch,
  type UniformOptions,
  unigramEntropy,
  Vocabulary,
  writeSafetensors,
} from "../src/index";

const mostMilliseconds = 5000; // for one call, on a busy machine
const mostCharacters = 700;

/** Calls with one input; what is thrown must be of ours, said by one of `operations`, short and soon. */
async function holds(operations: RegExp, input: unknown, call: () => unknown): Promise<"answered" | "refused"> {
  const started = performance.now();
  try {
    await call();
    return "answered";
  } catch (error) {
    const { message, stack } = error as Error;
    const shown = `${stack}`.slice(0, 1500);
    expect([Error.prototype, TempogradError.prototype], shown).toContain(Object.getPrototypeOf(error));
    expect(message, shown).toMatch(operations);
    expect(message.length, message.slice(0, mostCharacters)).toBeLessThan(mostCharacters);
    return "refused";
  } finally {
    const taken = performance.now() - started;
    if (taken >= mostMilliseconds) expect.fail(`took ${taken} ms: ${fc.stringify(input).slice(0, 500)}`);
  }
}

const long = "x".repeat(200_000);
const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const circular: { self?: unknown } = {};
circular.self = circular;

/** Values of every kind, and those that trip functions up. */
const junk = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown[]>(
      ...[undefined, null, Number.NaN, -1, 0, 0.5, 1, 2, 3, 2 ** 31, 2 ** 53, 1e15, 1e300, Number.POSITIVE_INFINITY],
      ...["", "a", "\ud800", "1", "__proto__", long, 10n, Symbol("s"), () => 1, true, circular, Object.create(null)],
      ...[[], [null], [[]], [undefined], [Symbol("s")], [10n], new Array(3), [long], {}, new Map(), new Set([null])],
      ...[new Int32Array(4), new Float32Array(4), new Uint8Array(9), new ArrayBuffer(9), new Date(), /a/],
    ),
  },
);

/** An object that is right but for some of its fields. */
const spoilt = (right: object) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...Object.keys(right), "another"), junk), {
      maxLength: 2,
      selector: ([key]) => key,
    })
    .map((changes) => ({ ...right, ...Object.fromEntries(changes) }));

/** JSON that is right but for one value somewhere, or one that is left out. */
function spoiltJson(right: unknown): fc.Arbitrary<unknown> {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    paths.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value).slice(0, 12)) walk((value as Record<string, unknown>)[key], [...path, key]);
  };
  walk(right, []);
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(-1, 0, 0.5, 1e15, 1e300, "", "lstm", long, null, [], {}, true),
  );
  return fc.tuple(fc.constantFrom(...paths), value, fc.boolean()).map(([path, other, leaveOut]) => {
    if (path.length === 0) return other;
    const copy = structuredClone(right) as Record<string, unknown>;
    const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
    if (leaveOut) delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = other;
    return copy;
  });
}

/** As text, now and then cut, doubled, endless or deep. */
const asText = (value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: value.map((json) => JSON.stringify(json) ?? "") },
    {
      weight: 1,
      arbitrary: fc.tuple(value, fc.nat(30)).map(([json, at]) => (JSON.stringify(json) ?? "").slice(0, -at)),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(deep(1e5), "[".repeat(1e5), '{"step":1e999}', "1e999", "NaN", `"${long}`, "{"),
    },
  );

const tokens = Int32Array.from({ length: 60 }, (_, i) => i % 5);
const documents = cut(tokens, 3);
const items = [0, 1, 2, 3].map((label) => ({ label, tokens: tokens.slice(0, 3 + label) }));
const size = { steps: 6, batch: 2 };
const streamed = { ...size, seed: 1 };
const description = {
  stream: "mine",
  given: { seed: 1 },
  source: () => ({
    next: () => ({ inputs: tokens, targets: tokens }),
    where: () => ({ random: [1, 2, 3, 4], place: [] }),
  }),
  isPlace: () => true,
};
const vocabulary = new Vocabulary(["a", "b"]);
const network: UniformOptions = {
  cell: "gru",
  inputs: 3,
  hidden: 2,
  outputs: 4,
  input: "tokens",
  readout: "every-step",
};
const config = networkConfig(network);
const parameters = initialParameters(config);
const file = writeSafetensors(parameters, { k: "v" });
/** Of a training, which it does not need a GPU to be of. */
const checkpoint = await (async () => {
  const saved = await saveNetwork(
    { config, read: async () => parameters },
    { about: { symbols: ["a"], list: [1, [2]] } },
  );
  const { metadata, tensors } = readSafetensors(saved);
  for (const [name, { shape, data }] of parameters) tensors.set(`trainer.mean.${name}`, { shape, data });
  const trainer = JSON.stringify({ step: 3, learningRate: 0.1, optimizer: "adam" });
  const data = JSON.stringify(randomWindows(tokens, streamed).position);
  return writeSafetensors(tensors, { ...metadata, trainer, data });
})();

const kindOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

/** Takes a few of what an iterable has. */
const some = (iterable: Iterable<unknown>) => {
  let left = 3;
  for (const _ of iterable) if (--left === 0) return;
};

/** Each function with arguments that are right. */
// biome-ignore lint/suspicious/noExplicitAny: what they are given is of any type.
type Operation = [name: string, says: RegExp, call: (...given: any[]) => unknown, right: unknown[]];
const operations: Operation[] = [
  ["new Vocabulary", /^Vocabulary: /, (symbols) => new Vocabulary(symbols), [["a", "b"]]],
  ["Vocabulary.fromText", /^Vocabulary\.fromText: /, Vocabulary.fromText, ["some text", { limit: 4 }]],
  ["Vocabulary.fromText of words", /^Vocabulary\.fromText: /, Vocabulary.fromText, ["some text", { kind: "words" }]],
  [
    "Vocabulary.fromJSON",
    /^Vocabulary(\.fromJSON)?: /,
    Vocabulary.fromJSON,
    [{ kind: "graphemes", symbols: ["a", "b"] }],
  ],
  ["Vocabulary.encode", /^Vocabulary\.encode: /, (text) => vocabulary.encode(text), ["abab"]],
  ["Vocabulary.decode", /^Vocabulary\.decode: /, (list) => vocabulary.decode(list), [[0, 1]]],
  ["unigramEntropy", /^unigramEntropy: /, unigramEntropy, [tokens, 5]],
  ["split", /^split: /, split, [tokens, 0.2]],
  ["cut", /^cut: /, cut, [tokens, 3]],
  ["randomWindows", /^randomWindows: /, (text, options) => some(randomWindows(text, options)), [tokens, streamed]],
  [
    "consecutiveWindows",
    /^consecutiveWindows: /,
    (text, options) => some(consecutiveWindows(text, options)),
    [tokens, size],
  ],
  [
    "carriedWindows",
    /^carriedWindows: /,
    (texts, options) => some(carriedWindows(texts, options)),
    [documents, streamed],
  ],
  [
    "carriedWindowsOnce",
    /^carriedWindowsOnce: /,
    (texts, options) => some(carriedWindowsOnce(texts, options)),
    [documents, size],
  ],
  ["paddedBatch", /^paddedBatch: /, paddedBatch, [items.slice(2), size]],
  ["shuffledBatches", /^shuffledBatches: /, (list, options) => some(shuffledBatches(list, options)), [items, streamed]],
  ["batchesOnce", /^batchesOnce: /, (list, options) => some(batchesOnce(list, options)), [items, size]],
  ["splitItems", /^splitItems: /, splitItems, [items, 0.5, 1]],
  ["batchStream", /^.{1,60}: /, (said, position) => some(batchStream(said, position)), [description, undefined]],
  ["readSafetensors", /^readSafetensors: /, readSafetensors, [file]],
  ["writeSafetensors", /^writeSafetensors: /, writeSafetensors, [parameters, { k: "v" }]],
  ["fromPyTorch", /^fromPyTorch: /, fromPyTorch, [toPyTorch(parameters, config), config]],
  ["toPyTorch", /^toPyTorch: /, toPyTorch, [parameters, config]],
  ["networkConfig", /^Network\b.{0,30}: /, networkConfig, [network]],
  ["readCheckpoint", /^read(Checkpoint|Safetensors): /, readCheckpoint, [checkpoint]],
];

/** A value like one that is right, or that one, or junk. */
function like(right: unknown): fc.Arbitrary<unknown> {
  const options: fc.Arbitrary<unknown>[] = [fc.constant(right), fc.constant(right), junk];
  const isPlain = (value: unknown): value is object => kindOf(value) === "Object";
  if (isPlain(right)) options.push(spoilt(right), spoilt(right));
  if (right instanceof Map) {
    const entries = [...right] as [string, TensorData][];
    const other = fc.tuple(fc.nat(entries.length - 1), fc.oneof(junk, spoilt(entries[0]![1])));
    options.push(other.map(([at, value]) => new Map(entries.map(([name, old], i) => [name, i === at ? value : old]))));
  }
  if (Array.isArray(right)) {
    const element = isPlain(right[0]) ? fc.oneof(junk, spoilt(right[0])) : junk;
    const other = fc.tuple(fc.nat(right.length - 1), element);
    options.push(other.map(([at, value]) => right.map((old, i) => (i === at ? value : old))));
  }
  return fc.oneof(...options);
}

/** Runs a property over inputs; some must be answered, and some refused. */
async function overAll<T>(inputs: fc.Arbitrary<T>, says: RegExp, call: (input: T) => unknown, numRuns = 400) {
  const count = { answered: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      count[await holds(says, input, () => call(input))]++;
    }),
    { numRuns, seed: 1, endOnFailure: true },
  );
  expect(count.answered).toBeGreaterThan(0);
  expect(count.refused).toBeGreaterThan(numRuns / 20);
}

test.each(operations)("%s answers whatever it is given, or says what is wrong", async (_, says, call, right) => {
  await overAll(fc.tuple(...right.map(like)), says, (given) => call(...given));
});

describe("a stream's position, spoilt", () => {
  const streams: Record<string, (position?: unknown) => BatchStream> = {
    randomWindows: (position) => randomWindows(tokens, { ...streamed, position }),
    carriedWindows: (position) => carriedWindows(documents, { ...streamed, position }),
    shuffledBatches: (position) => shuffledBatches(items, { ...streamed, position }),
  };
  test.each(Object.entries(streams))("is refused by %s, or gone on from", async (name, stream) => {
    const from = stream();
    some(from);
    await overAll(spoiltJson(from.position), new RegExp(`^${name}: `), (position) => some(stream(position)));
  });
});

/** What a file says of itself, one text of it spoilt. */
const spoiltMetadata = (metadata: Record<string, string>): fc.Arbitrary<Record<string, string>> =>
  fc.constantFrom(...Object.keys(metadata)).chain((key) => {
    const json = /^[[{]/.test(metadata[key]!) ? asText(spoiltJson(JSON.parse(metadata[key]!))) : asText(fc.string());
    return json.map((text) => ({ ...metadata, [key]: text }));
  });

/** Tensors, one of them left out or of another shape or type. */
const spoiltTensors = (tensors: ReadonlyMap<string, TensorData>): fc.Arbitrary<Map<string, TensorData>> =>
  fc.tuple(fc.constantFrom(...tensors.keys()), fc.nat(3), fc.integer({ min: 0, max: 5 })).map(([name, how, length]) => {
    const spoiled = new Map(tensors);
    const { shape, data } = tensors.get(name)!;
    if (how === 0) spoiled.delete(name);
    if (how === 1)
      spoiled.set(name, { shape, data: data instanceof Int32Array ? Float32Array.from(data) : Int32Array.from(data) });
    if (how === 2)
      spoiled.set(name, {
        shape: [length],
        data: data.slice(0, 0).constructor === Int32Array ? new Int32Array(length) : new Float32Array(length),
      });
    if (how === 3) spoiled.set(name, { shape, data: data.map((value) => value * 1e9) as typeof data });
    return spoiled;
  });

describe("a checkpoint, spoilt", () => {
  const { metadata, tensors } = readSafetensors(checkpoint);
  const says = /^read(Checkpoint|Safetensors): |^fromPyTorch: /;

  test("in what it says, is refused or read", async () => {
    await overAll(spoiltMetadata(metadata), says, (said) => readCheckpoint(writeSafetensors(tensors, said)));
  });
  test("in its tensors, is refused or read", async () => {
    await overAll(spoiltTensors(tensors), says, (other) => readCheckpoint(writeSafetensors(other, metadata)));
  });
  test("in its bytes, is refused or read", async () => {
    const changes = fc.array(fc.tuple(fc.nat(checkpoint.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await overAll(changes, says, (list) => {
      const bytes = checkpoint.slice();
      for (const [at, byte] of list) bytes[at] = byte;
      return readCheckpoint(bytes);
    });
  });
  test("with ten million brackets, is refused at once", async () => {
    const said = { ...metadata, about: "[".repeat(1e7) };
    await holds(says, "brackets", () => readCheckpoint(writeSafetensors(tensors, said)));
    await expect(readCheckpoint(writeSafetensors(tensors, said))).rejects.toThrow("nested more than 1000 deep");
  });
});

describe.each(["train-adam", "lstm-state", "gru-reset-before"])("the recording %s, spoilt", (name) => {
  const { metadata, tensors } = readSafetensors(
    readFileSync(new URL(`recordings/${name}.safetensors`, import.meta.url)),
  );
  const says = /^(verify|readSafetensors): /;

  test("in what it says, is refused or verified", async () => {
    await overAll(
      spoiltMetadata(metadata),
      says,
      (said) => verifyRecording(writeSafetensors(tensors, said), "reference"),
      100,
    );
  });
  test("in its tensors, is refused or verified", async () => {
    await overAll(
      spoiltTensors(tensors),
      says,
      (other) => verifyRecording(writeSafetensors(other, metadata), "reference"),
      100,
    );
  });
});
