import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CellName } from "../../src/cells/cells";
import { initialParameters, meanAbsoluteError, networkConfig } from "../../src/index";
import { architectureOf, type ShortForm } from "../../src/parts/architecture";
import {
  backward,
  forward,
  type ReferenceBatch,
  type ReferenceParameters,
  trainStep,
} from "../../src/reference/network";
import { type ReferenceOptimizerState, type ReferenceUpdate, referenceOptimizer } from "../../src/reference/optimizer";
import { networkOf, type PartsCase, partsBatch, partsCases } from "../network/parts-networks";
import { integers, numbers } from "../numbers";

const sizes = { inputs: 3, hidden: 2, outputs: 3 };
const steps = 4;
const batch = 2;

const cells = [
  { cell: "elman", activation: "tanh" },
  { cell: "elman", activation: "relu" },
  { cell: "gru", reset: "after" },
  { cell: "gru", reset: "before" },
  { cell: "lstm" },
] as const;

const losses = [
  { loss: "cross-entropy" },
  { loss: "cross-entropy", labelSmoothing: 0.1, classWeights: [0.2, 1, 2] },
  { loss: "mean-squared-error" },
] as const;

const stacks = [
  { layers: 1, bidirectional: false },
  { layers: 2, bidirectional: true },
] as const;

/** Every combination of one element of each list. */
const configs: ShortForm[] = cells.flatMap((cell) =>
  losses.flatMap((loss) =>
    (["every-step", "last-step"] as const).flatMap((readout) =>
      stacks.map((stack) => ({ ...sizes, ...cell, ...loss, readout, ...stack, input: "features" as const })),
    ),
  ),
);
for (const cell of cells) {
  configs.push({ ...sizes, ...cell, ...losses[0], readout: "every-step", input: "tokens", bidirectional: true });
}
for (const config of configs) Object.freeze(config); // its parts are then made once, not for each difference

const random = (length: number, seed: number) => Float64Array.from(numbers(length, seed));

function caseOf(config: ShortForm, lengths: number[] | undefined) {
  const { inputs, hidden, outputs, layers = 1, bidirectional = false } = config;
  const gates = { elman: 1, gru: 3, lstm: 4 }[config.cell as CellName];
  const ways = bidirectional ? 2 : 1;
  const parameters: ReferenceParameters = {
    outputWeight: random(ways * hidden * outputs, 4),
    outputBias: random(outputs, 5),
  };
  for (let layer = 0; layer < layers; layer++) {
    for (const [way, suffix] of ["", "reverse."].slice(0, ways).entries()) {
      const name = `layer${layer}.${suffix}`;
      const seed = 10 * (layer + 1) + 100 * way;
      parameters[`${name}inputWeight`] = random((layer === 0 ? inputs : ways * hidden) * gates * hidden, seed);
      parameters[`${name}recurrentWeight`] = random(hidden * gates * hidden, seed + 1);
      parameters[`${name}bias`] = random(gates * hidden, seed + 2);
      if (config.cell === "gru") parameters[`${name}recurrentBias`] = random(hidden, seed + 3);
    }
  }
  const rows = config.readout === "every-step" ? steps * batch : batch;
  const states = layers * ways * batch * hidden;
  const data = {
    steps,
    batch,
    inputs: config.input === "tokens" ? integers(steps * batch, 6, 0, inputs - 1) : random(steps * batch * inputs, 6),
    targets: config.loss === "cross-entropy" ? integers(rows, 8, -1, outputs - 1) : random(rows * outputs, 7),
    lengths,
    initialState: random(states, 8),
    initialCellState: random(config.cell === "lstm" ? states : 0, 9),
  } satisfies ReferenceBatch;
  return { parameters, data };
}

const mostDirections = 3;

/** Where differences are taken: along each value, or where there are many, along directions at random. */
const directionsOf = (length: number): ArrayLike<number>[] =>
  Array.from({ length: Math.min(length, mostDirections) }, (_, i) =>
    length > mostDirections ? numbers(length, i) : Array.from({ length }, (_, j) => Number(i === j)),
  );

