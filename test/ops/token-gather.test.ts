import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sortByToken } from "../../src/network/sort-by-token";
import { tokenGather, tokenGatherGradient } from "../../src/ops/token-gather";
import { rowSum } from "../../src/reference/row-sum";
import * as reference from "../../src/reference/token-gather";
import { integers, numbers, worstError } from "../numbers";
import { sumOfSlabs, useGpu, Workbench } from "../workbench";

const gpu = useGpu();
const size = fc.integer({ min: 1, max: 130 });
const shapes = fc.record({ rows: size, tokenCount: size, width: size, seed: fc.nat(1e6) });

function rowsByToken(bench: Workbench, tokens: ArrayLike<number>, tokenCount: number) {
  const start = new Uint32Array(tokenCount + 1);
  const order = new Uint32Array(tokens.length);
  sortByToken(tokens, start, order);
  const u32 = { type: "u32" } as const;
  return {
    tokenStart: bench.tensor("tokenStart", [tokenCount + 1], start, u32),
    tokenOrder: bench.tensor("tokenOrder", [tokens.length], order, u32),
  };
}

describe("tokenGather", () => {
  test("answers the rows of the tokens plus the bias, for any sizes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ rows, tokenCount, width, seed }) => {
        const bench = new Workbench(gpu());
        const tokens = integers(rows, seed, 0, tokenCount - 1);
        const weight = numbers(tokenCount * width, seed + 1);
        const bias = numbers(width, seed + 2);
        const out = bench.tensor("out", [rows, width]);
        tokenGather(bench.plan, {
          label: "gather",
          tokens: bench.tensor("tokens", [rows], tokens, { type: "i32" }),
          weight: bench.tensor("weight", [tokenCount, width], weight),
          bias: bench.tensor("bias", [width], bias),
          out,
        });
        const got = await bench.run({ out });
        expect(worstError(got.out, reference.tokenGather(tokens, weight, bias, width))).toBeLessThan(1e-6);
      }),
      { numRuns: 15 },
    );
  });

  test("its gradient sums the rows of each token, zero for tokens that do not occur, for any sizes and slabs", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 5 }), async ({ rows, tokenCount, width, seed }, count) => {
        const bench = new Workbench(gpu());
        const tokens = integers(rows, seed, 0, tokenCount - 1);
        const dOut = numbers(rows * width, seed + 1);
        const { parts, slabs, biasSlabs, biasRow } = bench.slabs("dWeight", [tokenCount, width], count);
        tokenGatherGradient(bench.plan, {
          label: "dW",
          ...rowsByToken(bench, tokens, tokenCount),
          dOut: bench.tensor("dOut", [rows, width], dOut),
          dWeight: slabs,
          dBias: biasSlabs,
        });
        const got = (await bench.run({ parts })).parts;
        const sum = sumOfSlabs(got, [tokenCount, width], count);
        expect(worstError(sum, reference.tokenGatherGradient(tokens, dOut, tokenCount, width))).toBeLessThan(1e-5);
        expect(worstError(sumOfSlabs(got, [width], count, biasRow), rowSum(dOut, width))).toBeLessThan(1e-5);
      }),
      { numRuns: 20 },
    );
  });

  test("its bias's gradient loses little of 32,768 equal rows to rounding", async () => {
    const bench = new Workbench(gpu());
    const rows = 2 ** 15;
    const dOut = new Float32Array(4 * rows).fill(0.3 / rows);
    const { parts, slabs, biasSlabs, biasRow } = bench.slabs("dWeight", [2, 4], 1);
    tokenGatherGradient(bench.plan, {
      label: "dW",
      ...rowsByToken(bench, integers(rows, 1, 0, 1), 2),
      dOut: bench.tensor("dOut", [rows, 4], dOut),
      dWeight: slabs,
      dBias: biasSlabs,
    });
    const [exact] = rowSum(dOut, 4);
    for (const sum of sumOfSlabs((await bench.run({ parts })).parts, [4], 1, biasRow)) {
      expect(Math.abs(sum / exact! - 1)).toBeLessThan(1e-5);
    }
  });

  test("its gradient is the same to the bit at every run", async () => {
    const run = async () => {
      const bench = new Workbench(gpu());
      const { parts, slabs, biasSlabs } = bench.slabs("dWeight", [5, 33], 3);
      tokenGatherGradient(bench.plan, {
        label: "dW",
        ...rowsByToken(bench, integers(100, 7, 0, 4), 5),
        dOut: bench.tensor("dOut", [100, 33], numbers(3300, 8)),
        dWeight: slabs,
        dBias: biasSlabs,
      });
      return (await bench.run({ parts })).parts;
    };
    expect(await run()).toEqual(await run());
  });
});
