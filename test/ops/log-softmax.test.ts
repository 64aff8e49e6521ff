import fc from "fast-check";
import { expect, test } from "vitest";
import { logSoftmax } from "../../src/ops/log-softmax";
import * as reference from "../../src/reference/log-softmax";
import { logitsOf, worstError } from "../numbers";
import { takenForGpu, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = (max: number) => fc.integer({ min: 1, max });

interface Case {
  rows: number;
  frequent: number;
  counts: number[];
  seed: number;
  scale: number;
  offset: number;
}

/** A head, and the tails that it has clusters of: ln p of all outputs. */
async function run({ rows, frequent, counts, seed, ...range }: Case) {
  const bench = new Workbench(gpu());
  const outputs = frequent + counts.reduce((sum, count) => sum + count, 0);
  const width = frequent + counts.length;
  const head = logitsOf(rows * width, seed, range);
  const out = bench.tensor("out", [rows, outputs]);
  const clusters = bench.tensor("clusters", [rows * counts.length]);
  logSoftmax(bench.plan, { label: "head", x: bench.tensor("head", [rows, width], head), out, clusters });
  const ofHead = reference.logSoftmax(head, width);
  const expected = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    expected.set(ofHead.subarray(row * width, row * width + frequent), row * outputs);
  }
  let first = frequent;
  for (const [number, count] of counts.entries()) {
    const x = logitsOf(rows * count, seed + 1 + number, range);
    const tail = { number, first };
    logSoftmax(bench.plan, { label: "tail", x: bench.tensor(`x ${number}`, [rows, count], x), out, clusters, tail });
    const own = reference.logSoftmax(x, count);
    for (let i = 0; i < own.length; i++) {
      const row = Math.floor(i / count);
      expected[row * outputs + first + (i % count)] = own[i]! + ofHead[row * width + frequent + number]!;
    }
    first += count;
  }
  return { got: (await bench.run({ out })).out, expected, outputs };
}

const cases = fc.record({
  rows: size(40),
  frequent: size(150),
  counts: fc.array(size(150), { minLength: 1, maxLength: 3 }),
  seed: fc.nat(1e6),
  scale: fc.constantFrom(0.1, 3, 60),
  offset: fc.constantFrom(0, 1e4),
});

test("a head and its tails make ln p of all outputs, which sum to one, for any sizes", async () => {
  const agree = fc.asyncProperty(cases, async (shape) => {
    const { got, expected, outputs } = await run(shape);
    expect(worstError(got, expected)).toBeLessThan(1e-5);
    for (let row = 0; row < shape.rows; row++) {
      const sum = got.subarray(row * outputs, (row + 1) * outputs).reduce((sum, log) => sum + Math.exp(log), 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-4);
    }
  });
  await fc.assert(agree, { numRuns: 12 });
  await takenForGpu(gpu(), () => fc.assert(agree, { numRuns: 4 }));
});

test("a number that is not finite leaves no ln p that is", async () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const bench = new Workbench(gpu());
    const x = bench.tensor("x", [2, 9], [...Array(12).fill(1), wrong, ...Array(5).fill(1)]);
    const [out, clusters] = [bench.tensor("out", [2, 8]), bench.tensor("clusters", [2])];
    logSoftmax(bench.plan, { label: "head", x, out, clusters });
    const got = (await bench.run({ out })).out;
    expect(got.subarray(0, 8).every((value) => Math.abs(value + Math.log(9)) < 1e-5)).toBe(true);
    expect(got.subarray(8).some((value) => Number.isFinite(value))).toBe(false);
  }
});
