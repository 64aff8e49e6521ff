// Networks of parts: what is completed, and what does not go together.

import { expect, test } from "vitest";
import {
  defineCell,
  elman,
  embedding,
  everyStep,
  features,
  gru,
  initialParameters,
  lastStep,
  layer,
  lstm,
  networkConfig,
  type PartsOptions,
  peepholeLstm,
  tanh,
  tokens,
  type UniformOptions,
} from "../../src/index";

const parts: PartsOptions = { input: features(3), layers: [lstm(4)], readout: everyStep(2) };

test("what is not said has its default, also where it is given as undefined", () => {
  const unsaid = { bias: undefined, dropout: undefined, bidirectional: undefined, reset: undefined } as object;
  const given = {
    input: embedding(5, 3),
    layers: [gru(4, unsaid), lstm(3, { ...unsaid, projection: undefined, forgetBias: undefined } as object)],
    readout: everyStep(5, { bias: undefined, tied: undefined } as object),
    loss: undefined,
    seed: undefined,
  };
  const { reset: _, ...ofLstm } = given.layers[1] as object as Record<string, unknown>;
  const config = networkConfig({ ...given, layers: [given.layers[0], ofLstm] } as unknown as PartsOptions);
  expect(config).toMatchObject({
    layers: [
      { cell: "gru", hidden: 4, bidirectional: false, dropout: 0, bias: true, reset: "after" },
      { cell: "lstm", hidden: 3, bidirectional: false, dropout: 0, bias: true },
    ],
    readout: { kind: "every-step", outputs: 5, bias: true, tied: false },
    loss: "cross-entropy",
    seed: 1,
    initializer: "uniform",
  });
  expect(initialParameters(config).has("outputBias")).toBe(true);
});

test("the short form and its parts are one network", () => {
  const short: UniformOptions = {
    ...{ cell: "gru", reset: "before", inputs: 6, hidden: 5, outputs: 4, layers: 2, bidirectional: true },
    ...{ input: "tokens", readout: "last-step", dropout: 0.2, seed: 9 },
  };
  const own = { reset: "before", bidirectional: true } as const;
  const said: PartsOptions = {
    input: tokens(6),
    layers: [gru(5, own), gru(5, { ...own, dropout: 0.2 })],
    readout: lastStep(4),
    seed: 9,
  };
  expect(initialParameters(networkConfig(said))).toEqual(initialParameters(networkConfig(short)));
});

test("parameters are named and shaped by their layers", () => {
  const config = networkConfig({
    input: embedding(9, 5),
    layers: [lstm(8, { projection: 3, bidirectional: true, bias: false }), layer(peepholeLstm, 6), gru(5)],
    readout: everyStep(9, { tied: true, bias: false }),
  });
  const shapes = Object.fromEntries([...initialParameters(config)].map(([name, { shape }]) => [name, shape]));
  expect(shapes).toEqual({
    embeddingWeight: [9, 5],
    "layer0.inputWeight": [5, 32],
    "layer0.recurrentWeight": [3, 32],
    "layer0.projectionWeight": [8, 3],
    "layer0.reverse.inputWeight": [5, 32],
    "layer0.reverse.recurrentWeight": [3, 32],
    "layer0.reverse.projectionWeight": [8, 3],
    "layer1.inputWeight": [6, 24],
    "layer1.recurrentWeight": [6, 24],
    "layer1.bias": [24],
    "layer1.unitParameters": [3, 6],
    "layer2.inputWeight": [6, 15],
    "layer2.recurrentWeight": [5, 15],
    "layer2.bias": [15],
    "layer2.recurrentBias": [5],
  });
});

const named = defineCell({ name: "lstm", gates: ["a"], states: ["h"], step: ({ a }) => ({ h: tanh(a) }) });

