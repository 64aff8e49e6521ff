// The translation of parameters against PyTorch's own outputs, and each direction against the other.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromPyTorch, toPyTorch } from "../../src/interchange/pytorch";
import { type FloatTensor, readSafetensors, type TensorData } from "../../src/interchange/safetensors";

function tensor(...shape: number[]): FloatTensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => i + 1) };
}

/** A state_dict of inputs 2, hidden 3, outputs 4. */
function stateDict(layers = 1): Map<string, TensorData> {
  const tensors = new Map([
    ["head.weight", tensor(4, 3)],
    ["head.bias", tensor(4)],
  ]);
  for (let layer = 0; layer < layers; layer++) {
    tensors.set(`weight_ih_l${layer}`, tensor(3, layer === 0 ? 2 : 3));
    tensors.set(`weight_hh_l${layer}`, tensor(3, 3));
    tensors.set(`bias_ih_l${layer}`, tensor(3));
    tensors.set(`bias_hh_l${layer}`, tensor(3));
  }
  return tensors;
}

function recording(name: string) {
  const file = readSafetensors(readFileSync(new URL(`../recordings/${name}.safetensors`, import.meta.url)));
  return {
    tensors: file.tensors,
    network: JSON.parse(file.metadata.network!),
    batch: JSON.parse(file.metadata.batch!),
  };
}

/** row·matrix + bias, with the matrix [rows, columns] */
function affine(row: number[], { shape, data }: TensorData, bias: ArrayLike<number>): number[] {
  const columns = shape[1]!;
  return Array.from({ length: columns }, (_, j) =>
    row.reduce((sum, x, i) => sum + x * data[i * columns + j]!, bias[j]!),
  );
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

  test.each([
    ["i-like-nlp", Math.tanh],
    ["elman-last-step", Math.tanh],
    ["elman-three-layers", Math.tanh],
    ["elman-relu", (a: number) => Math.max(0, a)],
  ])("gives parameters that compute the logits of the recording %s", (name, activate) => {
    const { tensors, network, batch } = recording(name);
    const parameters = fromPyTorch(tensors, network.layers);
    const expected = tensors.get("expected.logits")!;
    const { data: inputs } = tensors.get("inputs")!; // [steps, batch, inputs]
    const logits: number[][] = [];
    const hidden = Array.from({ length: batch.batch }, () =>
      Array.from({ length: network.layers }, () => new Array<number>(network.hidden).fill(0)),
    );
    for (let step = 0; step < batch.steps; step++) {
      for (const [row, states] of hidden.entries()) {
        const start = (step * batch.batch + row) * network.inputs;
        let below = Array.from(inputs.subarray(start, start + network.inputs));
        for (const [layer, state] of states.entries()) {
          const recurrent = affine(
            state,
            parameters.get(`layer${layer}.recurrentWeight`)!,
            parameters.get(`layer${layer}.bias`)!.data,
          );
          below = affine(below, parameters.get(`layer${layer}.inputWeight`)!, recurrent).map(activate);
          states[layer] = below;
        }
        logits.push(affine(below, parameters.get("outputWeight")!, parameters.get("outputBias")!.data));
      }
    }
    const got = (network.readout === "last-step" ? logits.slice(-batch.batch) : logits).flat();
    expect(got).toHaveLength(expected.data.length);
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(expected.data[i]!, 5);
  });

  test("ignores tensors of other names", () => {
    const tensors = stateDict()
      .set("expected.loss", tensor(1))
      .set("targets", { shape: [1], data: Int32Array.of(1) });
    expect(fromPyTorch(tensors)).toEqual(fromPyTorch(stateDict()));
  });

  test("returns copies", () => {
    const tensors = stateDict();
    const parameters = fromPyTorch(tensors);
    for (const { data, shape } of tensors.values()) {
      data.fill(0);
      shape.fill(0);
    }
    expect(parameters).toEqual(fromPyTorch(stateDict()));
  });

  test.each([...stateDict(2).keys()])("refuses a state_dict without %s, and one where it is I32", (name) => {
    const tensors = stateDict(2);
    const { shape, data } = tensors.get(name)!;
    tensors.set(name, { shape, data: Int32Array.from(data) });
    expect(() => fromPyTorch(tensors, 2)).toThrow(`fromPyTorch: tensor "${name}" is I32, expected F32 [`);
    tensors.delete(name);
    expect(() => fromPyTorch(tensors, 2)).toThrow(`fromPyTorch: tensor "${name}" is missing, expected F32 [`);
  });

  test.each<[string, TensorData, string]>([
    ["bias_hh_l0", tensor(5), "has shape [5] and 5 values, expected [hidden] = [3]"],
    ["bias_ih_l0", tensor(3, 1), "has shape [3, 1] and 3 values, expected [hidden] = [any]"],
    ["bias_hh_l0", tensor(3, 1), "has shape [3, 1] and 3 values, expected [hidden] = [3]"],
    ["weight_hh_l0", tensor(3, 4), "has shape [3, 4] and 12 values, expected [hidden, hidden] = [3, 3]"],
    ["weight_ih_l0", tensor(6), "has shape [6] and 6 values, expected [hidden, inputs] = [3, any]"],
    ["weight_ih_l0", tensor(2, 3), "has shape [2, 3] and 6 values, expected [hidden, inputs] = [3, 3]"],
    ["weight_ih_l1", tensor(3, 2), "has shape [3, 2] and 6 values, expected [hidden, hidden] = [3, 3]"],
    ["head.weight", tensor(4, 6), "has shape [4, 6] and 24 values, expected [outputs, hidden] = [4, 3]"],
    ["head.bias", tensor(3), "has shape [3] and 3 values, expected [outputs] = [4]"],
    ["head.bias", { shape: [4], data: new Float32Array(3) }, "has shape [4] and 3 values"],
  ])("refuses another shape of %s", (name, replacement, message) => {
    expect(() => fromPyTorch(stateDict(2).set(name, replacement), 2)).toThrow(
      `fromPyTorch: tensor "${name}" ${message}`,
    );
  });

  test.each(["gru", "lstm", "elman-bidirectional"])("refuses the recording %s, which is not of its cell", (name) => {
    const { tensors, network } = recording(name);
    expect(() => fromPyTorch(tensors, network.layers)).toThrow(
      "pass all parameters of an elman network of one direction",
    );
  });

  test("refuses a state_dict of more layers than it is asked for", () => {
    expect(() => fromPyTorch(stateDict(3), 2)).toThrow(
      'tensor "weight_hh_l2" is of a further layer, expected layers: 2;',
    );
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses %s layers", (layers) => {
    expect(() => fromPyTorch(stateDict(), layers)).toThrow(`fromPyTorch: layers is ${layers}, expected a whole number`);
  });
});

