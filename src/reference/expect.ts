// What the reference expects: a network, all of its parameters, and a batch of its shape.

import { expectOptions, shown, TempogradError } from "../errors";
import { architectureOf, type Sequence } from "../parts/architecture";
import { parameterShapes } from "../parts/parameter-shapes";
import type { Numbers } from "./matmul";
import type { ReferenceBatch, ReferenceConfig, ReferenceParameters } from "./network";

/** @throws unless `config` is one, `parameters` are its own, each of its shape, and the batch is of numbers that it reads. */
export function expectNetwork(
  operation: string,
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
): void {
  expectOptions(operation, config, "config");
  if (!Array.isArray((config as { layers?: unknown }).layers) && !("cell" in config)) {
    throw new TempogradError(
      "option",
      `${operation}: config has neither layers nor a cell, expected a network's; pass what networkConfig answers.`,
    );
  }
  expectOptions(operation, parameters, "parameters");
  for (const [name, { shape }] of Object.entries(parameterShapes(config))) {
    expectCount(operation, "option", `parameters["${name}"]`, parameters[name], shape);
  }
  expectOptions(operation, data, "batch");
  const { steps, batch, inputs, source, sourceSteps, lengths, sourceLengths, weights, targets } = data;
  const { initialState, initialCellState, reset } = data;
  const given = { targets, lengths, sourceLengths, weights, initialState, initialCellState, reset };
  for (const [name, values] of Object.entries(given)) if (values !== undefined) expectNumbers(operation, name, values);
  const { input, encoder, loss, readout } = architectureOf(config);
  expectSequence(operation, "inputs", inputs, [steps, batch], input);
  if (encoder) expectSequence(operation, "source", source, [sourceSteps, batch], encoder.input);
  if (loss.targets === "none") return;
  const rows = readout.kind === "every-step" ? steps * batch : batch;
  const count = loss.targets === "values" ? rows * readout.outputs : rows;
  if (targets?.length >= count) return;
  const got = `targets has ${shown(targets?.length)} values`;
  throw new TempogradError("batch", `${operation}: ${got}, expected ${count}, as the loss reads; give as many.`);
}

function expectNumbers(operation: string, name: string, values: ArrayLike<number>): void {
  const wrong = Array.prototype.findIndex.call(values, (value) => typeof value !== "number");
  if (wrong < 0 && typeof values === "object" && values !== null && Number.isInteger(values.length)) return;
  const got = wrong < 0 ? `${name} is ${shown(values)}` : `${name}[${wrong}] is ${shown(values[wrong])}`;
  throw new TempogradError("batch", `${operation}: ${got}, expected numbers; correct it.`);
}

function expectSequence(
  operation: string,
  name: string,
  values: Numbers | undefined,
  [steps, batch]: (number | undefined)[],
  { tokens, width }: Sequence["input"],
): void {
  for (const [size, value] of Object.entries({ steps, batch })) {
    if (Number.isInteger(value) && value! > 0) continue;
    const got = `${size} of ${name} is ${shown(value)}`;
    throw new TempogradError("batch", `${operation}: ${got}, expected an integer from 1 up; say how many they are.`);
  }
  expectCount(operation, "batch", name, values, [steps!, batch!, ...(tokens === undefined ? [width] : [])]);
  if (tokens === undefined) return;
  const wrong = Array.prototype.findIndex.call(values, (token) => !(token >= 0 && token < tokens && token % 1 === 0));
  if (wrong < 0) return;
  const got = `${name}[${wrong}] is ${shown(values![wrong])}`;
  throw new TempogradError("batch", `${operation}: ${got}, expected a token from 0 to ${tokens - 1}; correct it.`);
}

function expectCount(
  operation: string,
  code: "option" | "batch",
  name: string,
  values: ArrayLike<number> | undefined,
  shape: readonly number[],
): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (values?.length === count) {
    expectNumbers(operation, name, values);
    return;
  }
  const got = values?.length === undefined ? `is ${shown(values)}` : `has ${values.length} values`;
  throw new TempogradError(code, `${operation}: ${name} ${got}, expected ${count}, [${shape.join(", ")}].`);
}
