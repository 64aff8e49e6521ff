import { describe, expect, test } from "vitest";
import { finiteCheck } from "../../src/ops/finite-check";
import { clipNorm, clipValue } from "../../src/ops/gradient-clip";
import { slabSum } from "../../src/ops/slab-sum";
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

test.each([1, 3])(
  "slabSum over %i slabs notes the step of a sum or a loss that is not finite, and no other",
  async (slabs) => {
    for (const wrong of [undefined, "sum", "loss"]) {
      for (const value of worst) {
        const bench = new Workbench(gpu());
        const parts = numbers(slabs * 200, 1);
        const losses = numbers(70, 2);
        if (wrong === "sum") parts[slabs * 200 - 1] = value;
        if (wrong === "loss") losses[69] = value;
        const notFinite = bench.tensor("notFinite", [1], [0], one);
        const loss = {
          rowLoss: bench.tensor("rowLoss", [70], losses),
          recorded: bench.tensor("recorded", [1], [0], one),
          ring: bench.tensor("ring", [2]),
        };
        const sum = slabs > 1 ? { sum: bench.tensor("sum", [1, 200]) } : {};
        slabSum(bench.plan, {
          label: "sum",
          parts: bench.tensor("parts", [slabs, 200], parts),
          ...sum,
          notFinite,
          step: stepOf(bench),
          loss,
        });
        expect((await bench.run({ notFinite })).notFinite[0], `${wrong} ${value}`).toBe(wrong ? 7 : 0);
      }
    }
  },
);

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
