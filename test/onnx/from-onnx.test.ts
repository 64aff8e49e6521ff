// ONNX models as networks: those that toOnnx wrote to the bit, and those of PyTorch's exporter by what they compute.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
  type NetworkOptions,
  networkConfig,
  type PartsOptions,
  peepholeLstm,
  quantile,
  referenceForward,
  sigmoid,
  TempogradError,
  tanh,
  tokens,
  Vocabulary,
} from "../../src/index";
import type { ValueLoss } from "../../src/losses/loss";
import { GraphBuilder } from "../../src/onnx/builder";
import { fromOnnx, type OnnxOptions, toOnnx } from "../../src/onnx/index";
import { type Graph, modelBytes } from "../../src/onnx/model";
import { readModel } from "../../src/onnx/read-model";
import { architectureOf } from "../../src/parts/architecture";
import { networkOf, partsCases } from "../network/parts-networks";
import { worstError } from "../numbers";
import { kerasModel } from "./keras-graphs";

const parametersOf = (options: NetworkOptions) => initialParameters(networkConfig(options));

/** Reads what was written, and holds it to be the same network with the same bytes. */
function expectBack(options: NetworkOptions, how: OnnxOptions = {}, cells: Parameters<typeof fromOnnx>[1] = {}) {
  const config = networkConfig(options);
  const parameters = parametersOf(config);
  const file = toOnnx(parameters, config, how);
  const { loss } = architectureOf(config);
  const losses = loss.targets === "values" ? [loss as ValueLoss] : [];
  const read = fromOnnx(file, { losses, ...cells });
  expect(JSON.stringify(read.network)).toBe(JSON.stringify(config));
  expect([...read.parameters.keys()]).toEqual([...parameters.keys()]);
  const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  for (const [name, { shape, data }] of how.weights === "float16" ? [] : parameters) {
    const own = read.parameters.get(name)!;
    expect(own.shape, name).toEqual(shape);
    expect(isSame(new Uint8Array(own.data.buffer), new Uint8Array(data.buffer)), name).toBe(true);
  }
  expect(isSame(toOnnx(read.parameters, read.network, how), file)).toBe(true);
  return read;
}

test("any network of parts comes back to the bit from what toOnnx wrote", () => {
  fc.assert(
    fc.property(
      partsCases({ layers: 2, size: 9 }),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom("float32", "float16"),
      (shape, lengths, wanted, weights) => {
        const options = networkOf(shape);
        expectBack(options, { lengths, weights, states: wanted && !options.encoder });
      },
    ),
    { numRuns: 20 },
  );
});

const gruOf = (kind: "apart" | "projected") =>
  kind === "apart"
    ? defineCell({
        ...{ name: "own-gru", gates: ["r", "z", "n"], states: ["h"], apart: { m: "n" } },
        step({ r, z, n, m }, { h }) {
          const candidate = tanh(n.plus(sigmoid(r).times(m)));
          return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
        },
      })
    : defineCell({
        ...{ name: "own-gru", gates: ["r", "z", "n"], states: ["h"], parameters: { p: "unit" } },
        projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
        step({ z, n }, { h }, { p }) {
          const candidate = tanh(n.times(p));
          return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
        },
      });