test.each<[string, object, string]>([
  ["no layers", { layers: [] }, "Network: the number of layers is 0, expected an integer from 1 to 1000."],
  ["an unknown option", { hidden: 4 }, 'Network of parts: unknown option "hidden", expected one of input, layers'],
  ["options of the short form", { labelSmoothing: 0.1 }, 'Network of parts: unknown option "labelSmoothing"'],
  ["an input that is a word", { input: "tokens" }, 'Network: input is "tokens", expected what tokens(), features()'],
  ["an input of no width", { input: features(0) }, "Network: the features's width is 0"],
  ["an embedding of no tokens", { input: embedding(0, 3) }, "Network: the embedding's count is 0"],
  ["tokens of two sizes", { input: { ...tokens(4), width: 5 } }, "the tokens are 4 and as one-hot vectors 5 wide"],
  ["a layer that is a number", { layers: [4] }, "Network: "],
  ["an unknown cell", { layers: [layer("mgu" as "gru", 4)] }, 'Network: cell is "mgu", expected "elman" or "gru"'],
  ["a cell called as another", { layers: [layer(named, 4)] }, 'the cell that was defined is called "lstm"'],
  ["a layer of no width", { layers: [lstm(4), gru(1.5)] }, "Network, layer 1: hidden is 1.5"],
  ["a GRU that forgets", { layers: [layer("gru", 4, { forgetBias: 1 })] }, 'forgetBias is 1 for cell "gru"'],
  [
    "another cell's option",
    { layers: [layer("lstm", 4, { reset: "after" })] },
    'Network, layer 0 of cell "lstm": unknown option "reset"',
  ],
  ["a word that is none", { layers: [gru(4, { reset: "never" as "after" })] }, 'layer 0: reset is "never"'],
  ["a bias that is a number", { layers: [elman(4, { bias: 0 as never })] }, "layer 0: bias is 0, expected true or"],
  ["all dropped", { layers: [lstm(4, { dropout: 1 })] }, "layer 0: dropout is 1, expected a number from 0 to below 1"],
  [
    "tokens dropped",
    { input: tokens(4), layers: [lstm(4, { dropout: 0.5 })] },
    "layer 0 has dropout of tokens, expected none; embed them",
  ],
  [
    "a forget bias without biases",
    { layers: [lstm(4, { forgetBias: 1, bias: false })] },
    "forgetBias is 1 with bias false",
  ],
  ["a projection that widens", { layers: [lstm(4, { projection: 5 })] }, "projection is 5, expected an integer from 1"],
  ["a GRU's projection", { layers: [layer("gru", 4, { projection: 2 })] }, 'projection is 2 for cell "gru"'],
  [
    "a projection beside peepholes",
    { layers: [layer(peepholeLstm, 4, { projection: 2 })] },
    'projection is 2 for cell "peephole-lstm"',
  ],
  [
    "a readout that is a word",
    { readout: "every-step" },
    'Network: readout is "every-step", expected what everyStep()',
  ],
  ["no outputs", { readout: everyStep(0) }, "Network: the readout's outputs is 0"],
  [
    "class weights of other classes",
    { loss: { name: "cross-entropy", targets: "classes", labelSmoothing: 0, classWeights: [1] } },
    "Network: classWeights is",
  ],
  ["features tied", { readout: everyStep(2, { tied: true }) }, 'the readout is tied to the input "features"'],
  [
    "other tokens tied",
    { input: embedding(3, 4), readout: everyStep(2, { tied: true }) },
    "tied to an embedding of 3 tokens, 4 wide, expected embedding(2, 4)",
  ],
  [
    "another width tied",
    { input: embedding(2, 3), readout: everyStep(2, { tied: true }) },
    "tied to an embedding of 2 tokens, 3 wide, expected embedding(2, 4)",
  ],
  [
    "two directions tied",
    { input: embedding(2, 4), layers: [lstm(4, { bidirectional: true })], readout: everyStep(2, { tied: true }) },
    "a last layer of one direction",
  ],
])("refused is %s", (_, change, message) => {
  expect(() => networkConfig({ ...parts, ...change } as PartsOptions)).toThrow(message);
});
