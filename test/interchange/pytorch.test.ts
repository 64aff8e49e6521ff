// The translation of parameters against PyTorch's own outputs, and each direction against the other.
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CellName } from "../../src/cells/cells";
import { fromPyTorch, toPyTorch } from "../../src/interchange/pytorch";
import type { PyTorchOptions } from "../../src/interchange/pytorch-options";
import { type FloatTensor, readSafetensors, type TensorData } from "../../src/interchange/safetensors";

const gateCounts = { elman: 1, gru: 3, lstm: 4 };

function tensor(...shape: number[]): FloatTensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => i + 1) };
}

/** A state_dict of inputs 2, hidden 3, outputs 4. */
function stateDict({ cell = "elman", layers = 1, bidirectional = false }: PyTorchOptions = {}) {
  const gates = 3 * gateCounts[cell as CellName];
  const states = bidirectional ? 6 : 3;
  const tensors = new Map<string, TensorData>([
    ["head.weight", tensor(4, states)],
    ["head.bias", tensor(4)],
  ]);
  for (let layer = 0; layer < layers; layer++) {
    for (const suffix of bidirectional ? [`_l${layer}`, `_l${layer}_reverse`] : [`_l${layer}`]) {
      tensors.set(`weight_ih${suffix}`, tensor(gates, layer === 0 ? 2 : states));
      tensors.set(`weight_hh${suffix}`, tensor(gates, 3));
      tensors.set(`bias_ih${suffix}`, tensor(gates));
      tensors.set(`bias_hh${suffix}`, tensor(gates));
    }
  }
  return tensors;
}

const folder = new URL("../recordings/", import.meta.url);
const recordings = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));

function recording(name: string) {
  const file = readSafetensors(readFileSync(new URL(name, folder)));
  return {
    tensors: file.tensors,
    network: JSON.parse(file.metadata.network!),
    batch: JSON.parse(file.metadata.batch!),
  };
}

