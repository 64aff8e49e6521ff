import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consecutiveWindows, randomWindows, split } from "../../src/data/token-stream";

/** 0, 1, 2, …: a token is its own position, so a batch shows where it was cut. */
const positions = (length: number) => Int32Array.from({ length }, (_, i) => i);
const size = fc.integer({ min: 1, max: 9 });

function take<T>(batches: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => batches.next().value as T);
}

describe("split", () => {
  test("holds the last tenth out and keeps every token in order", () => {
    const { training, heldOut } = split(positions(1000));
    expect(heldOut).toHaveLength(100);
    expect([...training, ...heldOut]).toEqual([...positions(1000)]);
  });

  test("refuses a fraction outside 0 to 1, and a text too short to share", () => {
    for (const fraction of [0, 1, -0.1, Number.NaN]) {
      expect(() => split(positions(100), fraction)).toThrow(
        `split: option "heldOutFraction" is ${fraction}, expected a number between 0 and 1; use 0.1 for a tenth.`,
      );
    }
    expect(() => split(positions(4))).toThrow(
      "split: got 4 tokens, expected enough that a fraction of 0.1 leaves both parts one or more; " +
        "give more tokens or another heldOutFraction.",
    );
    expect(() => split(positions(4), 0.9)).toThrow("split: got 4 tokens");
  });
});

describe("randomWindows", () => {
  test("gives windows of consecutive tokens, time-major, with targets one step later", () => {
    fc.assert(
      fc.property(size, size, fc.nat(50), fc.nat(), (steps, batch, spare, seed) => {
        const tokens = positions(steps + 1 + spare);
        const { inputs, targets } = randomWindows(tokens, { steps, batch, seed }).next().value;
        expect(inputs).toHaveLength(steps * batch);
        for (let row = 0; row < batch; row++) {
          const start = inputs[row]!;
          for (let step = 0; step < steps; step++) {
            expect(inputs[step * batch + row]).toBe(start + step);
            expect(targets[step * batch + row]).toBe(start + step + 1);
          }
        }
        expect(Math.max(...targets)).toBeLessThan(tokens.length);
        expect(Math.min(...inputs)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("gives the same batches for the same seed, and others for the next seed", () => {
    const tokens = positions(1e5);
    const starting = (seed: number) => take(randomWindows(tokens, { steps: 2, batch: 4, seed }), 3);
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(starting(seed)).toEqual(starting(seed));
        expect(starting(seed)).not.toEqual(starting(seed + 1));
      }),
    );
  });

  test("starts everywhere, the first and the last place included", () => {
    const { inputs } = randomWindows(positions(8), { steps: 3, batch: 200, seed: 1 }).next().value;
    expect(new Set(inputs.subarray(0, 200))).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  test("refuses a text without one whole window, before the first batch is asked for", () => {
    expect(() => randomWindows(positions(64), { steps: 64, batch: 1, seed: 1 })).toThrow(
      "randomWindows: tokens has length 64, expected 65 or more for 64 steps; give a longer text or fewer steps.",
    );
  });

  test("refuses sizes and seeds that are not whole numbers in range", () => {
    const windows = (options: object) => () => randomWindows(positions(9), { steps: 2, batch: 2, seed: 1, ...options });
    expect(windows({ steps: 0 })).toThrow("randomWindows: steps is 0, expected an integer from 1 up.");
    expect(windows({ batch: 1.5 })).toThrow("randomWindows: batch is 1.5, expected an integer");
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(windows({ seed })).toThrow(`randomWindows: seed is ${seed}, expected an integer from 0 to 4294967295.`);
    }
  });
});

describe("consecutiveWindows", () => {
  test("covers every next token exactly once, each after its own input", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), size, size, (length, steps, batch) => {
        const covered: number[] = [];
        for (const { inputs, targets } of consecutiveWindows(positions(length), { steps, batch })) {
          expect(inputs).toHaveLength(steps * batch);
          expect(targets).toHaveLength(steps * batch);
          expect(targets.some((target) => target !== -1)).toBe(true); // a mean over nothing is not a number
          for (const [i, target] of targets.entries()) {
            expect(inputs[i]).toBe(target === -1 ? 0 : target - 1);
            if (target !== -1) covered.push(target);
          }
        }
        expect(covered.sort((a, b) => a - b)).toEqual([...positions(length)].slice(1));
      }),
    );
  });

  test("lays windows end to end, one a row, and leaves only the last batch partly filled", () => {
    const batches = [...consecutiveWindows(positions(12), { steps: 3, batch: 2 })];
    expect(batches.map(({ inputs }) => [...inputs])).toEqual([
      [0, 3, 1, 4, 2, 5],
      [6, 9, 7, 10, 8, 0],
    ]);
    expect(batches.map(({ targets }) => [...targets])).toEqual([
      [1, 4, 2, 5, 3, 6],
      [7, 10, 8, 11, 9, -1],
    ]);
  });

  test("leaves whole rows unused when the tokens end before them", () => {
    const [batch] = [...consecutiveWindows(positions(3), { steps: 2, batch: 3 })];
    expect([...batch!.targets]).toEqual([1, -1, -1, 2, -1, -1]);
  });

  test("refuses a text without a next token, and sizes that are not whole numbers", () => {
    expect(() => consecutiveWindows(positions(1), { steps: 4, batch: 2 })).toThrow(
      "consecutiveWindows: tokens has length 1, expected 2 or more for a token and its next; ",
    );
    expect(() => consecutiveWindows(positions(9), { steps: Number.NaN, batch: 2 })).toThrow("steps is NaN");
    expect(() => consecutiveWindows(positions(9), { steps: 4, batch: 0 })).toThrow("batch is 0");
  });
});
