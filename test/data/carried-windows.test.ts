import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carriedWindows, carriedWindowsOnce, cut } from "../../src/data/carried-windows";
import type { Batch } from "../../src/index";

const size = fc.integer({ min: 1, max: 5 });

/** Documents whose tokens tell where they are from: 1000 · document + place. */
const documentsOf = (lengths: number[]) =>
  lengths.map((length, document) => Int32Array.from({ length }, (_, place) => 1000 * document + place));

/** What each row read, a document an entry, as its reset flags tell them apart; the last may not be at its end. */
function readingsOf(batches: Iterable<Batch>, { steps, batch }: { steps: number; batch: number }) {
  const rows: { inputs: number[]; targets: number[] }[][] = Array.from({ length: batch }, () => []);
  for (const { inputs, targets, lengths, reset } of batches) {
    for (let row = 0; row < batch; row++) {
      if (reset![row]) rows[row]!.push({ inputs: [], targets: [] });
      expect(lengths![row]).toBeGreaterThan(0);
      for (let step = 0; step < steps; step++) {
        const at = step * batch + row;
        if (step < lengths![row]!) {
          rows[row]!.at(-1)!.inputs.push(inputs[at]!);
          rows[row]!.at(-1)!.targets.push(targets[at]!);
        } else expect([inputs[at], targets[at]]).toEqual([0, -1]);
      }
    }
  }
  return rows;
}

/** Of the first `count` batches of carried windows. */
function readings(lengths: number[], options: { steps: number; batch: number; seed: number }, count: number) {
  const stream = carriedWindows(documentsOf(lengths), options);
  return readingsOf(
    Array.from({ length: count }, () => stream.next().value),
    options,
  );
}

describe("carriedWindows", () => {
  test("reads whole documents in each row, from their first token, with targets one step later", () => {
    const lengths = fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lengths, size, size, fc.nat(), (lengths, steps, batch, seed) => {
        const documents = documentsOf(lengths);
        for (const row of readings(lengths, { steps, batch, seed }, 20)) {
          for (const [i, { inputs, targets }] of row.entries()) {
            const tokens = [...documents[Math.floor(inputs[0]! / 1000)]!];
            const end = i === row.length - 1 ? inputs.length : tokens.length - 1;
            expect(inputs).toEqual(tokens.slice(0, end));
            expect(targets).toEqual(tokens.slice(1, end + 1));
          }
        }
      }),
    );
  });

  test("reads every document once an epoch, in an order drawn anew for each epoch and seed", () => {
    const lengths = Array.from({ length: 30 }, () => 2);
    const order = (seed: number) => {
      const [row] = readings(lengths, { steps: 1, batch: 1, seed }, 60);
      return row!.map(({ inputs }) => inputs[0]! / 1000);
    };
    const all = lengths.map((_, document) => document);
    const first = order(1).slice(0, 30);
    const second = order(1).slice(30);
    expect([...first].sort((a, b) => a - b)).toEqual(all);
    expect([...second].sort((a, b) => a - b)).toEqual(all);
    expect(second).not.toEqual(first);
    expect(order(2).slice(0, 30)).not.toEqual(first);
  });

  test("marks the rows that begin a document, and no others", () => {
    const stream = carriedWindows(documentsOf([6, 6]), { steps: 2, batch: 2, seed: 3 });
    const resets = Array.from({ length: 4 }, () => [...stream.next().value.reset!]);
    expect(resets).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
    ]); // windows of 2, 2 and 1 steps
  });

  test("refuses what it cannot read, before the first batch is asked for", () => {
    const windows =
      (documents: Int32Array[], more = {}) =>
      () =>
        carriedWindows(documents, { steps: 2, batch: 2, seed: 1, ...more });
    expect(windows([])).toThrow("carriedWindows: got 0 documents, expected 1 or more; give some to read.");
    expect(windows(documentsOf([5, 1]))).toThrow(
      "carriedWindows: documents[1] has length 1, expected 2 or more for a token and its next; leave the document out.",
    );
    expect(windows(documentsOf([5]), { steps: 0 })).toThrow("carriedWindows: steps is 0");
    expect(windows(documentsOf([5]), { batch: 0.5 })).toThrow("carriedWindows: batch is 0.5");
    expect(windows(documentsOf([5]), { seed: -1 })).toThrow("carriedWindows: seed is -1");
  });
});

describe("carriedWindowsOnce", () => {
  test("reads every document whole and once, with targets one step later", () => {
    const lengths = fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(lengths, size, size, (lengths, steps, batch) => {
        const documents = documentsOf(lengths);
        const batches = [...carriedWindowsOnce(documents, { steps, batch })];
        const read = readingsOf(batches, { steps, batch })
          .flat()
          .filter(({ targets }) => targets[0] !== -1);
        const inOrder = read.sort((a, b) => a.inputs[0]! - b.inputs[0]!);
        expect(inOrder.map(({ inputs }) => inputs)).toEqual(documents.map((tokens) => [...tokens.slice(0, -1)]));
        expect(inOrder.map(({ targets }) => targets)).toEqual(documents.map((tokens) => [...tokens.slice(1)]));
        for (const { targets } of batches) expect(targets.some((target) => target >= 0)).toBe(true);
      }),
    );
  });

  test("refuses what it cannot read, by its own name", () => {
    expect(() => carriedWindowsOnce([], { steps: 2, batch: 2 })).toThrow("carriedWindowsOnce: got 0 documents");
    expect(() => carriedWindowsOnce(documentsOf([5]), { steps: 2, batch: 0 })).toThrow(
      "carriedWindowsOnce: batch is 0",
    );
  });
});

describe("cut", () => {
  test("gives parts of equal length that lose no target but fewer than there are parts at the end", () => {
    fc.assert(
      fc.property(size, fc.nat(60), (parts, spare) => {
        const tokens = Int32Array.from({ length: parts + 1 + spare }, (_, i) => i);
        const documents = cut(tokens, parts);
        expect(documents).toHaveLength(parts);
        expect(new Set(documents.map(({ length }) => length)).size).toBe(1);
        const targets = documents.flatMap((document) => [...document.subarray(1)]);
        expect(targets).toEqual([...tokens].slice(1, targets.length + 1));
        expect(tokens.length - 1 - targets.length).toBeLessThan(parts);
        for (const document of documents) expect(document.buffer).toBe(tokens.buffer);
      }),
    );
  });

  test("refuses a text too short for its parts", () => {
    expect(() => cut(new Int32Array(4), 4)).toThrow(
      "cut: tokens has length 4, expected 5 or more for 4 parts; give a longer text or fewer parts.",
    );
    expect(() => cut(new Int32Array(4), 0)).toThrow("cut: parts is 0, expected an integer from 1 to 1048576.");
  });
});
