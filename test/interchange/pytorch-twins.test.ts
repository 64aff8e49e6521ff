// What is exported means the same elsewhere: for all cells and options, what PyTorch's formulas compute from a file is what
// the network computes, or the file's tensors have no names of PyTorch's.
import { describe, expect, test } from "vitest";
import { type CellName, cellNames, choicesOf } from "../../src/cells/cells";
import {
  initialParameters,
  networkConfig,
  type ParameterValues,
  type PyTorchOptions,
  readCheckpoint,
  readSafetensors,
  referenceForward,
  saveNetwork,
  type TensorData,
  toPyTorch,
  type UniformConfig,
  type UniformOptions,
  writeSafetensors,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";

const size = { inputs: 3, hidden: 4, outputs: 5 };
const shape = { steps: 6, batch: 2 };

/** Each cell with each of its own options' words. */
const cells: Partial<UniformOptions>[] = cellNames.flatMap((cell) => {
  const choices = Object.entries(choicesOf({ cell })).flatMap(([name, words]) =>
    words.map((word) => ({ [name]: word })),
  );
  return choices.length > 0 ? choices.map((choice) => ({ cell, ...choice })) : [{ cell }];
});

const usual: Pick<UniformOptions, "input" | "readout"> = { input: "features", readout: "every-step" };
const others: Partial<UniformOptions>[] = [
  {},
  { layers: 3 },
  { bidirectional: true },
  { layers: 2, bidirectional: true, readout: "last-step" },
  { layers: 2, dropout: 0.3 },
  { input: "tokens" },
  { readout: "last-step" },
  { loss: "mean-squared-error" },
  { labelSmoothing: 0.2 },
  { classWeights: [1, 2, 3, 4, 5] },
  { initializer: "glorot" },
  { recurrentInitializer: "orthogonal" },
  { seed: 9 },
];

const table: [string, UniformConfig][] = [
  ...cells.flatMap((cell) => others.map((other) => ({ ...cell, ...other }))),
  { cell: "lstm" as const, forgetBias: 1 },
].map((options) => {
  const all = { ...usual, ...size, ...options } as UniformOptions;
  return [JSON.stringify(options), networkConfig(all)];
});

/** What PyTorch has for a cell; the library's options that a module is given there. */
const modules: Record<string, (options: UniformConfig) => Step> = {
  elman: ({ activation }) => rnn(activation === "relu" ? (a) => Math.max(a, 0) : Math.tanh),
  gru: () => gru,
  lstm: () => lstm,
};

/** A step of one row, from W_ih·x + b_ih and W_hh·h + b_hh, gate by gate. */
type Step = (x: number[][], h: number[][], state: { h: number[]; c: number[] }) => { h: number[]; c: number[] };

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** torch.nn.RNN */
const rnn =
  (f: (a: number) => number): Step =>
  ([x], [h], { c }) => ({ h: x!.map((a, j) => f(a + h![j]!)), c });

/** torch.nn.GRU: n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn)), h′ = (1 − z) ⊙ n + z ⊙ h */
const gru: Step = ([xr, xz, xn], [hr, hz, hn], { h, c }) => ({
  h: h.map((old, j) => {
    const n = Math.tanh(xn![j]! + sigmoid(xr![j]! + hr![j]!) * hn![j]!);
    const z = sigmoid(xz![j]! + hz![j]!);
    return (1 - z) * n + z * old;
  }),
  c,
});

/** torch.nn.LSTM: c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′) */
const lstm: Step = (x, h, { c }) => {
  const gate = (k: number, j: number) => x[k]![j]! + h[k]![j]!;
  const next = c.map((old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
  return { h: next.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value)), c: next };
};

/** matrix·row + bias, with the matrix [rows, columns], as torch.nn.Linear has it. */
const linear = ({ shape, data }: TensorData, bias: TensorData, row: readonly number[]): number[] =>
  Array.from(bias.data, (b, i) => row.reduce((sum, value, j) => sum + data[i * shape[1]! + j]! * value, b));

/** The logits of one sequence by PyTorch's documentation: its modules, and a Linear over `output`, or over h_n. */
function torch(tensors: ReadonlyMap<string, TensorData>, config: UniformConfig, sequence: number[][]): number[][] {
  const { hidden, layers, bidirectional, readout } = config;
  const step = modules[config.cell as CellName]!(config);
  const gatesOf = (row: number[]) =>
    Array.from({ length: row.length / hidden }, (_, k) => row.slice(k * hidden, (k + 1) * hidden));
  let outputs = sequence;
  let last: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const directions = (bidirectional ? ["", "_reverse"] : [""]).map((direction) => {
      const of = (name: string) => tensors.get(`${name}_l${layer}${direction}`)!;
      let state = { h: new Array<number>(hidden).fill(0), c: new Array<number>(hidden).fill(0) };
      const states = (direction ? [...outputs].reverse() : outputs).map((x) => {
        const fromInput = gatesOf(linear(of("weight_ih"), of("bias_ih"), x));
        state = step(fromInput, gatesOf(linear(of("weight_hh"), of("bias_hh"), state.h)), state);
        return state.h;
      });
      return { inTime: direction ? [...states].reverse() : states, final: state.h };
    });
    outputs = outputs.map((_, t) => directions.flatMap(({ inTime }) => inTime[t]!));
    last = directions.flatMap(({ final }) => final);
  }
  const head = (row: number[]) => linear(tensors.get("head.weight")!, tensors.get("head.bias")!, row);
  return readout === "every-step" ? outputs.map(head) : [head(last)];
}

