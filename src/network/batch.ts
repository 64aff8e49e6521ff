// What a pass reads: one batch of sequences, checked.

import { elements, type PlannedTensor, type TensorSpec } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { NetworkConfig } from "./config";
import { expectKnown, shown } from "./expect";
import { type StateKind, type StateSpecs, stateSpecs } from "./states";

/** One batch of `batch` sequences of up to `steps` steps. All arrays are row-major and time-major. */
export interface Batch {
  /** Tokens, Int32Array [steps, batch], or features, Float32Array [steps, batch, inputs]. */
  inputs: Int32Array | Float32Array;
  /**
   * Cross-entropy: class indices, Int32Array [steps, batch] (every-step) or [batch] (last-step); −1 is ignored.
   * Other losses: values, Float32Array [steps, batch, outputs] or [batch, outputs].
   */
  targets: Int32Array | Float32Array;
  /**
   * What each row of the targets counts in the loss's mean, from 0 up: Float32Array [steps, batch] or [batch]. A row of 0 is
   * ignored. Without it, 1 each.
   */
  weights?: Float32Array;
  /** Int32Array [batch]: how many steps each sequence has (1 … steps). Without it, all run for all steps. */
  lengths?: Int32Array;
  /**
   * Float32Array [layers · directions, batch, hidden]: h_0, of layers of several widths one after the other. Without it,
   * zero. Where the state is carried, the rows that begin anew begin with it, which in the first batch are all.
   */
  initialState?: Float32Array;
  /** Likewise what cells keep beside h, such as c_0 of an LSTM. */
  initialCellState?: Float32Array;
  /** Where the state is carried from batch to batch: Int32Array [batch], 1 for a row that begins anew; else 0. */
  reset?: Int32Array;
}

/** The size of the batches that a pass takes. */
export interface BatchShape {
  readonly steps: number;
  readonly batch: number;
  /** Whether batches may bring an initial state. */
  readonly initialState?: boolean;
  /** Whether batches may bring weights of rows. */
  readonly weights?: boolean;
  /**
   * Whether a batch begins with the state that the last one ended with, without gradient: truncated BPTT. The first
   * begins with its initial state, or zero.
   */
  readonly carryState?: boolean;
}

const fields: readonly (keyof Batch)[] = [
  ...(["inputs", "targets", "weights", "lengths"] as const),
  ...(["initialState", "initialCellState", "reset"] as const),
];

/** A batch as a pass lays it out. */
export interface BatchLayout extends BatchShape {
  /** Whether the gradient of a product with tokens is wanted: it needs its rows sorted by token. */
  readonly rowsByToken?: boolean;
  /** Steps of a segment, which divides `steps`; all unless given. */
  readonly checkpointEvery?: number | undefined;
}

export type BatchSpecs = Record<"step" | "lossScale" | "lengths" | "inputs" | "targets", TensorSpec> &
  Partial<Record<"weights" | "tokenStart" | "tokenOrder" | "reset", TensorSpec>> & { states: StateSpecs };

/** What of a batch counts: how many targets or values, and their weight in the loss's mean. */
export interface Counted {
  count: number;
  weight: number;
}

/**
 * The tensors of a batch, in the order in which they are stored, with what goes with it: the training step and the loss's
 * scale.
 */
