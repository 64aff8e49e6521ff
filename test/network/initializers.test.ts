import { expect, test } from "vitest";
import { initialParameters, type NetworkOptions, networkConfig } from "../../src/index";

const options: NetworkOptions = {
  cell: "lstm",
  inputs: 6,
  hidden: 10,
  outputs: 4,
  input: "tokens",
  readout: "every-step",
};
const parametersOf = (more: Partial<NetworkOptions>) => initialParameters(networkConfig({ ...options, ...more }));

test("orthogonal recurrent weights are orthonormal gate by gate", () => {
  const { data } = parametersOf({ recurrentInitializer: "orthogonal" }).get("layer0.recurrentWeight")!;
  for (let gate = 0; gate < 4; gate++) {
    const at = (row: number, column: number) => data[row * 40 + gate * 10 + column]!;
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 10; j++) {
        const dot = Array.from({ length: 10 }, (_, k) => at(i, k) * at(j, k)).reduce((sum, value) => sum + value);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    }
  }
});

test("Glorot's bound is that of each gate, biases begin at zero, and the forget gate's where it is told", () => {
  const values = parametersOf({ initializer: "glorot", recurrentInitializer: "glorot", forgetBias: 1 });
  for (const [name, fans] of [
    ["layer0.inputWeight", 16],
    ["layer0.recurrentWeight", 20],
    ["outputWeight", 14],
  ] as const) {
    const largest = Math.max(...values.get(name)!.data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / fans));
    expect(largest).toBeGreaterThan(0.8 * Math.sqrt(6 / fans));
  }
  expect([...values.get("layer0.bias")!.data]).toEqual([
    ...Array(10).fill(0),
    ...Array(10).fill(1),
    ...Array(20).fill(0),
  ]);
  expect([...values.get("outputBias")!.data]).toEqual([0, 0, 0, 0]);
});

test.each([
  [{ forgetBias: 1, cell: "gru" as const }, 'forgetBias is 1 for cell "gru"'],
  [{ dropout: 1, layers: 2 }, "dropout is 1, expected a number from 0 to below 1"],
  [{ dropout: 0.5 }, "dropout is 0.5 with 1 layer"],
])("the options %o are refused", (more, message) => {
  expect(() => parametersOf(more)).toThrow(message);
});
