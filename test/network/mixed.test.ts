// Plans in mixed precision, for devices that are not here.

import { describe, expect, test } from "vitest";
import { shapes } from "../../demo/benchmark/problem";
import { devices } from "../../demo/kernels/devices";
import { trainingPass, workOf } from "../../demo/kernels/planned";
import { byDefault, describe as lines, memoryOf } from "../../src/gpu/describe";
import { elementBytes, layoutOf } from "../../src/gpu/tensor";
import { cellNames, networkConfig, noLoss } from "../../src/index";
import { checkPassOptions, type PassOptions } from "../../src/network/pass-options";

const { traits } = devices.rtx4090;
const { M } = shapes;
const bytesOf = (precision: "single" | "mixed", cell: (typeof cellNames)[number]) => {
  const { bytes, buffers } = memoryOf(trainingPass(traits, cell, M, undefined, precision), "test");
  const named = (label: string) =>
    buffers.filter((buffer) => buffer.label === label).reduce((sum, one) => sum + one.bytes, 0);
  return { bytes, named };
};

describe.each(cellNames)("a training pass of %s in mixed precision", (cell) => {
  const plan = trainingPass(traits, cell, M, undefined, "mixed");

  test("keeps what steps leave in half the bytes, and the rest as it was", () => {
    const [single, mixed] = [bytesOf("single", cell), bytesOf("mixed", cell)];
    for (const label of ["hidden", "gate", "dOutput"]) {
      expect(mixed.named(label), label).toBeGreaterThan(0);
      expect(mixed.named(label), label).toBe(single.named(label) / 2);
    }
    for (const label of ["cellState", "carry", "logits", "dLogits", "gradients", "losses", "batch"]) {
      expect(mixed.named(label), label).toBe(single.named(label));
    }
    expect(mixed.named("layer0.recurrentWeight in half")).toBeGreaterThan(0);
    expect(mixed.bytes).toBeLessThan(single.bytes);
  });

  test("has no shader that reads or writes a tensor as what it is not", () => {
    let halves = 0;
    for (const { dispatch } of workOf(plan.nodes, byDefault)) {
      const text = dispatch.shader.text();
      for (const { binding, to } of dispatch.bound) {
        if (!("buffer" in to) || to.type.startsWith("i") || to.type.startsWith("u")) continue;
        const [, element = ""] = /^array<(\w+)/.exec(binding.holds) ?? [];
        const [, aliased = element] = new RegExp(`alias ${element} = (\\w+);`).exec(text) ?? [];
        expect(aliased.endsWith("h"), `${dispatch.label}: ${binding.name}`).toBe(to.type === "f16");
        if (to.type === "f16") halves++;
      }
      expect(text.startsWith("enable f16;")).toBe(dispatch.shader.name.includes("half"));
    }
    expect(halves).toBeGreaterThan(10);
  });

  test("keeps weights that stand still in half as many threads, each twice as many", () => {
    const threadsOf = (precision: "single" | "mixed") =>
      [...workOf(trainingPass(traits, cell, { ...M, hidden: 64 }, undefined, precision).nodes, byDefault)].flatMap(
        ({ way, dispatch }) => {
          if (way?.name !== "fused persistent") return [];
          const text = dispatch.shader.text();
          return [
            ["threads", "depth"].map((name) => Number(new RegExp(`^const ${name} = (\\d+)u;`, "m").exec(text)?.[1])),
          ];
        },
      );
    const [single, mixed] = [threadsOf("single"), threadsOf("mixed")];
    expect(single).toHaveLength(2);
    for (const [i, [threads, depth]] of single.entries()) expect(mixed[i]).toEqual([threads! / 2, 2 * depth!]);
  });
});

test("half precision takes two bytes an element, in the rows and widths of single", () => {
  const spec = { shape: [5, 6], parts: 2 } as const;
  expect(layoutOf({ x: spec, y: spec }).offsets.y).toBe(256);
  expect(layoutOf({ x: { shape: [40, 30] } }).bytes).toBe(2 * layoutOf({ x: { shape: [40, 30], type: "f16" } }).bytes);
  expect([elementBytes({}), elementBytes({ type: "f16" }), elementBytes({ type: "u32" })]).toEqual([4, 2, 4]);
});

describe("precision", () => {
  const options = { cell: "lstm", inputs: 3, hidden: 4, outputs: 2, input: "features", readout: "every-step" } as const;
  const network = (more: object = {}) => networkConfig({ ...options, loss: "mean-squared-error", ...more });
  const shape = { steps: 4, batch: 2, gradients: true, precision: "mixed" } as const;
  const check = (more: Partial<PassOptions> = {}, config = network(), f16 = true) =>
    checkPassOptions(config, { ...shape, ...more }, { f16 });

  test("is refused by name where shaders have no half precision, with what to do", () => {
    expect(() => check({}, network(), false)).toThrow(
      'Pass: precision is "mixed" on a device without the feature "shader-f16", expected one with it; ask for it',
    );
    check();
    check({ precision: "single" }, network(), false);
  });

  test("is one of two words", () => {
    expect(() => check({ precision: "half" as "mixed" })).toThrow('precision is "half", expected "single" or "mixed"');
  });

  test("goes with what computes in half precision, and is refused by name beside what does not", () => {
    check({ initialState: true });
    check({ carryState: true, schedule: "unrolled" });
    check({}, network({ bidirectional: true, dropout: 0.1, layers: 2 }));
    for (const [more, name] of [
      [{ schedule: "wavefront" }, 'schedule "wavefront"'],
      [{ checkpointEvery: 2 }, "checkpointEvery"],
      [{ joined: true }, "joined"],
      [{ ownInputs: true }, "ownInputs"],
      [{ traceGradients: true }, "traceGradients"],
    ] as const) {
      expect(() => check(more), name).toThrow(`precision "mixed" does not go with ${name}`);
    }
    expect(() => check({}, network({ loss: noLoss() }))).toThrow("does not go with a network without a loss");
  });
});

test("what a plan describes says which kernels are in half precision", () => {
  const kernels = lines(trainingPass(traits, "lstm", M, undefined, "mixed")).lines.map(({ kernel }) => kernel);
  expect(kernels.filter((kernel) => kernel.includes(" half)")).length).toBeGreaterThan(5);
});