export function batchSpecs(config: NetworkConfig, layout: BatchLayout): BatchSpecs {
  const { steps, batch, initialState, weights, carryState, rowsByToken, checkpointEvery = steps } = layout;
  const { input, readout, loss } = architectureOf(config);
  const segments = steps / checkpointEvery;
  const rows = readout.kind === "every-step" ? [steps, batch] : [batch];
  return {
    step: { shape: [2], type: "u32" },
    lossScale: { shape: [1] },
    lengths: { shape: [segments, batch], type: "i32" },
    inputs:
      input.tokens === undefined ? { shape: [steps, batch, input.width] } : { shape: [steps, batch], type: "i32" },
    targets: loss.targets === "classes" ? { shape: rows, type: "i32" } : { shape: [...rows, readout.outputs] },
    ...(weights && { weights: { shape: [elements(rows)] } }),
    ...(rowsByToken &&
      input.tokens !== undefined && {
        tokenStart: { shape: [segments, input.tokens + 1], type: "u32" },
        tokenOrder: { shape: [segments, checkpointEvery * batch], type: "u32" },
      }),
    ...(carryState && { reset: { shape: [batch], type: "i32" } }),
    states: initialState ? stateSpecs(config, batch) : {},
  };
}

/** As the tensors of one group. */
export const batchTensors = ({ states, ...own }: BatchSpecs): Record<string, TensorSpec> => ({ ...own, ...states });

/** A tensor with a row for each segment, where there is one segment alone: its row. */
export const onlyRow = (tensor: PlannedTensor): PlannedTensor => ({ ...tensor, shape: tensor.shape.slice(1) });

/** All states of a kind as one array: those of one width, [layers · directions, batch, width], else all numbers. */
export function stateShape(states: StateSpecs, kind: StateKind): number[] {
  const shapes = Object.values(states).flatMap((spec) => (spec.kind === kind ? [spec.shape] : []));
  const alike = shapes.every((shape) => shape.join() === shapes[0]?.join());
  return alike ? [shapes.length, ...(shapes[0] ?? [])] : [shapes.reduce((sum, shape) => sum + elements(shape), 0)];
}

/**
 * Checks a batch before anything is dispatched.
 * @param first whether no batch came before it: where the state is carried, all rows then begin anew.
 * @returns how many targets (cross-entropy) or values (other losses) count, and their weight.
 * @throws where an array has the wrong type or length, or holds a token, class, length or number out of range.
 */
export function checkBatch(
  operation: string,
  config: NetworkConfig,
  shape: BatchShape,
  batch: Batch,
  first = true,
): Counted {
  if (typeof batch !== "object" || batch === null) {
    const expected = "an object with inputs and targets";
    throw new Error(
      `${operation}: batch is ${shown(batch)}, expected ${expected}; see what the source of batches gives.`,
    );
  }
  expectKnown(`${operation}, batch`, batch, fields);
  const specs = batchSpecs(config, shape);
  checkInputs(operation, config, specs, batch);
  if (batch.lengths) {
    expectArray(operation, "lengths", batch.lengths, { shape: [shape.batch], type: "i32" }, "[batch]");
    const cure = "pad each sequence to `steps`, and leave none empty";
    expectRange(operation, "lengths", batch.lengths, 1, shape.steps, cure);
  }
  checkStates(operation, shape, specs, batch, first);
  checkTargets(operation, config, specs, batch);
  return counted(config, shape, specs, batch);
}

function checkInputs(operation: string, config: NetworkConfig, specs: BatchSpecs, { inputs }: Batch): void {
  const { tokens } = architectureOf(config).input;
  const what = tokens === undefined ? "[steps, batch, inputs]" : "[steps, batch]";
  expectArray(operation, "inputs", inputs, specs.inputs, what);
  if (tokens === undefined) {
    expectFinite(operation, "inputs", inputs);
    return;
  }
  const cure = "build the network with as many inputs as there are tokens";
  expectRange(operation, "inputs", inputs, 0, tokens - 1, cure);
}