/** row·matrix + bias, with the matrix [rows, columns] */
function affine(row: number[], { shape, data }: TensorData, bias?: TensorData): number[] {
  const columns = shape[1]!;
  return Array.from({ length: columns }, (_, j) =>
    row.reduce((sum, x, i) => sum + x * data[i * columns + j]!, bias ? bias.data[j]! : 0),
  );
}

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** h after each step of one sequence, by the equations of each cell. */
function sweep(
  parameters: Map<string, FloatTensor>,
  prefix: string,
  { cell, hidden, activation }: { cell: string; hidden: number; activation?: string },
  sequence: number[][],
): number[][] {
  const of = (name: string) => parameters.get(prefix + name)!;
  let h = new Array<number>(hidden).fill(0);
  let c = h;
  return sequence.map((x) => {
    const input = affine(x, of("inputWeight"), of("bias"));
    const recurrent = affine(h, of("recurrentWeight"));
    const gate = (index: number, j: number) => input[index * hidden + j]! + recurrent[index * hidden + j]!;
    if (cell === "lstm") {
      c = c.map((old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
      h = c.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
    } else if (cell === "gru") {
      h = h.map((old, j) => {
        const fromState = recurrent[2 * hidden + j]! + of("recurrentBias").data[j]!;
        const n = Math.tanh(input[2 * hidden + j]! + sigmoid(gate(0, j)) * fromState);
        const z = sigmoid(gate(1, j));
        return (1 - z) * n + z * old;
      });
    } else h = h.map((_, j) => (activation === "relu" ? Math.max(0, gate(0, j)) : Math.tanh(gate(0, j))));
    return h;
  });
}

describe("fromPyTorch", () => {
  test("transposes matrices and adds the two biases", () => {
    expect(fromPyTorch(stateDict())).toEqual(
      new Map([
        ["layer0.inputWeight", { shape: [2, 3], data: Float32Array.of(1, 3, 5, 2, 4, 6) }],
        ["layer0.recurrentWeight", { shape: [3, 3], data: Float32Array.of(1, 4, 7, 2, 5, 8, 3, 6, 9) }],
        ["layer0.bias", { shape: [3], data: Float32Array.of(2, 4, 6) }],
        ["outputWeight", { shape: [3, 4], data: Float32Array.of(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12) }],
        ["outputBias", { shape: [4], data: Float32Array.of(1, 2, 3, 4) }],
      ]),
    );
  });

  test("keeps the two biases of a GRU's candidate apart", () => {
    const parameters = fromPyTorch(stateDict({ cell: "gru" }), { cell: "gru" });
    expect(parameters.get("layer0.bias")!.data).toEqual(Float32Array.of(2, 4, 6, 8, 10, 12, 7, 8, 9));
    expect(parameters.get("layer0.recurrentBias")).toEqual({ shape: [3], data: Float32Array.of(7, 8, 9) });
  });

  test.each([
    ...["i-like-nlp", "elman-last-step", "elman-relu", "elman-three-layers", "elman-bidirectional"],
    ...["gru", "gru-two-layers-bidirectional", "lstm", "lstm-last-step", "lstm-two-layers"],
  ])("gives parameters that compute the logits of the recording %s", (name) => {
    const { tensors, network, batch } = recording(`${name}.safetensors`);
    const parameters = fromPyTorch(tensors, network);
    const { data: inputs } = tensors.get("inputs")!; // [steps, batch, inputs]
    const { data: expected } = tensors.get("expected.logits")!; // [steps or 1, batch, outputs]
    for (let row = 0; row < batch.batch; row++) {
      let states = Array.from({ length: batch.steps }, (_, step) => {
        const start = (step * batch.batch + row) * network.inputs;
        return Array.from(inputs.subarray(start, start + network.inputs));
      });
      for (let layer = 0; layer < network.layers; layer++) {
        const forward = sweep(parameters, `layer${layer}.`, network, states);
        if (network.bidirectional) {
          const reverse = sweep(parameters, `layer${layer}.reverse.`, network, [...states].reverse()).reverse();
          states = forward.map((state, step) => [...state, ...reverse[step]!]);
        } else states = forward;
      }
      const read = network.readout === "last-step" ? states.slice(-1) : states;
      expect(expected).toHaveLength(read.length * batch.batch * network.outputs);
      for (const [step, state] of read.entries()) {
        const logits = affine(state, parameters.get("outputWeight")!, parameters.get("outputBias")!);
        const start = (step * batch.batch + row) * network.outputs;
        for (const [k, logit] of logits.entries()) expect(logit).toBeCloseTo(expected[start + k]!, 5);
      }
    }
  });

  test("ignores tensors of other names", () => {
    const tensors = stateDict()
      .set("expected.loss", tensor(1))
      .set("targets", { shape: [1], data: Int32Array.of(1) });
    expect(fromPyTorch(tensors)).toEqual(fromPyTorch(stateDict()));
  });

  const deep = { cell: "gru", layers: 2, bidirectional: true } as const;

  test("returns copies", () => {
    const tensors = stateDict(deep);
    const parameters = fromPyTorch(tensors, deep);
    for (const { data, shape } of tensors.values()) {
      data.fill(0);
      shape.fill(0);
    }
    expect(parameters).toEqual(fromPyTorch(stateDict(deep), deep));
  });

  test.each([...stateDict(deep).keys()])("refuses a state_dict without %s, and one where it is I32", (name) => {
    const tensors = stateDict(deep);
    const { shape, data } = tensors.get(name)!;
    tensors.set(name, { shape, data: Int32Array.from(data) });
    expect(() => fromPyTorch(tensors, deep)).toThrow(`fromPyTorch: tensor "${name}" is I32, expected F32 [`);
    tensors.delete(name);
    if (name === "head.bias") return; // nn.Linear(bias=False)
    expect(() => fromPyTorch(tensors, deep)).toThrow(`fromPyTorch: tensor "${name}" is missing, expected F32 [`);
  });

  test.each<[string, TensorData, string]>([
    ["weight_hh_l0", tensor(9), "has shape [9] and 9 values, expected [3·hidden, hidden] = [any, any]"],
    ["weight_hh_l0", tensor(12, 3), "has shape [12, 3] and 36 values, expected [3·hidden, hidden] = [9, 3]"],
    ["weight_hh_l1_reverse", tensor(12, 4), "has shape [12, 4] and 48 values, expected [3·hidden, hidden] = [9, 3]"],
    ["bias_ih_l0", tensor(9, 1), "has shape [9, 1] and 9 values, expected [3·hidden] = [9]"],
    ["bias_hh_l0", tensor(3), "has shape [3] and 3 values, expected [3·hidden] = [9]"],
    ["weight_ih_l0", tensor(18), "has shape [18] and 18 values, expected [3·hidden, inputs] = [9, any]"],
    ["weight_ih_l0_reverse", tensor(9, 5), "has shape [9, 5] and 45 values, expected [3·hidden, inputs] = [9, 2]"],
    ["weight_ih_l1", tensor(9, 3), "has shape [9, 3] and 27 values, expected [3·hidden, 2·hidden] = [9, 6]"],
    ["head.weight", tensor(4, 3), "has shape [4, 3] and 12 values, expected [outputs, 2·hidden] = [4, 6]"],
    ["head.bias", tensor(3), "has shape [3] and 3 values, expected [outputs] = [4]"],
    ["head.bias", { shape: [4], data: new Float32Array(3) }, "has shape [4] and 3 values"],
  ])("refuses another shape of %s", (name, replacement, message) => {
    expect(() => fromPyTorch(stateDict(deep).set(name, replacement), deep)).toThrow(
      `fromPyTorch: tensor "${name}" ${message}`,
    );
  });

  test.each([
    ["elman", "gru"],
    ["gru", "lstm"],
    ["lstm", "elman"],
  ] as const)('refuses as cell "%s" the parameters of cell "%s"', (cell, other) => {
    expect(() => fromPyTorch(stateDict({ cell: other }), { cell })).toThrow(
      `pass all parameters of a network of cell "${cell}", layers 1 and bidirectional false, or the options of this one.`,
    );
  });

  test("refuses more layers or directions than it is asked for", () => {
    expect(() => fromPyTorch(stateDict({ layers: 3 }), { layers: 2 })).toThrow(
      'tensor "weight_hh_l2" is of a further layer, expected layers: 2;',
    );
    expect(() => fromPyTorch(stateDict({ bidirectional: true }), { bidirectional: false })).toThrow(
      'tensor "weight_hh_l0_reverse" is of a reverse direction, expected bidirectional: false;',
    );
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses %s layers", (layers) => {
    const message = `fromPyTorch: layers is ${layers}, expected a whole number`;
    expect(() => fromPyTorch(stateDict(), { layers })).toThrow(message);
  });

  test.each<[string, unknown, string]>([
    ["cell", "toString", 'cell is "toString", expected "elman" or "gru" or "lstm"; '],
    ["reset", "befor", 'reset is "befor", expected "after" or "before"; '],
    ["bidirectional", "false", 'bidirectional is "false", expected false or true; '],
  ])("refuses another %s than there is", (name, word, message) => {
    const options = { cell: "gru", [name]: word } as PyTorchOptions;
    expect(() => fromPyTorch(stateDict({ cell: "gru" }), options)).toThrow(`fromPyTorch: ${message}`);
  });

  test("refuses a GRU whose h is projected, and one that resets before the product", () => {
    const projected = stateDict({ cell: "gru" }).set("weight_hr_l0", tensor(3, 3));
    expect(() => fromPyTorch(projected, { cell: "gru" })).toThrow(
      'fromPyTorch: tensor "weight_hr_l0" is of a projection, expected none of cell "gru"; pass cell: "lstm".',
    );
    expect(() => fromPyTorch(stateDict({ cell: "gru" }), { cell: "gru", reset: "before" })).toThrow(
      'fromPyTorch: cell "gru" with reset "before" has no twin in PyTorch',
    );
  });
});

describe("toPyTorch", () => {
  test("is undone by fromPyTorch, for every cell, size, depth and number of directions", () => {
    const size = fc.integer({ min: 1, max: 4 });
    const options = fc.record({
      cell: fc.constantFrom("elman", "gru", "lstm"),
      layers: fc.integer({ min: 1, max: 3 }),
      bidirectional: fc.boolean(),
    });
    const numbers = fc.infiniteStream(fc.float({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(options, size, size, size, numbers, (network, inputs, hidden, outputs, values) => {
        const random = (...shape: number[]): TensorData => ({
          shape,
          data: tensor(...shape).data.map(() => values.next().value + 0), // -0 + 0 is 0, as it is after the biases are added
        });
        const gates = gateCounts[network.cell] * hidden;
        const states = network.bidirectional ? 2 * hidden : hidden;
        const parameters = new Map([
          ["outputWeight", random(states, outputs)],
          ["outputBias", random(outputs)],
        ]);
        for (let layer = 0; layer < network.layers; layer++) {
          for (const prefix of [`layer${layer}.`, ...(network.bidirectional ? [`layer${layer}.reverse.`] : [])]) {
            parameters.set(`${prefix}inputWeight`, random(layer === 0 ? inputs : states, gates));
            parameters.set(`${prefix}recurrentWeight`, random(hidden, gates));
            parameters.set(`${prefix}bias`, random(gates));
            if (network.cell === "gru") parameters.set(`${prefix}recurrentBias`, random(hidden));
          }
        }
        expect(fromPyTorch(toPyTorch(parameters, network), network)).toEqual(parameters);
      }),
      { numRuns: 50 },
    );
  });

  test("puts the whole bias in bias_ih and zeros in bias_hh, but for a GRU's candidate", () => {
    const tensors = toPyTorch(fromPyTorch(stateDict({ cell: "gru" }), { cell: "gru" }), { cell: "gru" });
    expect(tensors.get("bias_ih_l0")!.data).toEqual(Float32Array.of(2, 4, 6, 8, 10, 12, 7, 8, 9));
    expect(tensors.get("bias_hh_l0")).toEqual({ shape: [9], data: Float32Array.of(0, 0, 0, 0, 0, 0, 7, 8, 9) });
    expect([...tensors.keys()].sort()).toEqual([...stateDict().keys()].sort());
    expect(toPyTorch(fromPyTorch(stateDict())).get("bias_hh_l0")!.data).toEqual(new Float32Array(3));
  });

  test.each(recordings)("gives back the parameters that %s holds", (name) => {
    const { tensors, network } = recording(name);
    const { cell, layers, bidirectional } = network; // a recording has these names whatever a GRU's reset
    const options = { cell, layers, bidirectional };
    const converted = toPyTorch(fromPyTorch(tensors, options), options);
    const held = [...tensors].filter(([key]) => /^(weight|bias|head)[._]/.test(key));
    expect(converted).toEqual(new Map(held));
  });

  test("returns copies", () => {
    const parameters = fromPyTorch(stateDict({ cell: "gru" }), { cell: "gru" });
    const tensors = toPyTorch(parameters, { cell: "gru" });
    const before = structuredClone(tensors);
    for (const { data, shape } of parameters.values()) {
      data.fill(0);
      shape.fill(0);
    }
    expect(tensors).toEqual(before);
  });

  test("refuses missing parameters, other shapes, and more layers or directions than it is asked for", () => {
    const options = { cell: "gru", layers: 2, bidirectional: true } as const;
    const parameters = fromPyTorch(stateDict(options), options);
    const convert = (changes: PyTorchOptions) => () => toPyTorch(parameters, { ...options, ...changes });
    expect(convert({ layers: 1 })).toThrow('toPyTorch: tensor "layer1.inputWeight" is of a further layer');
    expect(convert({ bidirectional: false })).toThrow('tensor "layer0.reverse.inputWeight" is of a reverse');
    expect(convert({ layers: 1e9 })).toThrow("layers is 1000000000, expected no more than the 18 tensors");
    expect(convert({ layers: 3 })).toThrow('"layer2.recurrentWeight" is missing, expected F32 [hidden, 3·hidden]');
    parameters.set("outputWeight", tensor(3, 4));
    expect(convert({})).toThrow("has shape [3, 4] and 12 values, expected [2·hidden, outputs] = [6, 4]");
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("parameters of %f are not handed on", (value) => {
  const parameters = fromPyTorch(stateDict());
  parameters.get("outputBias")!.data[1] = value;
  const said = `toPyTorch: "outputBias"[1] is ${value}, expected a finite number`;
  expect(() => toPyTorch(parameters, { cell: "elman" })).toThrow(said);
});
