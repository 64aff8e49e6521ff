// Whatever the public functions that read are given, they answer, or refuse it at once in words of their own: no error of the
// language's, no message that quotes the input at length.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyRecording } from "../demo/terminal/recording";
import {
  type BatchStream,
  carriedWindows,
  randomWindows,
  readCheckpoint,
  readSafetensors,
  shuffledBatches,
  TempogradError,
  type TensorData,
  writeSafetensors,
} from "../src/index";
import { checkpoint, documents, items, operations, some, streamed, tokens } from "./right-arguments";

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
    expect(error, shown).toBeInstanceOf(TempogradError);
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

const kindOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

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

test.each(Object.entries(operations))("%s answers whatever it is given, or says what is wrong", async (_, of) => {
  const [says, call, right] = of;
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