function checkStates(operation: string, shape: BatchShape, specs: BatchSpecs, batch: Batch, first: boolean): void {
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
      throw new Error(`${operation}: batch.${name} is given, expected none; ${cure}.`);
    }
    const what = spec.length === 3 ? "[layers · directions, batch, hidden]" : "all layers one after the other";
    expectArray(operation, name, state, { shape: spec }, what);
    expectFinite(operation, name, state);
  }
  if (batch.reset) {
    if (!specs.reset)
      throw new Error(`${operation}: batch.reset is given, expected none; pass carryState: true when you create it.`);
    expectArray(operation, "reset", batch.reset, specs.reset, "[batch]");
    expectRange(operation, "reset", batch.reset, 0, 1, "1 begins a row anew");
  }
  if (shape.carryState && !first && (batch.initialState || batch.initialCellState) && !batch.reset?.includes(1)) {
    throw new Error(
      `${operation}: batch.initialState is given where the state is carried on, expected none but for rows that begin anew; mark those by 1 in reset, or leave it out.`,
    );
  }
}

function checkTargets(operation: string, config: NetworkConfig, specs: BatchSpecs, { targets, weights }: Batch): void {
  const { readout, loss } = architectureOf(config);
  const classes = loss.targets === "classes";
  const rows = [...(readout.kind === "every-step" ? ["steps"] : []), "batch"];
  expectArray(
    operation,
    "targets",
    targets,
    specs.targets,
    `[${[...rows, ...(classes ? [] : ["outputs"])].join(", ")}]`,
  );
  if (weights) {
    if (!specs.weights) {
      throw new Error(`${operation}: batch.weights is given, expected none; pass weights: true when you create it.`);
    }
    expectArray(operation, "weights", weights, specs.weights, `[${rows.join(" · ")}]`);
    expectFinite(operation, "weights", weights);
    expectRange(operation, "weights", weights, 0, mostWeight, "a row of 0 is ignored");
  }
  if (classes) {
    const cure = "build the network with as many outputs as classes; −1 is ignored";
    expectRange(operation, "targets", targets, -1, readout.outputs - 1, cure);
    return;
  }
  expectFinite(operation, "targets", targets);
  const [least, most] = loss.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < targets.length; i++) {
    if (targets[i]! >= least && targets[i]! <= most) continue;
    throw new Error(
      `${operation}: batch.targets[${i}] is ${targets[i]}, expected from ${least} to ${most} for ${loss.name}; scale the targets.`,
    );
  }
}

/** The sum of many is to be finite. */
const mostWeight = 1e30;

function counted(config: NetworkConfig, shape: BatchShape, specs: BatchSpecs, batch: Batch): Counted {
  const { readout, loss } = architectureOf(config);
  const { targets, weights, lengths } = batch;
  let count = 0;
  let weight = 0;
  const everyStep = readout.kind === "every-step";
  const rows = elements(specs.targets.shape.slice(0, everyStep ? 2 : 1));
  for (let row = 0; row < rows; row++) {
    const live = !everyStep || !lengths || Math.floor(row / shape.batch) < lengths[row % shape.batch]!;
    const own = weights?.[row] ?? 1;
    if (!live || own === 0) continue;
    if (loss.targets === "values") {
      count += readout.outputs;
      weight += own * readout.outputs;
    } else if (targets[row]! >= 0) {
      count++;
      weight += own * (loss.classWeights?.[targets[row]!] ?? 1);
    }
  }
  return { count, weight };
}

function expectArray(operation: string, name: string, data: ArrayLike<number>, spec: TensorSpec, what: string): void {
  const Expected = spec.type === "i32" ? Int32Array : Float32Array;
  const got = Object.prototype.toString.call(data).slice(8, -1); // holds for arrays of other frames too
  if (got !== Expected.name) {
    throw new Error(
      `${operation}: batch.${name} is ${got}, expected ${Expected.name} ${what} = [${spec.shape.join(", ")}].`,
    );
  }
  if (data.length !== elements(spec.shape)) {
    throw new Error(
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
      throw new Error(`${operation}: batch.${name}[${i}] is ${data[i]}, expected ${least} to ${most}; ${cure}.`);
    }
  }
}

function expectFinite(operation: string, name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new Error(`${operation}: batch.${name}[${i}] is ${data[i]}, expected a finite number; clean the data.`);
    }
  }
}
