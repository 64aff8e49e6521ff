// The short check of plain batches answers what the long one answers, and refuses what that refuses.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CheckBatch, checkBatch } from "../../src/network/check-batch";
import { networkConfig } from "../../src/network/config";
import { checkPlain, takesPlain } from "../../src/network/plain-batch";

const size = { cell: "elman", inputs: 4, hidden: 2, outputs: 3 } as const;
const shape = { steps: 3, batch: 2 };

const integers = (length: number, least: number, most: number) =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.array(fc.integer({ min: least, max: most }), { minLength: length, maxLength: length }),
    },
    fc.array(fc.integer({ min: least - 1, max: most + 1 }), { maxLength: length + 1 }),
  );
const array = (length: number, least: number, most: number) =>
  integers(length, least, most).chain((values) =>
    fc.oneof(
      { weight: 30, arbitrary: fc.constant<unknown>(Int32Array.from(values)) },
      fc.constantFrom<unknown>(undefined, null, 0, values, Float32Array.from(values), Uint32Array.from(values)),
    ),
  );
const others = ["weights", "source", "sourceLengths", "initialState", "initialCellState", "reset", "target"];

test.each(["every-step", "last-step"] as const)("read at %s", (readout) => {
  const config = networkConfig({ ...size, input: "tokens", readout });
  const batches = fc.record(
    {
      inputs: array(6, 0, 3),
      targets: array(readout === "every-step" ? 6 : 2, -1, 2),
      lengths: array(2, 1, 3),
      ...Object.fromEntries(others.map((name) => [name, fc.constantFrom(undefined, null, new Float32Array(2))])),
    },
    { requiredKeys: ["inputs", "targets"] },
  );
  const few = batches.chain((batch) =>
    fc.subarray(others, { minLength: 5 }).map((out) => {
      const entries = Object.entries(batch).filter(([name]) => !out.includes(name));
      return Object.fromEntries(entries);
    }),
  );
  const answer = (check: CheckBatch, batch: unknown) => {
    try {
      return check("test", config, shape, batch as never);
    } catch {
      return "refused";
    }
  };
  let taken = 0;
  fc.assert(
    fc.property(few, (batch) => {
      const answered = answer(checkPlain, batch);
      expect(answered).toEqual(answer(checkBatch, batch));
      if (answered !== "refused") taken++;
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(100);
  for (const batch of [null, undefined, 3, "batch", []]) expect(answer(checkPlain, batch)).toBe("refused");
});

test("batches of others are not taken to be plain", () => {
  const plain = { ...size, input: "tokens", readout: "every-step" } as const;
  expect(takesPlain(networkConfig(plain), shape)).toBe(true);
  expect(takesPlain(networkConfig({ ...plain, input: "features" }), shape)).toBe(false);
  expect(takesPlain(networkConfig({ ...plain, loss: "mean-squared-error" }), shape)).toBe(false);
  expect(takesPlain(networkConfig({ ...plain, classWeights: [1, 2, 3] }), shape)).toBe(false);
  for (const option of ["weights", "initialState", "carryState"]) {
    expect(takesPlain(networkConfig(plain), { ...shape, [option]: true }), option).toBe(false);
  }
});
