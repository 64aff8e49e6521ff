// Networks as ONNX models, run by onnxruntime: what they put out is what the reference computes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runOnnx } from "../../demo/terminal/onnx-run";
import {
  type DefinedCell,
  defineCell,
  embedding,
  everyStep,
  exp,
  features,
  initialParameters,
  lastStep,
  layer,
  log,
  log1p,
  lstm,
  max,
  min,
  type NetworkOptions,
  networkConfig,
  type PartsOptions,
  peepholeLstm,
  referenceForward,
  relu,
  select,
  sigmoid,
  softplus,
  sqrt,
  tanh,
  tokens,
} from "../../src/index";
import { toOnnx } from "../../src/onnx/index";
import { architectureOf } from "../../src/parts/architecture";
import { networkOf, type PartsCase, partsBatch, partsCases } from "../network/parts-networks";
import { numbers, worstError } from "../numbers";

const parametersOf = (options: NetworkOptions) => initialParameters(networkConfig(options));

/** The reference's values of what `runOnnx` gives. */
function expectedOf(options: NetworkOptions, batch: object, size: { steps: number; batch: number }) {
  const parameters = Object.fromEntries(
    [...parametersOf(options)].map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  return referenceForward(networkConfig(options), parameters, { ...size, ...batch } as never);
}

const expectClose = (got: ArrayLike<number>, expected: ArrayLike<number>, what: string, most = 1e-5) =>
  expect(worstError(got, expected), what).toBeLessThan(most);

/** Whether an output is of a step that its sequence has. */
const isRead = ({ steps, batch }: PartsCase, options: PartsOptions, lengths?: Int32Array) => {
  const { kind, outputs } = architectureOf(networkConfig(options)).readout;
  return (i: number) => {
    const row = Math.floor(i / outputs);
    return !lengths || kind === "last-step" || Math.floor(row / batch) < (lengths[row % batch] ?? steps);
  };
};

test("any network of parts computes there what the reference computes", async () => {
  await fc.assert(
    fc.asyncProperty(partsCases({ layers: 2, size: 9, steps: 6, batch: 4 }), fc.boolean(), async (shape, wanted) => {
      const options = networkOf(shape);
      const { steps, batch: rows, sourceSteps } = shape;
      const batch = partsBatch(shape, networkConfig(options));
      const states = !options.encoder && (wanted || batch.initialState !== undefined);
      const lengths = batch.lengths ?? new Int32Array(rows).fill(steps);
      const sourceLengths = batch.sourceLengths ?? new Int32Array(rows).fill(sourceSteps);
      const model = toOnnx(parametersOf(options), options, { lengths: shape.ragged, states });
      const size = { steps, batch: rows, sourceSteps };
      const run = await runOnnx(model, { ...batch, lengths, sourceLengths }, size);
      const expected = expectedOf(options, batch, size);
      const read = isRead(shape, options, batch.lengths);
      const those = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => read(i));
      expectClose(those(run.outputs), those(expected.logits), "outputs");
      if (run.probabilities) {
        const labels = expected.logits.map((o) => 1 / (1 + Math.exp(-o)));
        const probabilities = shape.loss === "binary" ? labels : expected.probabilities;
        expectClose(those(run.probabilities), those(probabilities), "probabilities");
      }
      if (!states) return;
      expectClose(run.finalState, expected.finalState, "h_T");
      expectClose(run.finalCellState, expected.finalCellState, "c_T");
    }),
    { numRuns: 40 },
  );
});

/** Of every operation that an equation may have. */
const everyOperation: DefinedCell = defineCell({
  name: "every-operation",
  gates: ["a", "b", "d", "e"],
  states: ["h", "c"],
  parameters: { p: "unit" },
  step({ a, b, d, e }, { h, c }, { p }) {
    const small = log1p(exp(a).times(1e-3)).plus(log(exp(b).plus(1)).over(4));
    const bent = select(relu(d), softplus(e).times(0.3), c.minus(0.1)).plus(sqrt(b.times(b).plus(1)).times(0.1));
    const next = max(min(small.plus(bent), p.plus(2)), tanh(c).negated()).plus(sigmoid(h).times(0.1));
    return { h: tanh(next.times(0.5)), c: next };
  },
});

const clusters = { cutoffs: [2, 5], divValue: 2 };
const special: [string, PartsOptions][] = [
  [
    "an adaptive readout of every step",
    { input: tokens(5), layers: [lstm(8)], readout: everyStep(9, { adaptive: clusters }) },
  ],
  [
    "an adaptive readout of the last step, without a bias",
    { input: tokens(5), layers: [lstm(8)], readout: lastStep(9, { adaptive: clusters, bias: false }) },
  ],
  ["a cell of every operation", { input: features(3), layers: [layer(everyOperation, 4)], readout: everyStep(2) }],
  [
    "a cell whose last gate's product comes apart",
    { input: tokens(5), layers: [layer(gruOf("apart"), 4, { bidirectional: true })], readout: everyStep(3) },
  ],
  [
    "a cell that projects what its last gate multiplies, without biases",
    { input: embedding(5, 2), layers: [layer(gruOf("projected"), 4, { bias: false })], readout: everyStep(3) },
  ],
];

