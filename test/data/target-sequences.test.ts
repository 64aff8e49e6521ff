// Sequences that are to be said, in batches: what is read and to be said, and what is refused.

import fc from "fast-check";
import { expect, test } from "vitest";
import { batchesOnce, paddedBatch, shuffledBatches, type TargetSequence } from "../../src/index";

const [start, steps, sourceSteps] = [9, 7, 5];

test("a target is read a step behind, its prompt is not to be said, and what is padded does not count", () => {
  const pair = [
    { source: Int32Array.of(1, 2, 3), prompt: [start], target: Int32Array.of(4, 5, 6) },
    { source: Int32Array.of(7), prompt: [start, 8], target: Int32Array.of(2) },
  ];
  const none = 0;
  expect(paddedBatch(pair, { steps: 3, sourceSteps: 4, batch: 3 })).toEqual({
    source: Int32Array.of(...[1, 7, none], ...[2, 0, none], ...[3, 0, none], ...[0, 0, none]),
    sourceLengths: Int32Array.of(3, 1, 1),
    inputs: Int32Array.of(...[start, start, none], ...[4, 8, none], ...[5, 0, none]),
    lengths: Int32Array.of(3, 2, 1),
    targets: Int32Array.of(...[4, -1, -1], ...[5, 2, -1], ...[6, -1, -1]),
  });
});

/** Each is told by the token that all of it is made of. */
const sequences = (sizes: readonly { of: number; read: number; say: number; begin: number }[]): TargetSequence[] =>
  sizes.map(({ of, read, say, begin }, token) => ({
    source: new (of === 0 ? Int32Array : Float32Array)(read * Math.max(1, of)).fill(token),
    prompt: new Array<number>(begin).fill(token),
    target: new Int32Array(say).fill(token),
  }));

const sizes = (of: number) =>
  fc.array(
    fc.record({
      of: fc.constant(of),
      read: fc.integer({ min: 1, max: sourceSteps }),
      say: fc.integer({ min: 1, max: 4 }),
      begin: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

test("each is there once an epoch, whole, in a column of its own", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 3).chain(sizes),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(99),
      (given, batch, seed) => {
        const [all, width] = [sequences(given), Math.max(1, given[0]!.of)];
        const size = { steps, sourceSteps, batch, inputs: width };
        const stream = shuffledBatches(all, { ...size, seed });
        const epoch = Array.from({ length: Math.ceil(all.length / batch) }, () => stream.next().value!);
        for (const batches of [epoch, [...batchesOnce(all, size)]]) {
          const found: number[] = [];
          for (const { source, sourceLengths, inputs, lengths, targets } of batches) {
            for (let row = 0; row < batch; row++) {
              const said = targets.filter((target, i) => i % batch === row && target !== -1);
              if (said.length === 0) continue;
              const token = said[0]!;
              const { read, say, begin } = given[token]!;
              found.push(token);
              expect([...said]).toEqual([...all[token]!.target]);
              expect([sourceLengths![row], lengths![row]]).toEqual([read, begin + say - 1]);
              const column = [...inputs].filter((_, i) => i % batch === row);
              expect(column).toEqual(Array.from({ length: steps }, (_, t) => (t < begin + say - 1 ? token : 0)));
              const reads = [...source!].filter((_, i) => Math.floor(i / width) % batch === row);
              expect(reads).toEqual(
                Array.from({ length: sourceSteps * width }, (_, i) => (i < read * width ? token : 0)),
              );
            }
          }
          expect(found.sort((a, b) => a - b)).toEqual(given.map((_, token) => token));
        }
      },
    ),
  );
});

test("a stream goes on from where another stood, of that size alone", () => {
  const all = sequences([1, 2, 3, 4].map((read) => ({ of: 0, read, say: 1, begin: 1 })));
  const options = { steps, sourceSteps, batch: 3, seed: 4 };
  const stream = shuffledBatches(all, options);
  stream.next();
  const again = shuffledBatches(all, { ...options, position: stream.position });
  expect(again.next()).toEqual(stream.next());
  const other = () => shuffledBatches(all, { ...options, sourceSteps: 6, position: stream.position });
  expect(other).toThrow("sourceSteps");
});

const right = { source: Int32Array.of(1, 2), prompt: [start], target: Int32Array.of(3, 4) };

test.each<[string, object, string]>([
  ["without a source", { source: undefined }, "items[1].source is undefined, expected Int32Array"],
  ["of another kind", { source: Float32Array.of(1) }, "items[1].source is Float32Array, expected Int32Array"],
  [
    "of a source without a step",
    { source: new Int32Array() },
    "items[1].source has length 0, expected 1 to sourceSteps = 2",
  ],
  ["of a source too long", { source: new Int32Array(3) }, "set sourceSteps to 3 or more"],
  ["without a prompt", { prompt: undefined }, "items[1].prompt has length 0, expected 1 to steps = 2"],
  ["of a prompt that is no tokens", { prompt: [0.5] }, "items[1].prompt is an array, expected Int32Array"],
  ["without a target", { target: undefined }, "items[1].target is undefined, expected Int32Array"],
  ["of a target without a step", { target: new Int32Array() }, "items[1].target has length 0, expected 1"],
  ["of a target too long", { target: new Int32Array(3) }, "items[1].target has length 3, expected 1 to steps = 2"],
  ["of a prompt too long", { prompt: [1, 2, 3, 4] }, "items[1].prompt has length 4, expected 1 to steps = 2"],
  [
    "too long with its prompt",
    { prompt: [1, 2] },
    "items[1], its prompt and target, has length 3, expected 1 to steps = 2",
  ],
  ["with a label", { source: undefined, target: undefined, label: 1 }, "items[1].source is undefined"],
])("one %s is refused", (_, wrong, message) => {
  const items = [right, { ...right, ...wrong } as TargetSequence];
  const size = { steps: 2, sourceSteps: 2, batch: 2 };
  for (const call of [
    () => paddedBatch(items, size),
    () => batchesOnce(items, size),
    () => shuffledBatches(items, { ...size, seed: 1 }),
  ]) {
    expect(call).toThrow(message);
  }
});
