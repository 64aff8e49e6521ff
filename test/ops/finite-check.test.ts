import { describe, expect, test } from "vitest";
import { sortByToken } from "../../src/network/sort-by-token";
import { finiteCheck } from "../../src/ops/finite-check";
import { clipNorm, clipValue } from "../../src/ops/gradient-clip";
import { lossRecord } from "../../src/ops/loss-record";
import { matmul } from "../../src/ops/matmul";
import { slabSum } from "../../src/ops/slab-sum";
import { tokenGatherGradient } from "../../src/ops/token-gather";
import * as reference from "../../src/reference/finite-check";
import { numbers } from "../numbers";
import { stepOf, useGpu, Workbench } from "../workbench";

const gpu = useGpu();

const one = { type: "u32" } as const;
const worst = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Numbers of any size, one of which is another. */
function mixedWith(value: number, length: number, at: number): Float32Array {
  const data = Float32Array.from(numbers(length, 1), (number, i) =>
    i % 3 === 0 ? 3.4e38 * Math.sign(number) : number,
  );
  data[at] = value;
  return data;
}

describe("finiteCheck", () => {
  test.each([...worst, 3.4028234e38, -0, 1e-45])(
    "tells whether %f among others is finite, wherever it stands",
    async (value) => {
      for (const at of [0, 5, 130, 259]) {
        const bench = new Workbench(gpu());
        const data = mixedWith(value, 260, at);
        const notFinite = bench.tensor("notFinite", [1], [0], one);
        finiteCheck(bench.plan, { tensor: bench.tensor("tensor", [20, 13], data), notFinite });
        expect((await bench.run({ notFinite })).notFinite[0], `at ${at}`).toBe(reference.finiteCheck(data));
      }
    },
  );

  test("leaves standing what was noted before", async () => {
    const bench = new Workbench(gpu());
    const notFinite = bench.tensor("notFinite", [1], [1], one);
    finiteCheck(bench.plan, { tensor: bench.tensor("tensor", [4], [1, 2, 3, 4]), notFinite });
    expect((await bench.run({ notFinite })).notFinite[0]).toBe(1);
  });
});

test("slabSum notes the step of a sum or a loss that is not finite, also of numbers that were, and no other", async () => {
  for (const [wrong, value] of [
    ["", 0],
    ["sum", 3e38],
    ...worst.flatMap((value) => [
      ["sum", value],
      ["loss", value],
    ]),
  ]) {
    const bench = new Workbench(gpu());
    const parts = numbers(3 * 200, 1);
    const losses = numbers(70, 2);
    if (wrong === "sum") for (const slab of [0, 1]) parts[slab * 200 + 199] = value as number;
    if (wrong === "loss") losses[69] = value as number;
    const notFinite = bench.tensor("notFinite", [1], [0], one);
    const loss = {
      rowLoss: bench.tensor("rowLoss", [70], losses),
      recorded: bench.tensor("recorded", [1], [0], one),
      ring: bench.tensor("ring", [2]),
    };
    const tensors = { parts: bench.tensor("parts", [3, 200], parts), sum: bench.tensor("sum", [1, 200]) };
    slabSum(bench.plan, { label: "sum", ...tensors, noting: { notFinite, step: stepOf(bench) }, loss });
    expect((await bench.run({ notFinite })).notFinite[0], `${wrong} ${value}`).toBe(wrong ? 7 : 0);
  }
});

test("lossRecord notes the step of a loss that is not finite, where it is to", async () => {
  for (const value of [1, ...worst]) {
    const bench = new Workbench(gpu());
    const notFinite = bench.tensor("notFinite", [1], [0], one);
    const loss = {
      rowLoss: bench.tensor("rowLoss", [5], [1, 2, value, 4, 5]),
      recorded: bench.tensor("recorded", [1], [0], one),
      ring: bench.tensor("ring", [2]),
    };
    lossRecord(bench.plan, loss, { notFinite, step: stepOf(bench) });
    expect((await bench.run({ notFinite })).notFinite[0], `${value}`).toBe(value === 1 ? 0 : 7);
  }
});