function gruOf(kind: "apart" | "projected"): DefinedCell {
  const gates = ["r", "z", "n"] as const;
  if (kind === "apart") {
    return defineCell({
      name: "gru-apart",
      gates,
      states: ["h"],
      apart: { m: "n" },
      step({ r, z, n, m }, { h }) {
        const candidate = tanh(n.plus(sigmoid(r).times(m)));
        return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
      },
    });
  }
  return defineCell({
    name: "gru-projected",
    gates,
    states: ["h"],
    projects: { n: ({ r }, { h }) => sigmoid(r).times(h) },
    step({ z, n }, { h }) {
      const candidate = tanh(n);
      return { h: candidate.plus(sigmoid(z).times(h.minus(candidate))) };
    },
  });
}

test.each(special)("%s computes there what the reference computes", async (_, options) => {
  const size = { steps: 5, batch: 3 };
  const isTokens = architectureOf(options).input.tokens !== undefined;
  const inputs = isTokens ? Int32Array.from({ length: 15 }, (_, i) => (i * 7) % 5) : numbers(45, 1);
  const lengths = Int32Array.of(5, 2, 4);
  const batch = { inputs: isTokens ? inputs : Float32Array.from(inputs), lengths };
  const run = await runOnnx(toOnnx(parametersOf(options), options, { lengths: true, states: true }), batch, size);
  const expected = expectedOf(options, { ...batch, targets: new Int32Array(15) }, size);
  const { kind, outputs } = architectureOf(options).readout;
  const isRead = (i: number) =>
    kind === "last-step" || Math.floor(i / outputs / 3) < lengths[Math.floor(i / outputs) % 3]!;
  const those = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => isRead(i));
  expectClose(those(run.outputs), those(expected.logits), "outputs");
  expectClose(those(run.probabilities!), those(expected.probabilities), "probabilities");
  expectClose(run.finalState, expected.finalState, "h_T");
  expectClose(run.finalCellState, expected.finalCellState, "c_T");
});

const small: PartsOptions = { input: features(2), layers: [lstm(8)], readout: everyStep(3) };
const size = { steps: 4, batch: 1 };
const inputs = Float32Array.from(numbers(8, 2));

describe("toOnnx", () => {
  test("holds weights in half precision where it is asked to: half the size, and near", async () => {
    const wide: PartsOptions = { ...small, layers: [lstm(64)] };
    const [single, half] = (["float32", "float16"] as const).map((weights) =>
      toOnnx(parametersOf(wide), wide, { weights }),
    );
    expect(half!.length).toBeLessThan(0.55 * single!.length);
    const run = await runOnnx(half!, { inputs }, size);
    expectClose(run.outputs, expectedOf(wide, { inputs, targets: new Int32Array(4) }, size).logits, "outputs", 2e-3);
  });

  test("goes on from states as one long sequence would", async () => {
    const layered: PartsOptions = { ...small, layers: [lstm(8), layer(peepholeLstm, 6)] };
    const model = toOnnx(parametersOf(layered), layered, { states: true });
    const whole = await runOnnx(model, { inputs }, size);
    const half = { steps: 2, batch: 1 };
    const first = await runOnnx(model, { inputs: inputs.slice(0, 4) }, half);
    const { finalState: initialState, finalCellState: initialCellState } = first;
    const second = await runOnnx(model, { inputs: inputs.slice(4), initialState, initialCellState }, half);
    expectClose([...first.outputs, ...second.outputs], whole.outputs, "outputs", 1e-6);
  });

  const parameters = () => parametersOf(small);
  const spoilt = (name: string, change: (data: Float32Array) => void) => {
    const all = parameters();
    change(all.get(name)!.data);
    return all;
  };
  test.each<[string, () => unknown, string]>([
    [
      "a parameter that is missing",
      () => toOnnx(new Map([...parameters()].slice(1)), small),
      'toOnnx: parameter "layer0.inputWeight" [2, 32] is missing',
    ],
    [
      "one of another network",
      () => toOnnx(parameters(), { ...small, layers: [lstm(4)] }),
      'toOnnx: parameter "layer0.inputWeight" has shape [2, 32] and 64 values, expected [2, 16]',
    ],
    [
      "one too many",
      () => toOnnx(parameters().set("more", { shape: [1], data: new Float32Array(1) }), small),
      'toOnnx: parameter "more" is given, expected none of that name',
    ],
    [
      "what is not finite",
      () =>
        toOnnx(
          spoilt("outputBias", (data) => data.fill(Number.NaN, 1, 2)),
          small,
        ),
      'toOnnx: parameter "outputBias"[1] is NaN, expected a finite number',
    ],
    [
      "what half precision has not",
      () =>
        toOnnx(
          spoilt("outputBias", (data) => data.fill(7e4)),
          small,
          { weights: "float16" },
        ),
      'toOnnx: "outputBias" has 70000 at 0, expected magnitudes up to 65504',
    ],
    [
      "another precision",
      () => toOnnx(parameters(), small, { weights: "int8" as never }),
      'toOnnx: weights is "int8", expected "float32" or "float16"',
    ],
    [
      "an option that it does not have",
      () => toOnnx(parameters(), small, { length: true } as never),
      'toOnnx: unknown option "length", expected one of lengths, states, weights, about',
    ],
    [
      "what is no plain data",
      () => toOnnx(parameters(), small, { about: { scaler: { mean: Float32Array.of(1) } } }),
      "toOnnx: about.scaler.mean is Float32Array, expected plain data that JSON holds",
    ],
    [
      "states beside an encoder",
      () => {
        const { readout: _, ...encoder } = small;
        const both = { ...small, encoder };
        return toOnnx(parametersOf(both), both, { states: true });
      },
      "toOnnx: states is true of a network with an encoder",
    ],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
