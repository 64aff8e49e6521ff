// PyTorch's recordings, computed on the reference, in Node and in Chromium.

import { describe, expect, test } from "vitest";
import { type Model, readModel } from "../../demo/terminal/model-file";
import { computeModelOnReference } from "../../demo/terminal/model-on-reference";
import { compare, verifyRecording } from "../../demo/terminal/recording";
import { type Recording, readRecording } from "../../demo/terminal/recording-file";
import { computeOnReference } from "../../demo/terminal/recording-on-reference";
import { readSafetensors, writeSafetensors } from "../../src/index";
import { bytesOf, differing, models, names } from "./recordings";

const stacks = [["elman-three-layers", "wavefront"] as const, ["lstm-two-layers", "wavefront"] as const];

// All of them in each schedule: places-long.test.ts.
const recorded = [
  ...["i-like-nlp", "elman-ragged-last-step", "gru-ragged-tokens", "gru-reset-before", "lstm-state"],
  ...["gru-two-layers-bidirectional", "lstm-wide", "train-adam", "train-truncated"],
];
const whole = ["embedding-tied", "encoder-decoder-gru", "minlstm", "projection", "slstm"];
const some = [...recorded, ...whole];

describe("all recordings and whole models agree", () => {
  const all = [...names, ...models];
  test("on the reference", async () => {
    const files = all.map((name) => [name] as const);
    expect(await differing("reference", "fused", files)).toEqual([]);
  });
  test("on an ONNX runtime, exported", async () => {
    const files = all.map((name) => [name] as const);
    expect(await differing("onnx", "fused", files)).toEqual([]);
  });
  // On one device, which compiles once what they share.
  test("in Node, fused, and some of each kind unrolled, persistent and as a wavefront", async () => {
    const others = ["unrolled", "persistent"] as const;
    const files = [
      ...all.map((name) => [name, "fused"] as const),
      ...some.flatMap((name) => others.map((one) => [name, one] as const)),
      ...stacks,
    ];
    expect(await differing("node", "fused", files)).toEqual([]);
  }, 600_000);
});

test("some of each kind agree in Chromium, and stacked layers as a wavefront", async () => {
  const files = some.map((name) => [name] as const);
  expect(await differing("chromium", "fused", [...files, ...stacks])).toEqual([]);
});

// All of them on both kinds of device: places-long.test.ts.
test("some agree on a device with the limits of compatibility mode", async () => {
  const files = ["gru-reset-before", "train-adam"].map((name) => [name] as const);
  expect(await differing("node", "fused", files, "compatibility")).toEqual([]);
});

describe("a verification", () => {
  test("names the first tensor that differs, and any value that is not a number", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("elman-state"));
    for (const [name, spoil] of [
      ["grad.hidden", (value: number) => value + 1e-3],
      ["expected.logits", () => Number.NaN],
    ] as const) {
      const tensor = tensors.get(name)!;
      const data = tensor.data.slice();
      data[0] = spoil(data[0]!);
      const recording = readRecording(
        writeSafetensors(new Map(tensors).set(name, { ...tensor, data }), metadata),
      ) as Recording;
      expect(compare(recording, computeOnReference(recording)).differs).toBe(name);
    }
  });

  test("fails where there is nothing to compare", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("elman-state"));
    const inputs = [...tensors].filter(([name]) => !/^(expected|grad)\./.test(name));
    const recording = readRecording(writeSafetensors(inputs, metadata)) as Recording;
    expect(compare(recording, computeOnReference(recording)).differs).toBe("nothing to compare");
  });

  test("holds every tensor that a recording expects against something", async () => {
    for (const name of names) {
      const recording = readRecording(await bytesOf(name)) as Recording;
      const computed = computeOnReference(recording);
      const expected = [...recording.tensors.keys()].filter((key) => /^(expected|grad|after)\./.test(key));
      expect(expected.filter((key) => !computed.has(key))).toEqual([]);
      const missing = new Map(computed);
      missing.delete(expected.at(-1)!);
      expect(compare(recording, missing).differs).toBe(expected.at(-1));
    }
  });

  test("says what a recording needs that is not there", async () => {
    const { metadata, tensors } = readSafetensors(await bytesOf("train-adam"));
    const network = JSON.stringify({ ...JSON.parse(metadata.network!), cell: "mgu" });
    const training = JSON.stringify({ steps: 1, optimizer: { kind: "lion", learningRate: 1 } });
    const bytes = writeSafetensors(tensors, { ...metadata, network, training });
    expect(await verifyRecording(bytes, "reference")).toEqual({ unsupported: ["cell mgu", "optimizer lion"] });
  });

  test("holds every tensor that a model expects against something", async () => {
    for (const name of models) {
      const model = readModel(await bytesOf(name)) as Model;
      const computed = computeModelOnReference(model);
      const expected = [...model.tensors.keys()].filter((key) => /^(expected|gradient|after)\./.test(key));
      expect(expected.filter((key) => !computed.has(key))).toEqual([]);
      for (const key of expected) {
        const other = Float32Array.from(computed.get(key)!, (value) => value + 1e-2);
        expect(compare(model, new Map(computed).set(key, other)).differs).toBe(key);
      }
    }
  });

  test("is of all 38 recordings and 21 models", () => {
    expect(names).toHaveLength(38);
    expect(models).toHaveLength(21);
  });
});