describe("where a gradient is stored, what is not finite is noted:", () => {
  const [rows, inputs, width] = [8, 8, 8]; // without padding, where zeros times infinities would be NaN

  test.each([true, false])("of a product and of its sum of rows, adding to what was there: %s", async (accumulate) => {
    for (const at of ["", "a", "b", "c"]) {
      const bench = new Workbench(gpu());
      const [a, b] = [numbers(rows * inputs, 1), numbers(rows * width, 2)];
      const { parts, slabs, biasSlabs } = bench.slabs("gradient", [inputs, width], 1);
      if (at === "a") a[7] = Number.POSITIVE_INFINITY;
      if (at === "b") b[8] = Number.NaN;
      if (at === "c") [a[0], b[0]] = [3e38, 3e38]; // both are finite, their product is not
      const notFinite = bench.tensor("notFinite", [1], [0], one);
      const noting = { notFinite, step: stepOf(bench) };
      const tensors = {
        a: { tensor: bench.tensor("a", [rows, inputs], a) },
        b: { tensor: bench.tensor("b", [rows, width], b) },
      };
      const out = { ...slabs, accumulate, noting };
      matmul(bench.plan, { label: "gradient", ...tensors, transpose: "a", out, bSum: biasSlabs });
      const got = await bench.run({ notFinite, parts });
      expect(got.notFinite[0], at).toBe(at ? 7 : 0);
    }
  });

  test.each([true, false])("of embedded tokens and of their bias, adding to what was there: %s", async (accumulate) => {
    for (const wrong of [false, true]) {
      const bench = new Workbench(gpu());
      const dOut = numbers(rows * width, 1);
      if (wrong) dOut[13] = Number.NEGATIVE_INFINITY;
      const { slabs, biasSlabs } = bench.slabs("gradient", [inputs, width], 1);
      const notFinite = bench.tensor("notFinite", [1], [0], one);
      const tokens = Int32Array.from({ length: rows }, (_, i) => i % inputs);
      const [start, order] = [new Uint32Array(inputs + 1), new Uint32Array(rows)];
      sortByToken(tokens, start, order);
      tokenGatherGradient(bench.plan, {
        label: "gradient",
        tokenStart: bench.tensor("start", [inputs + 1], start, one),
        tokenOrder: bench.tensor("order", [rows], order, one),
        dOut: bench.tensor("dOut", [rows, width], dOut),
        dWeight: { ...slabs, accumulate, noting: { notFinite, step: stepOf(bench) } },
        dBias: biasSlabs,
      });
      expect((await bench.run({ notFinite })).notFinite[0]).toBe(wrong ? 7 : 0);
    }
  });
});

describe("clipping", () => {
  test.each([1e30, ...worst])(
    "by norm notes that a gradient with %f has none, and leaves the gradient",
    async (value) => {
      const bench = new Workbench(gpu());
      const data = Float32Array.of(1, 2, value, 4, 5);
      const gradient = bench.tensor("gradient", [5], data);
      const notFinite = bench.tensor("notFinite", [1], [0], one);
      clipNorm(bench.plan, gradient, 0.1, { notFinite, step: stepOf(bench) });
      const got = await bench.run({ gradient, notFinite });
      expect(got.notFinite[0]).toBe(7);
      expect(got.gradient).toEqual(data);
    },
  );

  test("by value keeps NaN", async () => {
    const bench = new Workbench(gpu());
    const gradient = bench.tensor("gradient", [5], [1, -2, Number.NaN, Number.POSITIVE_INFINITY, 0.05]);
    clipValue(bench.plan, gradient, 0.1);
    const clipped = Float32Array.of(0.1, -0.1, Number.NaN, 0.1, 0.05);
    expect((await bench.run({ gradient })).gradient).toEqual(clipped);
  });
});

test("what is behind a closed gate does nothing, barriers and all", async () => {
  for (const closed of [0, 1]) {
    const bench = new Workbench(gpu());
    const gradient = bench.tensor("gradient", [3, 70], numbers(210, 1));
    const gate = bench.tensor("gate", [1], [closed], one);
    const notFinite = bench.tensor("notFinite", [1], [0], one);
    bench.plan.gated(gate, () => clipNorm(bench.plan, gradient, 0.1, { notFinite, step: stepOf(bench) })); // its first dispatch has a barrier
    const { gradient: got } = await bench.run({ gradient });
    const squares = got.reduce((sum, value) => sum + value * value, 0);
    if (closed) expect(got).toEqual(Float32Array.from(numbers(210, 1)));
    else expect(Math.sqrt(squares)).toBeCloseTo(0.1, 4);
  }
});