/** The worst relative error of a gradient against central differences of the loss over `values`. */
function worstAgainstDifferences(values: Float64Array, gradient: Float64Array, loss: () => number): number {
  if (values.length !== gradient.length) return Number.POSITIVE_INFINITY;
  const step = 1e-5;
  const before = values.slice();
  const lossAt = (direction: ArrayLike<number>, distance: number) => {
    for (const [i, value] of before.entries()) values[i] = value + distance * direction[i]!;
    return loss();
  };
  let worst = 0;
  for (const direction of directionsOf(values.length)) {
    const slope = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    const difference = (lossAt(direction, step) - lossAt(direction, -step)) / (2 * step);
    worst = Math.max(worst, Math.abs(slope - difference) / Math.max(Math.abs(difference), 1e-3));
  }
  values.set(before);
  return worst;
}

const words = (config: ShortForm) => Object.values({ ...config, ...sizes, inputs: "", hidden: "", outputs: "" });

describe.each([undefined, [4, 2]])("the reference network, lengths %s,", (lengths) => {
  test.each(configs.map((config) => [words(config).filter(String).join(" "), config] as const))(
    "%s: every gradient is what central differences say",
    (_, config) => {
      const { parameters, data } = caseOf(config, lengths);
      const run = forward(config, parameters, data);
      const gradients = backward(config, parameters, data, run);
      const loss = () => forward(config, parameters, data).loss;
      expect(run.loss).toBeGreaterThan(0);
      expect(Object.keys(gradients.parameters).sort()).toEqual(Object.keys(parameters).sort());
      const checked: [string, Float64Array, Float64Array][] = [
        ...Object.keys(parameters).map((name): [string, Float64Array, Float64Array] => [
          name,
          parameters[name]!,
          gradients.parameters[name]!,
        ]),
        ["initialState", data.initialState, gradients.initialState],
        ["initialCellState", data.initialCellState, gradients.initialCellState],
      ];
      if (data.inputs instanceof Float64Array) checked.push(["inputs", data.inputs, gradients.inputs]);
      for (const [name, values, gradient] of checked) {
        expect(worstAgainstDifferences(values, gradient, loss), name).toBeLessThan(1e-6);
      }
    },
  );
});

/** Without corners, on which differences stand astride. */
const isSmooth = ({ layers, loss }: PartsCase): boolean =>
  layers.every(({ cell }) => !cell.corner) && loss !== "huber" && loss !== "absolute";