describe("comes back to the bit", () => {
  const adaptive = { cutoffs: [2, 5], divValue: 2 };
  test.each<[string, NetworkOptions]>([
    ["an adaptive readout", { input: tokens(5), layers: [lstm(8)], readout: everyStep(9, { adaptive }) }],
    ["what is tied", { input: embedding(7, 4), layers: [lstm(4)], readout: everyStep(7, { tied: true }) }],
    [
      "the short form",
      {
        ...{ cell: "gru", reset: "before", layers: 2, bidirectional: true, inputs: 5, hidden: 4, outputs: 5 },
        ...{ input: "tokens", readout: "last-step", labelSmoothing: 0.1 },
      },
    ],
    [
      "a loss of one's own options",
      { input: features(2), layers: [lstm(3)], readout: lastStep(3), loss: quantile([0.1, 0.5, 0.9]) },
    ],
  ])("%s", (_, options) => {
    expectBack(options);
    expectBack(options, { lengths: true, states: true, weights: "float16" });
  });

  test.each(["apart", "projected"] as const)("a cell of one's own, whose last product is %s", (kind) => {
    const cell = gruOf(kind);
    const options = { input: tokens(5), layers: [layer(cell, 4, { bidirectional: true })], readout: everyStep(3) };
    expectBack(options, { lengths: true }, { cells: [cell] });
    const file = toOnnx(parametersOf(options), options);
    expect(() => fromOnnx(file)).toThrow('fromOnnx: metadata "network" is refused (Network: cell is "own-gru"');
    const other = gruOf(kind === "apart" ? "projected" : "apart");
    expect(() => fromOnnx(file, { cells: [other] })).toThrow(
      /^fromOnnx: .* is not as toOnnx writes it|has \d+ numbers/,
    );
  });

  test("about", () => {
    const about = Vocabulary.fromText("to be");
    const read = expectBack({ input: tokens(4), layers: [lstm(3)], readout: everyStep(4) }, { about });
    expect(Vocabulary.fromJSON(read.about).symbols).toEqual(about.symbols);
    expect(expectBack({ input: tokens(4), layers: [lstm(3)], readout: everyStep(4) }).about).toBe(undefined);
  });
});

const folder = join(import.meta.dirname, "pytorch");
type Values = { shape: number[]; data: number[] };
type Recorded = { inputs: Record<string, Values>; outputs: Record<string, Values> };
const recorded = (name: string) => ({
  file: readFileSync(join(folder, `${name}.onnx`)),
  ...(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Recorded),
});

/** [batch, steps, …] as [steps, batch, …]. */
function turned({ shape, data }: Values): Values {
  const [rows, columns, ...more] = shape as [number, number];
  const width = more.reduce((a, b) => a * b, 1);
  const at = (step: number, row: number) =>
    data.slice((row * columns + step) * width, (row * columns + step + 1) * width);
  const turned = Array.from({ length: columns }, (_, step) => Array.from({ length: rows }, (_, row) => at(step, row)));
  return { shape: [columns, rows, ...more], data: turned.flat(2) };
}

/** What the reference computes of a file's inputs, beside what the file's maker computed. */
function computed(read: ReturnType<typeof fromOnnx>, { inputs, outputs }: Recorded, timeMajor: boolean) {
  const { network, parameters } = read;
  const { input, readout, layers } = architectureOf(network);
  const given = inputs.tokens ?? inputs.x!;
  const x = timeMajor ? given : turned(given);
  const [steps, batch] = x.shape as [number, number];
  const own = Object.fromEntries([...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]));
  const rows = readout.kind === "every-step" ? steps * batch : batch;
  const forward = referenceForward(network, own, {
    ...{ steps, batch },
    inputs: input.tokens === undefined ? Float32Array.from(x.data) : Int32Array.from(x.data),
    targets:
      architectureOf(network).loss.targets === "classes"
        ? new Int32Array(rows)
        : new Float32Array(rows * readout.outputs),
    ...(inputs.lengths && { lengths: Int32Array.from(inputs.lengths.data) }),
    ...(inputs.h0 && { initialState: Float32Array.from(inputs.h0.data) }),
    ...(inputs.c0 && { initialCellState: Float32Array.from(inputs.c0.data) }),
  } as never);
  const [said] = Object.entries(outputs) as [[string, Values]];
  const expected = readout.kind === "last-step" || timeMajor ? said[1] : turned(said[1]);
  const answer = said[0] === "p" ? forward.probabilities : forward.logits;
  return { answer, expected: expected.data, forward, layers };
}