/** Inputs, the network's logits of them by the reference, and how far PyTorch's formulas are from these. */
function errorOf(config: UniformConfig, parameters: ParameterValues, tensors: ReadonlyMap<string, TensorData>): number {
  const { steps, batch } = shape;
  const { inputs, outputs, input } = config;
  const targets = new Float32Array(steps * batch * outputs); // the loss is not looked at
  const given = input === "tokens" ? integers(steps * batch, 3, 0, inputs - 1) : numbers(steps * batch * inputs, 3, 2);
  const values = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const { logits } = referenceForward(config, values, { ...shape, inputs: given, targets });
  const rows = Array.from({ length: batch }, (_, row) => {
    const sequence = Array.from({ length: steps }, (_, t) => {
      const at = t * batch + row;
      if (input === "tokens") return Array.from({ length: inputs }, (_, i) => (given[at] === i ? 1 : 0));
      return Array.from(given.subarray(at * inputs, (at + 1) * inputs));
    });
    return torch(tensors, config, sequence);
  });
  const computed = rows[0]!.flatMap((_, t) => rows.flatMap((row) => row[t]!)); // time-major
  return worstError(computed, logits);
}

/** A file of a network with these parameters. */
const fileOf = (config: UniformConfig, parameters: ParameterValues) =>
  saveNetwork({ config, read: async () => parameters });

const before = table.filter(([, { cell, reset }]) => cell === "gru" && reset === "before");

test("the table has every option of every cell", () => {
  const options = new Set(table.flatMap(([, config]) => Object.keys(config)));
  expect(new Set(table.map(([, { cell }]) => cell))).toEqual(new Set<CellName>(cellNames));
  const differing = [...options].filter((name) => {
    const values = table.map(([, config]) => JSON.stringify(config[name as keyof UniformConfig]));
    return new Set(values).size > 1;
  });
  expect(differing.sort()).toEqual([...options].filter((name) => !Object.hasOwn(size, name)).sort());
  expect(before).toHaveLength(others.length);
});

describe.each(table)("a network of %s", (_, config) => {
  const parameters = initialParameters(config);

  test("exports what PyTorch computes the same from, or is refused; its own file says no less", async () => {
    const { metadata, tensors } = readSafetensors(await fileOf(config, parameters));
    if (config.cell === "gru" && config.reset === "before") {
      expect(() => toPyTorch(parameters, config)).toThrow(
        'toPyTorch: cell "gru" with reset "before" has no twin in PyTorch, expected what nn.RNN, nn.GRU or nn.LSTM computes; ',
      );
      expect([...tensors.keys()].filter((name) => /weight_|bias_|head/.test(name))).toEqual([]);
    } else {
      expect(errorOf(config, parameters, toPyTorch(parameters, config))).toBeLessThan(1e-14);
      expect(errorOf(config, parameters, tensors)).toBeLessThan(1e-14);
    }
    const read = await readCheckpoint(writeSafetensors(tensors, metadata));
    expect(read.network).toEqual(config);
    expect(read.parameters).toEqual(parameters);
  });
});

describe.each(before.slice(0, 3))("a GRU that resets before the product, of %s", (_, config) => {
  const parameters = initialParameters(config);
  const { layers, bidirectional } = config;
  const names: PyTorchOptions = { cell: "gru", layers, bidirectional };

  test("is another network by PyTorch's formula", () => {
    expect(errorOf(config, parameters, toPyTorch(parameters, names))).toBeGreaterThan(1e-3);
  });

  test("is read from a file of an earlier release, which has PyTorch's names", async () => {
    const { metadata } = readSafetensors(await fileOf(config, parameters));
    const read = await readCheckpoint(writeSafetensors(toPyTorch(parameters, names), metadata));
    expect(read.parameters).toEqual(parameters);
  });

  test("is refused where its file lacks a parameter, has another shape, a further one or another type", async () => {
    const { metadata, tensors } = readSafetensors(await fileOf(config, parameters));
    const name = "layer0.recurrentBias";
    const reading = (change: (tensors: Map<string, TensorData>) => void) => {
      const changed = new Map(tensors);
      change(changed);
      return readCheckpoint(writeSafetensors(changed, metadata));
    };
    const of = 'by metadata "network"; the file is damaged, fetch or write it again.';
    await expect(reading((all) => all.delete(name))).rejects.toThrow(
      `readCheckpoint: parameter "${name}" is missing, expected F32 [4] ${of}`,
    );
    await expect(reading((all) => all.set(name, { shape: [3], data: new Float32Array(3) }))).rejects.toThrow(
      `parameter "${name}" has shape [3], expected F32 [4] ${of}`,
    );
    await expect(reading((all) => all.set(name, { shape: [4], data: new Int32Array(4) }))).rejects.toThrow(
      `parameter "${name}" is I32, expected F32 [4] ${of}`,
    );
    await expect(
      reading((all) => all.set(`layer${layers}.bias`, { shape: [1], data: new Float32Array(1) })),
    ).rejects.toThrow(`tensor "layer${layers}.bias" is of no parameter`);
  });
});
