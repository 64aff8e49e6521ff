import { describe, expect, test } from "vitest";
import {
  backward,
  forward,
  type ReferenceBatch,
  type ReferenceConfig,
  type ReferenceParameters,
  trainStep,
} from "../../src/reference/network";
import { referenceOptimizer } from "../../src/reference/optimizer";
import { integers, numbers } from "../numbers";

const sizes = { inputs: 3, hidden: 4, outputs: 3 };
const steps = 5;
const batch = 3;

const configs: ReferenceConfig[] = [];
for (const activation of ["tanh", "relu"] as const) {
  for (const input of ["tokens", "features"] as const) {
    for (const readout of ["every-step", "last-step"] as const) {
      for (const loss of ["cross-entropy", "mean-squared-error"] as const) {
        configs.push({ ...sizes, activation, input, readout, loss });
      }
    }
  }
}

const random = (length: number, seed: number) => Float64Array.from(numbers(length, seed));

function caseOf(config: ReferenceConfig) {
  const { inputs, hidden, outputs } = config;
  const parameters: ReferenceParameters = {
    "layer0.inputWeight": random(inputs * hidden, 1),
    "layer0.recurrentWeight": random(hidden * hidden, 2),
    "layer0.bias": random(hidden, 3),
    outputWeight: random(hidden * outputs, 4),
    outputBias: random(outputs, 5),
  };
  const rows = config.readout === "every-step" ? steps * batch : batch;
  const data = {
    steps,
    batch,
    inputs: config.input === "tokens" ? integers(steps * batch, 6, 0, inputs - 1) : random(steps * batch * inputs, 6),
    targets: config.loss === "cross-entropy" ? integers(rows, 7, -1, outputs - 1) : random(rows * outputs, 7),
    lengths: [5, 2, 4],
    initialState: random(batch * hidden, 8),
  } satisfies ReferenceBatch;
  return { parameters, data };
}

/** The worst relative error of a gradient against central differences of the loss over `values`. */
function worstAgainstDifferences(values: Float64Array, gradient: Float64Array, loss: () => number): number {
  const step = 1e-5;
  let worst = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    values[i] = value + step;
    const above = loss();
    values[i] = value - step;
    const below = loss();
    values[i] = value;
    const difference = (above - below) / (2 * step);
    worst = Math.max(worst, Math.abs(gradient[i]! - difference) / Math.max(Math.abs(difference), 1e-3));
  }
  return worst;
}

describe.each(configs)("the reference network: $activation, $input, $readout, $loss", (config) => {
  const { parameters, data } = caseOf(config);
  const loss = () => forward(config, parameters, data).loss;
  const gradients = backward(config, parameters, data, forward(config, parameters, data));

  test.each(Object.keys(parameters) as (keyof ReferenceParameters)[])(
    "dL/d(%s) is what central differences say",
    (name) => {
      expect(worstAgainstDifferences(parameters[name], gradients[name], loss)).toBeLessThan(1e-6);
    },
  );

  test("dL/dh_0 and dL/dx are what central differences say", () => {
    expect(worstAgainstDifferences(data.initialState, gradients.hidden, loss)).toBeLessThan(1e-6);
    if (data.inputs instanceof Float64Array) {
      expect(worstAgainstDifferences(data.inputs, gradients.inputs, loss)).toBeLessThan(1e-6);
    }
  });

  test("training steps lower the loss", () => {
    const trained = Object.fromEntries(
      Object.entries(parameters).map(([name, values]) => [name, values.slice()]),
    ) as unknown as ReferenceParameters;
    const update = referenceOptimizer({ kind: "sgd", learningRate: 0.05 });
    const first = trainStep(config, trained, data, update);
    for (let i = 0; i < 20; i++) trainStep(config, trained, data, update);
    expect(forward(config, trained, data).loss).toBeLessThan(first);
  });
});
