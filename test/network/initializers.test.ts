// Where the parameters of a network begin.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellNames, cellOf } from "../../src/cells/cells";
import { type NetworkOptions, networkConfig } from "../../src/network/config";
import { initialParameters } from "../../src/network/initializers";

const tiny: NetworkOptions = {
  ...{ cell: "elman", inputs: 1, hidden: 3, outputs: 1, seed: 7 },
  ...{ input: "tokens", readout: "last-step" },
};
const large: NetworkOptions = { ...tiny, inputs: 30, hidden: 20, outputs: 50, layers: 2, bidirectional: true };

const valuesOf = (options: NetworkOptions) => initialParameters(networkConfig(options));
const dataOf = (options: NetworkOptions) =>
  Object.fromEntries([...valuesOf(options)].map(([name, { data }]) => [name, data]));

describe("the values of a seed are the same on every machine and in every release", () => {
  test("uniform", () => {
    expect(dataOf(tiny)).toEqual({
      "layer0.inputWeight": Float32Array.of(0.4430939853191376, 0.4789731502532959, -0.5101577639579773),
      "layer0.recurrentWeight": Float32Array.of(
        ...[-0.22889453172683716, 0.10545770078897476, -0.041874296963214874],
        ...[-0.4945469796657562, 0.12848646938800812, -0.36939433217048645],
        ...[0.5686668157577515, -0.033810313791036606, -0.07009191066026688],
      ),
      "layer0.bias": Float32Array.of(-0.13829557597637177, -0.323401540517807, -0.06775964051485062),
      outputWeight: Float32Array.of(-0.33026084303855896, 0.18089844286441803, 0.503372311592102),
      outputBias: Float32Array.of(0.1122201457619667),
    });
  });

  test("Glorot and orthogonal", () => {
    expect(dataOf({ ...tiny, initializer: "glorot", recurrentInitializer: "orthogonal" })).toEqual({
      "layer0.inputWeight": Float32Array.of(0.9399442672729492, 1.0160554647445679, -1.0822080373764038),
      "layer0.recurrentWeight": Float32Array.of(
        ...[-0.8841543197631836, 0.30554306507110596, -0.35343262553215027],
        ...[-0.46228262782096863, -0.4627375602722168, 0.7564183473587036],
        ...[0.06757181882858276, 0.8321762681007385, 0.550378680229187],
      ),
      "layer0.bias": new Float32Array(3),
      outputWeight: Float32Array.of(0.12729568779468536, 0.37304818630218506, 0.9732516407966614),
      outputBias: new Float32Array(1),
    });
  });
});

test("an orthogonal recurrent weight has UᵀU = I for each gate, which differ", () => {
  const cases = fc.record({
    cell: fc.constantFrom(...cellNames),
    hidden: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 70 })),
    seed: fc.nat(),
    bidirectional: fc.boolean(),
  });
  fc.assert(
    fc.property(cases, (shape) => {
      const { cell, hidden } = shape;
      const { gates } = cellOf({ cell });
      const values = dataOf({ ...tiny, ...shape, recurrentInitializer: "orthogonal" });
      const seen = new Set<number>();
      for (const name of Object.keys(values).filter((name) => name.endsWith("recurrentWeight"))) {
        for (let gate = 0; gate < gates; gate++) {
          const at = (i: number, j: number) => values[name]![(i * gates + gate) * hidden + j]!;
          for (let a = 0; a < hidden; a++) {
            for (let b = 0; b <= a; b++) {
              let sum = a === b ? -1 : 0;
              for (let i = 0; i < hidden; i++) sum += at(i, a) * at(i, b);
              if (!(Math.abs(sum) < 1e-6)) expect.fail(`UᵀU of gate ${gate} is off by ${sum} at [${a}, ${b}]`);
            }
          }
          seen.add(at(0, 0));
        }
      }
      if (hidden > 1) expect(seen.size).toBe(gates * (shape.bidirectional ? 2 : 1));
    }),
    { numRuns: 20 },
  );
});

test("Glorot's values lie within √(6 / (fan in + fan out)) of a gate's block, and reach it", () => {
  const values = dataOf({ ...large, cell: "gru", initializer: "glorot", recurrentInitializer: "glorot" });
  const bounds: [name: string, fanIn: number, fanOut: number][] = [
    ["layer0.inputWeight", 30, 20],
    ["layer0.reverse.recurrentWeight", 20, 20],
    ["layer1.reverse.inputWeight", 40, 20],
    ["layer1.recurrentWeight", 20, 20],
    ["outputWeight", 40, 50],
  ];
  for (const [name, fanIn, fanOut] of bounds) {
    const bound = Math.sqrt(6 / (fanIn + fanOut));
    const largest = Math.max(...values[name]!.map(Math.abs));
    expect(largest, name).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest, name).toBeGreaterThan(0.98 * bound);
  }
});

test("biases begin at 0 with another initializer than the uniform one, and go with it alone", () => {
  const biases = (options: Partial<NetworkOptions>) =>
    Object.entries(dataOf({ ...large, cell: "gru", ...options })).filter(([name]) => /bias$/i.test(name));
  const zeros = biases({ initializer: "glorot" });
  expect(zeros).toHaveLength(9);
  for (const [name, data] of zeros) expect(data, name).toEqual(new Float32Array(data.length));
  for (const [name, data] of biases({ recurrentInitializer: "orthogonal" })) expect(data, name).not.toContain(0);
});

test.each(["uniform", "glorot"] as const)(
  "forgetBias sets the LSTM's forget gate and nothing else: %s",
  (initializer) => {
    const lstm = { ...large, cell: "lstm", initializer } as const;
    const plain = dataOf(lstm);
    const got = dataOf({ ...lstm, forgetBias: 1.5 });
    let set = 0;
    for (const [name, data] of Object.entries(got)) {
      const expected = plain[name]!;
      if (name.endsWith(".bias")) set += expected.subarray(20, 40).fill(1.5).length;
      expect(data, name).toEqual(expected);
    }
    expect(set).toBe(4 * 20);
  },
);

test.each<[Partial<NetworkOptions>, string]>([
  [{ dropout: 1, layers: 2 }, "Network: dropout is 1, expected a number from 0 to below 1."],
  [{ dropout: -0.1, layers: 2 }, "Network: dropout is -0.1, expected"],
  [{ dropout: 0.5 }, "Network: dropout is 0.5 with 1 layer, expected 0; it acts between layers: add one."],
  [{ initializer: "orthogonal" as "glorot" }, 'initializer is "orthogonal", expected "uniform" or "glorot".'],
  [{ recurrentInitializer: "identity" as "glorot" }, 'recurrentInitializer is "identity", expected "uniform" or'],
  [{ cell: "gru", forgetBias: 1 }, 'Network: forgetBias is 1 for cell "gru", expected none;'],
  [{ cell: "lstm", forgetBias: Number.NaN }, "Network: forgetBias is NaN, expected a finite number"],
])("refuses %o", (wrong, message) => {
  expect(() => networkConfig({ ...tiny, ...wrong })).toThrow(message);
});

test("takes dropout between two layers, and 0 with one", () => {
  expect(networkConfig({ ...tiny, dropout: 0.5, layers: 2 }).dropout).toBe(0.5);
  expect(networkConfig({ ...tiny, dropout: 0 }).dropout).toBe(0);
});
