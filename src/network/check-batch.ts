// The check of a batch before anything is dispatched.

import { shown, TempogradError } from "../errors";
import { elements, type TensorSpec } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import { type AnyBatch, type BatchLayout, type BatchShape, type BatchSpecs, batchSpecs, stateShape } from "./batch";
import type { NetworkConfig } from "./config";
import { expectKnown } from "./expect";
import { eachLiveRow } from "./plain-batch";

const fields: readonly (keyof AnyBatch)[] = [
  ...(["inputs", "targets", "weights", "lengths", "source", "sourceLengths"] as const),
  ...(["initialState", "initialCellState", "reset"] as const),
];

/** What of a batch counts: how many targets or values, and their weight in the loss's mean. */
export interface Counted {
  count: number;
  weight: number;
}

/** The check of a batch: this one, or of plain batches a shorter one. */
export type CheckBatch = typeof checkBatch;

/**
 * Checks a batch before anything is dispatched.
 * @param first whether no batch came before it: where the state is carried, all rows then begin anew.
 * @returns how many targets (cross-entropy) or values (other losses) count, and their weight.
 * @throws where an array has the wrong type or length, or holds a token, class, length or number out of range.
 */
export function checkBatch(
  operation: string,
  config: NetworkConfig,
  shape: BatchLayout,
  batch: AnyBatch,
  first = true,
): Counted {
  if (typeof batch !== "object" || batch === null) {
    const expected = "an object with inputs and targets";
    throw new TempogradError(
      "batch",
      `${operation}: batch is ${shown(batch)}, expected ${expected}; see what the source of batches gives.`,
    );
  }
  expectKnown(`${operation}, batch`, batch, fields);
  const specs = batchSpecs(config, shape);
  const { input, encoder } = architectureOf(config);
  if (specs.inputs) checkData(operation, "inputs", input, specs.inputs, batch.inputs);
  else if (batch.inputs) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.inputs is given, expected none with ownInputs; write them to pass.tensors.inputs.`,
    );
  }
  checkLengths(operation, "lengths", "steps", batch.lengths, [shape.batch, shape.steps]);
  if (encoder) {
    checkData(operation, "source", encoder.input, specs.source!, batch.source);
    checkLengths(operation, "sourceLengths", "sourceSteps", batch.sourceLengths, [shape.batch, shape.sourceSteps!]);
  } else if (batch.source ?? batch.sourceLengths) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.source is given, expected none; the network has no encoder.`,
    );
  }
  checkStates(operation, shape, specs, batch, first);
  checkTargets(operation, config, specs, batch);
  return counted(config, shape, batch);
}

function checkData(
  operation: string,
  name: "inputs" | "source",
  { tokens }: Input,
  spec: TensorSpec,
  given: AnyBatch["inputs"],
): void {
  const data = given!; // what is none is refused
  const steps = name === "inputs" ? "steps" : "sourceSteps";
  expectArray(operation, name, data, spec, tokens === undefined ? `[${steps}, batch, inputs]` : `[${steps}, batch]`);
  if (tokens === undefined) {
    expectFinite(operation, name, data);
    return;
  }
  const cure = "build the network with as many inputs as there are tokens";
  expectRange(operation, name, data, 0, tokens - 1, cure);
}

function checkLengths(
  operation: string,
  name: "lengths" | "sourceLengths",
  steps: string,
  lengths: Int32Array | undefined,
  [batch, most]: readonly [number, number],
): void {
  if (!lengths) return;
  expectArray(operation, name, lengths, { shape: [batch], type: "i32" }, "[batch]");
  expectRange(operation, name, lengths, 1, most, `pad each sequence to \`${steps}\`, and leave none empty`);
}