const ofPyTorch: [name: string, timeMajor: boolean, said: string][] = [
  ["embedding-lstm", false, "embedding 11×5, lstm 6, lstm 6, every-step 4"],
  ["bidirectional-gru", true, "features 3, gru 5 ⇄, gru 5 ⇄, every-step 2"],
  ["rnn-relu-last", false, "features 3, elman relu 6, last-step 4"],
  ["gru-last-time-major", true, "features 3, gru 6, gru 6, last-step 4"],
  ["bidirectional-lstm-classes", false, "embedding 9×4, lstm 5 ⇄, lstm 5 ⇄, last-step 3"],
  ["lengths", false, "embedding 9×4, lstm 5, last-step 3"],
  ["stateful", true, "features 3, lstm 4, lstm 4, every-step 2"],
  ["bare-gru", false, "features 3, gru 4 ⇄, gru 4 ⇄, every-step hidden"],
  ["tied-without-biases", false, "embedding 7×6, elman tanh 6 no bias, every-step 7 tied no bias"],
  ["not-folded", false, "embedding 8×4, lstm 5 ⇄, lstm 5 ⇄, every-step 3"],
  ["not-free", false, "embedding 8×4, gru 5, gru 5, every-step 3"],
  ["opset-11", false, "embedding 9×4, gru 5 ⇄, lstm 6, every-step 3"],
  ["last-of-answers", false, "features 3, gru 4, last-step 1"],
  ["opset-17", false, "embedding 9×4, gru 5 ⇄, lstm 6, every-step 3"],
];

function summary({ input, layers, readout }: PartsOptions): string {
  const ofInput = input.kind === "embedding" ? `${input.tokens}×${input.width}` : input.width;
  const ofLayers = layers.map(
    ({ cell, activation, hidden, bidirectional, bias }) =>
      `${typeof cell === "string" ? cell : cell.name}${activation ? ` ${activation}` : ""} ${hidden}${bidirectional ? " ⇄" : ""}${bias ? "" : " no bias"}`,
  );
  const { kind, outputs, tied, bias } = readout;
  const ofReadout = `${kind} ${outputs}${tied ? " tied" : ""}${bias || outputs === "hidden" ? "" : " no bias"}`;
  return [`${input.kind} ${ofInput}`, ...ofLayers, ofReadout].join(", ");
}

describe("what PyTorch's exporter wrote", () => {
  test("is all there", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
    expect(ofPyTorch.map(([name]) => `${name}.onnx`).sort()).toEqual(files.sort());
  });

  test.each(ofPyTorch)("%s computes here what it computed there", (name, timeMajor, said) => {
    const record = recorded(name);
    const read = fromOnnx(record.file);
    expect(summary(read.network as PartsOptions)).toBe(said);
    const { answer, expected, forward } = computed(read, record, timeMajor);
    expect(worstError(answer, expected)).toBeLessThan(1e-5);
    if (!record.outputs.c) return;
    expect(worstError(forward.finalState, record.outputs.h!.data)).toBeLessThan(1e-5);
    expect(worstError(forward.finalCellState, record.outputs.c.data)).toBeLessThan(1e-5);
  });
});

/** A file that toOnnx wrote, with another graph or without its metadata. */
function changed(file: Uint8Array, change: (graph: Graph) => Graph, metadata?: Record<string, string>) {
  const model = readModel(file);
  return modelBytes({ graph: change(model.graph), metadata: metadata ?? model.metadata! });
}

test("what toOnnx wrote is read without its metadata too, as others' models are", () => {
  const options: PartsOptions = {
    input: tokens(5),
    layers: [
      gru(4, { bidirectional: true, reset: "before" }),
      elman(3, { activation: "relu" }),
      layer(peepholeLstm, 6),
    ],
    readout: lastStep(4, { bias: false }),
  };
  const parameters = parametersOf(options);
  const file = toOnnx(parameters, options, { lengths: true });
  const read = fromOnnx(changed(file, (graph) => graph, {}));
  expect(JSON.stringify(read.network)).toBe(JSON.stringify(networkConfig(options)));
  expect([...read.parameters].map(([name, { data }]) => [name, [...data]])).toEqual(
    [...parameters].map(([name, { data }]) => [name, [...data]]),
  );
});

const own = () => {
  const options: PartsOptions = { input: features(2), layers: [lstm(3)], readout: everyStep(2) };
  return toOnnx(parametersOf(options), options);
};
const keras = (attributes: Record<string, string | number | string[]>) =>
  kerasModel({ type: "LSTM", hidden: 3, features: 2, outputs: 2, attributes });