describe("toPyTorch", () => {
  test("is undone by fromPyTorch, for every size and number of layers", () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, size, size, size, fc.infiniteStream(fc.float()), (inputs, hidden, outputs, layers, values) => {
        const random = (...shape: number[]): TensorData => ({
          shape,
          data: tensor(...shape).data.map(() => values.next().value + 0), // -0 + 0 is 0, as it is after the biases are added
        });
        const parameters = new Map([
          ["outputWeight", random(hidden, outputs)],
          ["outputBias", random(outputs)],
        ]);
        for (let layer = 0; layer < layers; layer++) {
          parameters.set(`layer${layer}.inputWeight`, random(layer === 0 ? inputs : hidden, hidden));
          parameters.set(`layer${layer}.recurrentWeight`, random(hidden, hidden));
          parameters.set(`layer${layer}.bias`, random(hidden));
        }
        expect(fromPyTorch(toPyTorch(parameters, layers), layers)).toEqual(parameters);
      }),
      { numRuns: 50 },
    );
  });

  test("puts the whole bias in bias_ih and zeros in bias_hh", () => {
    const tensors = toPyTorch(fromPyTorch(stateDict()));
    expect(tensors.get("bias_ih_l0")).toEqual({ shape: [3], data: Float32Array.of(2, 4, 6) });
    expect(tensors.get("bias_hh_l0")).toEqual({ shape: [3], data: new Float32Array(3) });
    expect([...tensors.keys()].sort()).toEqual([...stateDict().keys()].sort());
  });

  test("gives back the parameters that a recording holds", () => {
    const { tensors, network } = recording("elman-three-layers");
    for (const [name, converted] of toPyTorch(fromPyTorch(tensors, network.layers), network.layers)) {
      expect(converted, name).toEqual(tensors.get(name));
    }
  });

  test("returns copies", () => {
    const parameters = fromPyTorch(stateDict());
    const tensors = toPyTorch(parameters);
    for (const { data, shape } of parameters.values()) {
      data.fill(0);
      shape.fill(0);
    }
    expect(tensors).toEqual(toPyTorch(fromPyTorch(stateDict())));
  });

  test("refuses missing parameters, other shapes and more layers than it is asked for", () => {
    const parameters = fromPyTorch(stateDict(2), 2);
    expect(() => toPyTorch(parameters)).toThrow('toPyTorch: tensor "layer1.recurrentWeight" is of a further layer');
    expect(() => toPyTorch(parameters, 3)).toThrow('toPyTorch: tensor "layer2.bias" is missing, expected F32 [hidden]');
    parameters.set("outputWeight", tensor(4, 3));
    expect(() => toPyTorch(parameters, 2)).toThrow(
      "has shape [4, 3] and 12 values, expected [hidden, outputs] = [3, 3]",
    );
  });
});
