// Where the parameters of a network begin.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellNames, cellOf } from "../../src/cells/cells";
import { networkConfig, type UniformOptions } from "../../src/network/config";
import { initialParameters } from "../../src/network/initializers";

const tiny: UniformOptions = {
  ...{ cell: "elman", inputs: 1, hidden: 3, outputs: 1, seed: 7 },
  ...{ input: "tokens", readout: "last-step" },
};
const large: UniformOptions = { ...tiny, inputs: 30, hidden: 20, outputs: 50, layers: 2, bidirectional: true };

test("are refused at once where no device has room for one", () => {
  const huge = { cell: "lstm", inputs: 5, hidden: 1e6, outputs: 5, readout: "last-step" } as const;
  expect(() => initialParameters(networkConfig({ ...huge, input: "tokens" }))).toThrow(
    'initialParameters: the size of "layer0.recurrentWeight" [1000000, 4000000] is 4000000000000, expected an integer from 1 to 1073741824.',
  );
});

const valuesOf = (options: UniformOptions) => initialParameters(networkConfig(options));
const dataOf = (options: UniformOptions) =>
  Object.fromEntries([...valuesOf(options)].map(([name, { data }]) => [name, data]));

describe("the values of a seed are the same on every machine and in every release", () => {
  test("uniform", () => {
    expect(dataOf(tiny)).toEqual({
      "layer0.inputWeight": Float32Array.of(-0.5751016139984131, -0.0995376855134964, 0.22447264194488525),
      "layer0.recurrentWeight": Float32Array.of(
        ...[0.4322567284107208, -0.5630520582199097, 0.41755959391593933],
        ...[-0.5552999377250671, 0.22121316194534302, -0.1684408187866211],
        ...[-0.19125999510288239, 0.1090262234210968, -0.16186341643333435],
      ),
      "layer0.bias": Float32Array.of(-0.45264551043510437, 0.5764139294624329, -0.3498764932155609),
      outputWeight: Float32Array.of(0.17463475465774536, 0.3403952419757843, -0.1137281060218811),
      outputBias: Float32Array.of(-0.004324843641370535),
    });
  });

  test("Glorot and orthogonal", () => {
    expect(dataOf({ ...tiny, initializer: "glorot", recurrentInitializer: "orthogonal" })).toEqual({
      "layer0.inputWeight": Float32Array.of(-1.2199747562408447, -0.21115131676197052, 0.476178377866745),
      "layer0.recurrentWeight": Float32Array.of(
        ...[0.2264387011528015, 0.0874212235212326, -0.9700943231582642],
        ...[0.9715986251831055, 0.04998861998319626, 0.23129461705684662],
        ...[-0.06871373951435089, 0.9949164390563965, 0.07361898571252823],
      ),
      "layer0.bias": new Float32Array(3),
      outputWeight: Float32Array.of(-1.1690884828567505, 0.6695247292518616, -0.8353917002677917),
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
  const biases = (options: Partial<UniformOptions>) =>
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

test.each<[Partial<UniformOptions>, string]>([
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