function checkStates(operation: string, shape: BatchShape, specs: BatchSpecs, batch: AnyBatch, first: boolean): void {
  for (const [name, kind] of [
    ["initialState", "hidden"],
    ["initialCellState", "cell"],
  ] as const) {
    const state = batch[name];
    if (!state) continue;
    const spec = stateShape(specs.states, kind);
    if (elements(spec) === 0) {
      const cure =
        kind === "cell" && shape.initialState ? "only an LSTM has one" : "pass initialState: true when you create it";
      throw new TempogradError("batch", `${operation}: batch.${name} is given, expected none; ${cure}.`);
    }
    const what = spec.length === 3 ? "[layers · directions, batch, hidden]" : "all layers one after the other";
    expectArray(operation, name, state, { shape: spec }, what);
    expectFinite(operation, name, state);
  }
  if (batch.reset) {
    if (!specs.reset)
      throw new TempogradError(
        "batch",
        `${operation}: batch.reset is given, expected none; pass carryState: true when you create it.`,
      );
    expectArray(operation, "reset", batch.reset, specs.reset, "[batch]");
    expectRange(operation, "reset", batch.reset, 0, 1, "1 begins a row anew");
  }
  if (shape.carryState && !first && (batch.initialState || batch.initialCellState) && !batch.reset?.includes(1)) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.initialState is given where the state is carried on, expected none but for rows that begin anew; mark those by 1 in reset, or leave it out.`,
    );
  }
}

function checkTargets(
  operation: string,
  config: NetworkConfig,
  specs: BatchSpecs,
  { targets, weights }: AnyBatch,
): void {
  const { readout, loss } = architectureOf(config);
  if (!specs.targets || loss.targets === "none") {
    if (!targets && !weights) return;
    throw new TempogradError(
      "batch",
      `${operation}: batch.${targets ? "targets" : "weights"} is given, expected none; the network has no loss.`,
    );
  }
  const classes = loss.targets === "classes";
  const rows = [...(readout.kind === "every-step" ? ["steps"] : []), "batch"];
  const what = `[${[...rows, ...(classes ? [] : ["outputs"])].join(", ")}]`;
  expectArray(operation, "targets", targets!, specs.targets, what);
  if (weights) {
    if (!specs.weights) {
      throw new TempogradError(
        "batch",
        `${operation}: batch.weights is given, expected none; pass weights: true when you create it.`,
      );
    }
    expectArray(operation, "weights", weights, specs.weights, `[${rows.join(" · ")}]`);
    expectFinite(operation, "weights", weights);
    expectRange(operation, "weights", weights, 0, mostWeight, "a row of 0 is ignored");
  }
  if (classes) {
    const cure = "build the network with as many outputs as classes; −1 is ignored";
    expectRange(operation, "targets", targets!, -1, readout.outputs - 1, cure);
    return;
  }
  expectFinite(operation, "targets", targets!);
  const [least, most] = loss.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const wrong = targets!.findIndex((target) => !(target >= least && target <= most));
  if (wrong >= 0) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.targets[${wrong}] is ${targets![wrong]}, expected from ${least} to ${most} for ${loss.name}; scale the targets.`,
    );
  }
}

/** The sum of many is to be finite. */
const mostWeight = 1e30;

function counted(config: NetworkConfig, shape: BatchShape, batch: AnyBatch): Counted {
  const { readout, loss } = architectureOf(config);
  const { targets, weights, lengths } = batch;
  let count = 0;
  let weight = 0;
  if (!targets || loss.targets === "none") return { count, weight };
  eachLiveRow(config, shape, lengths, (row) => {
    const own = weights?.[row] ?? 1;
    if (own === 0) return;
    if (loss.targets === "values") {
      count += readout.outputs;
      weight += own * readout.outputs;
    } else if (targets[row]! >= 0) {
      count++;
      weight += own * (loss.classWeights?.[targets[row]!] ?? 1);
    }
  });
  return { count, weight };
}

function expectArray(operation: string, name: string, data: ArrayLike<number>, spec: TensorSpec, what: string): void {
  const Expected = spec.type === "i32" ? Int32Array : Float32Array;
  const got = Object.prototype.toString.call(data).slice(8, -1); // holds for arrays of other frames too
  if (got !== Expected.name) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.${name} is ${got}, expected ${Expected.name} ${what} = [${spec.shape.join(", ")}].`,
    );
  }
  if (data.length !== elements(spec.shape)) {
    throw new TempogradError(
      "batch",
      `${operation}: batch.${name} has ${data.length} values, expected ${elements(spec.shape)} for ${what} = [${spec.shape.join(", ")}]; pass arrays of the size it was created for.`,
    );
  }
}

function expectRange(
  operation: string,
  name: string,
  data: ArrayLike<number>,
  least: number,
  most: number,
  cure: string,
): void {
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < least || data[i]! > most) {
      throw new TempogradError(
        "batch",
        `${operation}: batch.${name}[${i}] is ${data[i]}, expected ${least} to ${most}; ${cure}.`,
      );
    }
  }
}

function expectFinite(operation: string, name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new TempogradError(
        "batch",
        `${operation}: batch.${name}[${i}] is ${data[i]}, expected a finite number; clean the data.`,
      );
    }
  }
}