test("every gradient of a network of any parts is what central differences say", () => {
  const cases = partsCases({ layers: 2, size: 3, steps: 4, batch: 2 }).filter(isSmooth);
  fc.assert(
    fc.property(cases, (shape) => {
      const config = networkConfig(networkOf(shape));
      const parameters: ReferenceParameters = Object.fromEntries(
        [...initialParameters(config)].map(([name, { data }]) => [name, Float64Array.from(data)]),
      );
      const given = partsBatch(shape, config);
      const [initialState, initialCellState] = [given.initialState ?? [], given.initialCellState ?? []].map((values) =>
        Float64Array.from(values),
      );
      const inputs = given.inputs instanceof Float32Array ? Float64Array.from(given.inputs) : given.inputs;
      const { steps, batch, sourceSteps } = shape;
      const data = { ...given, steps, batch, sourceSteps, inputs, initialState, initialCellState, step: 3 };
      const run = forward(config, parameters, data);
      const gradients = backward(config, parameters, data, run);
      const loss = () => forward(config, parameters, data).loss;
      expect(Object.keys(gradients.parameters).sort()).toEqual(Object.keys(parameters).sort());
      const checked = Object.keys(parameters).map((name) => [name, parameters[name]!, gradients.parameters[name]!]);
      if (given.initialState) checked.push(["h_0", initialState!, gradients.initialState]);
      if (given.initialCellState) checked.push(["c_0", initialCellState!, gradients.initialCellState]);
      if (inputs instanceof Float64Array) checked.push(["x", inputs, gradients.inputs]);
      for (const [name, values, gradient] of checked as [string, Float64Array, Float64Array][]) {
        expect(worstAgainstDifferences(values, gradient, loss), name).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 40 },
  );
});

test("gradients of final states and of outputs from elsewhere go back through any parts", () => {
  const cases = partsCases({ layers: 2, size: 3, steps: 4, batch: 2 }).filter(isSmooth);
  fc.assert(
    fc.property(cases, (shape) => {
      const config = networkConfig(networkOf(shape));
      const parameters: ReferenceParameters = Object.fromEntries(
        [...initialParameters(config)].map(([name, { data }]) => [name, Float64Array.from(data)]),
      );
      const { steps, batch, sourceSteps } = shape;
      const data = { ...partsBatch(shape, config), steps, batch, sourceSteps };
      const run = forward(config, parameters, data);
      const of = (values: Float64Array, seed: number) => Float64Array.from(numbers(values.length, seed));
      const dLogits = of(run.logits, 1);
      const dFinalState = of(run.finalState, 2);
      const dFinalCellState = of(run.finalCellState, 3);
      const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      const value = () => {
        const { logits, finalState, finalCellState } = forward(config, parameters, data);
        return dot(logits, dLogits) + dot(finalState, dFinalState) + dot(finalCellState, dFinalCellState);
      };
      // What is not read, past a sequence's end, reaches V and no h.
      const { lengths } = data;
      const { kind, outputs } = architectureOf(config).readout;
      if (lengths && kind === "every-step") {
        for (const i of dLogits.keys()) {
          const row = Math.floor(i / outputs);
          if (Math.floor(row / shape.batch) >= lengths[row % shape.batch]!) dLogits[i] = 0;
        }
      }
      const gradients = backward(config, parameters, data, run, { dLogits, dFinalState, dFinalCellState }).parameters;
      for (const [name, values] of Object.entries(parameters)) {
        expect(worstAgainstDifferences(values, gradients[name]!, value), name).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 30 },
  );
});

test.each(cells)("the final state carries a sequence on as if it had not been cut: %o", (cell) => {
  const config: ShortForm = {
    ...sizes,
    ...cell,
    ...losses[0],
    readout: "every-step",
    input: "tokens",
    layers: 2,
  };
  const { parameters, data } = caseOf(config, undefined);
  const whole = forward(config, parameters, data);
  const half = (steps / 2) * batch;
  const part = (from: number) => ({
    steps: steps / 2,
    inputs: data.inputs.slice(from, from + half),
    targets: data.targets.slice(from, from + half),
  });
  const first = forward(config, parameters, { ...data, ...part(0) });
  const second = forward(config, parameters, {
    ...{ ...data, ...part(half) },
    initialState: first.finalState,
    initialCellState: first.finalCellState,
  });
  expect([...first.logits, ...second.logits]).toEqual([...whole.logits]);
  expect(second.finalState).toEqual(whole.finalState);
  expect(second.finalCellState).toEqual(whole.finalCellState);
});

test.each([false, true])("steps past a sequence's end change nothing, bidirectional %s", (bidirectional) => {
  const config: ShortForm = {
    ...{ ...sizes, cell: "lstm", loss: "mean-squared-error", readout: "last-step", input: "features" },
    ...{ layers: 2, bidirectional },
  };
  const { parameters, data } = caseOf(config, [2, 2]);
  const run = forward(config, parameters, data);
  const inputs = (data.inputs as Float64Array).slice(0, 2 * batch * config.inputs);
  const short = forward(config, parameters, { ...data, steps: 2, lengths: undefined, inputs });
  expect(run.finalState).toEqual(short.finalState);
  expect(run.logits).toEqual(short.logits);
  expect(run.outputs.subarray(0, short.outputs.length)).toEqual(short.outputs);
  expect(run.outputs.subarray(short.outputs.length).every((h) => h === 0)).toBe(true);
  const gradients = backward(config, parameters, data, run);
  expect(gradients.inputs.subarray(inputs.length).every((dx) => dx === 0)).toBe(true);
});

test.each(cells)(
  "the trace of dL/dh begins with the initial state's gradient and ends with the output's: %o",
  (cell) => {
    const config: ShortForm = { ...sizes, ...cell, ...losses[2], readout: "last-step", input: "features" };
    const { parameters, data } = caseOf(config, undefined);
    const run = forward(config, parameters, data);
    const { hidden, initialState } = backward(config, parameters, data, run);
    const slab = batch * config.hidden;
    expect(hidden[0]!.slice(0, slab)).toEqual(initialState);
    const weight = parameters.outputWeight!;
    for (const [at, dh] of hidden[0]!.slice(steps * slab).entries()) {
      const [row, unit] = [Math.floor(at / config.hidden), at % config.hidden];
      let expected = 0;
      for (let k = 0; k < 3; k++) expected += run.dLogits[row * 3 + k]! * weight[unit * 3 + k]!;
      expect(dh).toBeCloseTo(expected, 12);
    }
  },
);

test.each(cells)("training steps lower the loss: %o", (cell) => {
  const config: ShortForm = { ...sizes, ...cell, ...losses[0], readout: "every-step", input: "tokens" };
  const { parameters, data } = caseOf(config, [4, 2]);
  const update = referenceOptimizer({ kind: "sgd", learningRate: 0.05 });
  const first = trainStep(config, parameters, data, update).loss;
  for (let i = 0; i < 20; i++) trainStep(config, parameters, data, update);
  expect(forward(config, parameters, data).loss).toBeLessThan(first);
});

test.each(["sgd", "rmsprop", "adam", "adamw"] as const)("%s goes on from its state, to the bit", (kind) => {
  const config: ShortForm = { ...sizes, cell: "gru", ...losses[0], readout: "every-step", input: "tokens" };
  const { parameters, data } = caseOf(config, [4, 2]);
  const options = { kind, learningRate: 0.05, ...(kind === "sgd" && { momentum: 0.9 }) };
  const state: ReferenceOptimizerState = { step: 0, tensors: {} };
  const trained = (all: ReferenceParameters, update: ReferenceUpdate) =>
    [1, 2, 3].map(() => trainStep(config, all, data, update).loss);
  trained(parameters, referenceOptimizer(options, state));
  const [again, kept] = [structuredClone(parameters), structuredClone(state)];
  expect(kept.step).toBe(3);
  expect(trained(again, referenceOptimizer(options, kept))).toEqual(
    trained(parameters, referenceOptimizer(options, state)),
  );
  expect(again).toEqual(parameters);
  expect(kept).toEqual(state);
});

test("options that were changed are those of another network, and a network's own cannot be", () => {
  const config: ShortForm = {
    ...{ cell: "elman", inputs: 2, hidden: 1, outputs: 1, input: "features", readout: "last-step" },
    loss: "mean-squared-error",
  };
  const parameters = Object.fromEntries(
    Object.entries({
      "layer0.inputWeight": 2,
      "layer0.recurrentWeight": 1,
      "layer0.bias": 1,
      outputWeight: 1,
      outputBias: 1,
    }).map(([name, size]) => [name, new Float64Array(size).fill(1)]),
  );
  const data = { steps: 1, batch: 1, inputs: [0.5, 0.5], targets: [0] };
  const squared = forward(config, parameters, data).loss;
  Object.assign(config, { loss: meanAbsoluteError() });
  expect(forward(config, parameters, data).loss).toBeCloseTo(Math.sqrt(squared), 12);
  const made = networkConfig({
    cell: "gru",
    inputs: 2,
    hidden: 3,
    outputs: 2,
    input: "features",
    readout: "last-step",
  });
  expect(() => Object.assign(made, { hidden: 4 })).toThrow(TypeError);
});