const ofTwo = (second: (graph: GraphBuilder, h: string, final: string) => string[]) => {
  const graph = new GraphBuilder("test");
  const weights = (name: string, ...shape: number[]) =>
    graph.constant(name, shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.1));
  const [y, final] = graph.addWith(2, "RNN", ["x", weights("W", 2, 3, 2), weights("R", 2, 3, 3)], {
    ...{ hidden_size: 3, direction: "bidirectional" },
  });
  const turned = graph.add("Transpose", [y!], { perm: [0, 2, 1, 3] });
  const h = graph.add("Reshape", [turned, graph.integers(0, 0, -1)]);
  const put = second(graph, h, final!).map((name) => ({ name, type: "float32" as const, shape: [] }));
  const x = { name: "x", type: "float32" as const, shape: ["steps", "batch", 2] };
  return modelBytes({ graph: graph.graph([x], put) });
};
const dense = (graph: GraphBuilder, h: string, name: string, rows = 6, columns = 2) =>
  graph.add("MatMul", [h, graph.constant(name, [rows, columns], new Float32Array(rows * columns).fill(0.1))]);

describe("refuses by name", () => {
  test.each<[string, () => Uint8Array, string]>([
    ["what is no model", () => Uint8Array.of(1, 2, 3), "fromOnnx: the file is no ONNX model ("],
    [
      "an operator that it does not know",
      () => ofTwo((graph, h) => [graph.add("LayerNormalization", [h])]),
      'fromOnnx: node "LayerNormalization4" (LayerNormalization) is not understood',
    ],
    [
      "other activations",
      () => keras({ activations: ["HardSigmoid", "Tanh", "Tanh"] }),
      "(LSTM) has activations hardsigmoid, tanh, tanh, expected sigmoid, tanh, tanh",
    ],
    ["a layout of its own", () => keras({ layout: 1 }), "(LSTM) has layout 1, expected 0"],
    ["coupled gates", () => keras({ input_forget: 1 }), "(LSTM) has input_forget 1, expected 0"],
    ["clipping", () => keras({ clip: 3 }), "(LSTM) has clip, expected"],
    ["a reverse layer", () => keras({ direction: "reverse" }), '(LSTM) has direction "reverse", expected "forward"'],
    [
      "the last step of both directions",
      () => ofTwo((graph, h) => [dense(graph, graph.add("Gather", [h, graph.integers(-1)], { axis: 0 }), "V")]),
      "(Gather) takes one step of both directions, of which the reverse one ends at the first",
    ],
    ["another step than the last", () => changedKeras(), "(Gather) takes a part of time, expected its last step"],
    [
      "an input but for its first step",
      () => withoutFirst(),
      "(RNN) reads a part of an input, or one that is cut to integers, expected an input as it is",
    ],
    [
      "a second linear layer",
      () => ofTwo((graph, h) => [dense(graph, dense(graph, h, "V"), "V2", 2)]),
      "(MatMul) reads what a linear layer gives, expected one linear layer",
    ],
    [
      "half of the units",
      () =>
        ofTwo((graph, h) => [
          dense(graph, graph.add("Slice", [h, graph.integers(0), graph.integers(3), graph.integers(2)]), "V", 3),
        ]),
      "(Slice) takes a part of an axis",
    ],
    [
      "two readouts",
      () => ofTwo((graph, h) => [dense(graph, h, "V"), dense(graph, h, "V2")]),
      'fromOnnx: the model has outputs of several readouts, expected one; pass one of them as output: "MatMul',
    ],
    [
      "states that another layer ends with",
      () =>
        ofTwo((graph, _, final) => {
          const weight = (name: string, width: number) =>
            graph.constant(name, [2, 3, width], new Float32Array(6 * width));
          const given = ["x", weight("W2", 2), weight("R2", 3), "", "", final];
          return [graph.add("RNN", given, { direction: "bidirectional" })];
        }),
      "(RNN) begins with states that are computed or not zero, expected zeros, or states that are an input",
    ],
    [
      "a node that is not as it was written",
      () =>
        changed(own(), ({ nodes, ...graph }) => ({
          ...graph,
          nodes: nodes.map((node) => (node.type === "Add" ? { ...node, type: "Sub" } : node)),
        })),
      'fromOnnx: node "Add5" (Sub) is not as toOnnx writes it',
    ],
    [
      "a tensor that is of no parameter",
      () =>
        changed(own(), (graph) => ({
          ...graph,
          constants: [...graph.constants, { name: "more", shape: [1], data: Float32Array.of(1) }],
        })),
      'fromOnnx: tensor "more" is not as toOnnx writes it',
    ],
    [
      "a larger network than there are numbers",
      () => {
        const network = JSON.stringify(
          networkConfig({ input: features(2), layers: [lstm(30000)], readout: everyStep(2) }),
        );
        return changed(own(), (graph) => graph, { format: "tempograd", network });
      },
      "fromOnnx: the model has 93 numbers, expected the 3600420002",
    ],
    [
      "what is not finite",
      () =>
        changed(own(), (graph) => ({
          ...graph,
          constants: graph.constants.map((one) =>
            one.name === "outputBias" ? { ...one, data: Float32Array.of(1, Number.NaN) } : one,
          ),
        })),
      'fromOnnx: "outputBias"[1] is NaN',
    ],
  ])("%s", (_, file, message) => {
    expect(() => fromOnnx(file())).toThrow(message);
  });

  function withoutFirst() {
    const graph = new GraphBuilder("test");
    const zeros = (name: string, width: number) => graph.constant(name, [1, 3, width], new Float32Array(3 * width));
    const later = graph.add("Slice", ["x", graph.integers(1), graph.integers(9), graph.integers(0)]);
    const y = graph.add("RNN", [later, zeros("W", 2), zeros("R", 3)]);
    const x = { name: "x", type: "float32" as const, shape: [9, "B", 2] };
    return modelBytes({ graph: graph.graph([x], [{ ...x, name: y }]) });
  }

  /** Its first step alone. */
  function changedKeras() {
    const graph = new GraphBuilder("test");
    const weights = (name: string, ...shape: number[]) =>
      graph.constant(name, shape, new Float32Array(shape.reduce((a, b) => a * b)));
    const [y] = graph.addWith(2, "RNN", ["x", weights("W", 1, 3, 2), weights("R", 1, 3, 3)]);
    const h = graph.add("Gather", [graph.add("Squeeze", [y!, graph.integers(1)]), graph.integers(0)], { axis: 0 });
    return modelBytes({
      graph: graph.graph(
        [{ name: "x", type: "float32", shape: ["T", "B", 2] }],
        [{ name: h, type: "float32", shape: [] }],
      ),
    });
  }

  test("options that it does not have", () => {
    expect(() => fromOnnx(own(), { outputs: "a" } as never)).toThrow('fromOnnx: unknown option "outputs"');
    expect(() => fromOnnx("file" as never)).toThrow("fromOnnx: the file is String, expected a Uint8Array");
  });

  test("nothing where one of several outputs is asked for", () => {
    const file = ofTwo((graph, h) => [dense(graph, h, "V"), dense(graph, h, "V2", 6, 4)]);
    const [first, second] = readModel(file).graph.outputs;
    expect((fromOnnx(file, { output: first!.name }).network as PartsOptions).readout.outputs).toBe(2);
    expect((fromOnnx(file, { output: second!.name }).network as PartsOptions).readout.outputs).toBe(4);
    expect(() => fromOnnx(file, { output: "h" })).toThrow('fromOnnx: output "h" is not there');
  });
});

test("a damaged file is read or refused, in words of its own", () => {
  const files = [own(), recorded("bidirectional-lstm-classes").file, recorded("lengths").file, keras({})];
  const change = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.boolean() });
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }), (file, changes) => {
      let bytes = Uint8Array.from(file);
      for (const { at, to, cut } of changes) {
        if (cut && changes.length === 1) bytes = bytes.slice(0, at % bytes.length);
        else bytes[at % bytes.length] = to;
      }
      try {
        fromOnnx(bytes);
      } catch (error) {
        refused++;
        expect(error, (error as Error).stack).toBeInstanceOf(TempogradError);
        expect((error as Error).message).toMatch(/^fromOnnx: .*, expected /s);
        expect((error as Error).message.length).toBeLessThan(700);
      }
    }),
    { numRuns: 80 },
  );
  expect(refused).toBeGreaterThan(10);
});