describe("a model's file", () => {
  const spoiled = async (name: string, change: (file: ReturnType<typeof readSafetensors>) => void) => {
    const file = readSafetensors(await bytesOf(name));
    change(file);
    return writeSafetensors(file.tensors, file.metadata);
  };
  const metadataOf = (name: string, key: string, change: object) =>
    spoiled(name, ({ metadata }) => {
      metadata[key] = JSON.stringify({ ...JSON.parse(metadata[key]!), ...change });
    });

  test("is told what of it is not known", async () => {
    const layers = [{ cell: "mgu", hidden: 8, zoneout: 0.1 }];
    const bytes = await metadataOf("huber", "model", { layers, loss: "hinge", attention: true });
    const unsupported = ["model's attention", "cell mgu", "layer's zoneout", "loss hinge"];
    expect(readModel(bytes)).toEqual({ unsupported });
    const both = await metadataOf("indrnn", "model", { layers: [{ cell: "indrnn", hidden: 11, bidirectional: true }] });
    expect(readModel(both)).toEqual({ unsupported: ["layer's bidirectional"] });
    const trained = await metadataOf("two-rates", "training", { optimizer: "lion", momentum: 0.9 });
    expect(readModel(trained)).toEqual({ unsupported: ["training's momentum", "optimizer lion"] });
  });

  test.each<[string, string, string, object, string]>([
    [
      "sizes that its tensors have not",
      "huber",
      "model",
      { inputs: 4 },
      'tensor "parameter.rnn.0.weight_ih_l0" is F32 "[32,3]"',
    ],
    ["layers that are none", "huber", "model", { layers: 3 }, '"model"\'s layers is 3, expected an array of objects'],
    [
      "a layer that is none",
      "huber",
      "model",
      { layers: [null] },
      '"model"\'s layers is null, expected an array of objects',
    ],
    ["sizes that are none", "huber", "model", { outputs: -1 }, "the readout's outputs is -1"],
    ["parts that do not go together", "huber", "model", { tied: true }, "the readout is tied to the input"],
    ["steps that its tensors have not", "huber", "batch", { steps: 7 }, 'tensor "inputs" is F32 "[6,5,3]"'],
    [
      "steps that are none",
      "huber",
      "batch",
      { steps: "6" },
      '"batch"\'s steps is "6", expected a whole number of 1 or more',
    ],
    [
      "training steps that are none",
      "two-rates",
      "training",
      { steps: 13 },
      'tensor "training.inputs" is I32 "[12,6,3]", expected I32 [13, 6, 3]',
    ],
    ["rates that are none", "two-rates", "training", { learningRates: { fc: "1" } }, 'a learning rate is "1"'],
    ["frozen parameters that are none", "two-rates", "training", { frozen: "fc" }, '"training"\'s frozen is "fc"'],
  ])("is refused for %s", async (_, name, key, change, message) => {
    const bytes = await metadataOf(name, key, change);
    expect(() => readModel(bytes)).toThrow(message);
  });

  test.each([
    ["two-rates", "parameter.rnn.0.bias_hh_l0", 3], // of r: it has one bias here
    ["embedding-tied", "parameter.fc.weight", 7],
  ])("is refused for what the library has no parameter for: %s, %s", async (name, tensor, at) => {
    const bytes = await spoiled(name, ({ tensors }) => {
      tensors.get(tensor)!.data[at]! += 0.5;
    });
    expect(() => readModel(bytes)).toThrow(`tensor "${tensor}" is`);
  });
});
