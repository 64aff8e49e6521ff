import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carriedWindows } from "../../src/data/carried-windows";
import { shuffledBatches } from "../../src/data/labelled-sequences";
import type { BatchStream } from "../../src/data/stream";
import { randomWindows } from "../../src/data/token-stream";

const counting = (length: number, from = 0) => Int32Array.from({ length }, (_, i) => from + i);
const documents = [counting(7), counting(2, 10), counting(12, 20), counting(5, 40)];
const items = documents.map((tokens, label) => ({ tokens, label }));

/** Every kind of stream, over data so small that a few batches go through several epochs. */
const streams: Record<string, (options?: { seed?: number; steps?: number; position?: unknown }) => BatchStream> = {
  randomWindows: (options) => randomWindows(counting(40), { steps: 12, batch: 3, seed: 1, ...options }),
  carriedWindows: (options) => carriedWindows(documents, { steps: 3, batch: 3, seed: 1, ...options }),
  shuffledBatches: (options) => shuffledBatches(items, { steps: 12, batch: 3, seed: 1, ...options }),
};

const take = (stream: BatchStream, count: number) => Array.from({ length: count }, () => stream.next().value);

describe.each(Object.entries(streams))("a stream of %s", (name, stream) => {
  test("goes on from any position with the batches that it would have given, after a way through JSON", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(30), (seed, count) => {
        const whole = stream({ seed });
        take(whole, count);
        const position = JSON.parse(JSON.stringify(whole.position));
        const rest = stream({ seed, position });
        expect(rest.position).toEqual(position);
        expect(take(rest, 20)).toEqual(take(whole, 20));
        expect(rest.position).toEqual(whole.position);
      }),
      { numRuns: 50 },
    );
  });

  test("tells positions that later batches leave as they are, and changes nothing by telling", () => {
    const told = stream();
    const first = told.position;
    const before = JSON.stringify(first);
    const batches = Array.from({ length: 9 }, () => [told.next().value, told.position][0]);
    expect(JSON.stringify(first)).toBe(before);
    expect(told.position).not.toEqual(first);
    expect(batches).toEqual(take(stream(), 9));
  });

  test("can be looped over again after a break, with no batch lost", () => {
    const whole = take(stream(), 4);
    const broken = stream();
    const got = [];
    for (let loop = 0; loop < 4; loop++) {
      for (const batch of broken) {
        got.push(batch);
        break;
      }
    }
    expect(got).toEqual(whole);
  });

  test("refuses positions of other streams, data, sizes and seeds", () => {
    const { position } = stream();
    const others = Object.keys(streams).filter((other) => other !== name);
    for (const other of others) {
      expect(() => streams[other]!({ position })).toThrow(
        `${other}: position is of stream "${name}", expected the position of a stream of ${other}; pass a position`,
      );
    }
    expect(() => stream({ position, seed: 2 })).toThrow(`${name}: position.given.seed is 1, expected 2; pass`);
    expect(() => stream({ position, steps: 14 })).toThrow(/position\.given\.steps is \d+, expected 14; pass/);
    for (const nothing of [null, 5, "position", [], {}]) {
      expect(() => stream({ position: nothing })).toThrow(`${name}: position is of stream undefined, expected`);
    }
  });

  test("refuses positions that were tampered with", () => {
    const { position } = stream();
    const [word, ...state] = position.random;
    const spoiled = [
      undefined,
      "xoroshiro",
      [],
      state,
      [2 ** 31, ...state],
      [word, ...state, 0],
      [0.5, ...state],
      [0, 0, 0, 0],
    ];
    for (const random of spoiled) {
      expect(() => stream({ position: { ...position, random } })).toThrow(`${name}: position.random is no state`);
    }
    const { place } = position;
    for (const other of [
      undefined,
      "0",
      [...place, 0],
      [...place.slice(1), -1],
      [...place.slice(1), 99],
      [99],
      [Number.NaN],
    ]) {
      expect(() => stream({ position: { ...position, place: other } })).toThrow(`${name}: position.place is no place`);
    }
  });
});
