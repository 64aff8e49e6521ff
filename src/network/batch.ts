// What a pass reads: one batch of sequences, checked.

import { cellOf } from "../cells/cells";
import { elements, type PlannedTensor, type TensorSpec } from "../gpu/tensor";
import { directionsOf, expectKnown, type NetworkConfig, shown } from "./config";

/** One batch of `batch` sequences of up to `steps` steps. All arrays are row-major and time-major. */
export interface Batch {
  /** Tokens, Int32Array [steps, batch], or features, Float32Array [steps, batch, inputs]. */
  inputs: Int32Array | Float32Array;
  /**
   * Cross-entropy: class indices, Int32Array [steps, batch] (every-step) or [batch] (last-step); −1 is ignored.
   * Other losses: values, Float32Array [steps, batch, outputs] or [batch, outputs].
   */
  targets: Int32Array | Float32Array;
  /** Int32Array [batch]: how many steps each sequence has (1 … steps). Without it, all run for all steps. */
  lengths?: Int32Array;
  /**
   * Float32Array [layers · directions, batch, hidden]: h_0. Without it, zero. Where the state is carried, the rows that
   * begin anew begin with it, which in the first batch are all.
   */
  initialState?: Float32Array;
  /** Likewise c_0 of an LSTM; of a cell with S states beside h, [layers · directions · S, batch, hidden]. */
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
  /**
   * Whether a batch begins with the state that the last one ended with, without gradient: truncated BPTT. The first
   * begins with its initial state, or zero.
   */
  readonly carryState?: boolean;
}

const fields: readonly (keyof Batch)[] = ["inputs", "targets", "lengths", "initialState", "initialCellState", "reset"];

/** A batch as a pass lays it out. */
export interface BatchLayout extends BatchShape {
  /** Whether the gradient of a product with tokens is wanted: it needs its rows sorted by token. */
  readonly rowsByToken?: boolean;
  /** Steps of a segment, which divides `steps`; all unless given. */
  readonly checkpointEvery?: number | undefined;
}

export type BatchSpecs = Record<"step" | "lossScale" | "lengths" | "inputs" | "targets", TensorSpec> &
  Partial<Record<"tokenStart" | "tokenOrder" | "reset" | "initialState" | "initialCellState", TensorSpec>>;

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
  const { steps, batch, initialState, carryState, rowsByToken, checkpointEvery = steps } = layout;
  const segments = steps / checkpointEvery;
  const rows = config.readout === "every-step" ? [steps, batch] : [batch];
  return {
    step: { shape: [2], type: "u32" },
    lossScale: { shape: [1] },
    lengths: { shape: [segments, batch], type: "i32" },
    inputs:
      config.input === "tokens" ? { shape: [steps, batch], type: "i32" } : { shape: [steps, batch, config.inputs] },
    targets: config.loss === "cross-entropy" ? { shape: rows, type: "i32" } : { shape: [...rows, config.outputs] },
    ...(rowsByToken &&
      config.input === "tokens" && {
        tokenStart: { shape: [segments, config.inputs + 1], type: "u32" },
        tokenOrder: { shape: [segments, checkpointEvery * batch], type: "u32" },
      }),
    ...(carryState && { reset: { shape: [batch], type: "i32" } }),
    ...(initialState && stateSpecs(config, batch)),
  };
}

/** A tensor with a row for each segment, where there is one segment alone: its row. */
export const onlyRow = (tensor: PlannedTensor): PlannedTensor => ({ ...tensor, shape: tensor.shape.slice(1) });

/** The states of all layers and directions: h [L·D, B, H], and where there are any those beside it [L·D·S, B, H]. */
export function stateSpecs(config: NetworkConfig, batch: number) {
  const { states } = cellOf(config);
  const sweeps = config.layers * directionsOf(config);
  const spec = (count: number): TensorSpec => ({ shape: [count, batch, config.hidden] });
  return { initialState: spec(sweeps), ...(states > 0 && { initialCellState: spec(sweeps * states) }) };
}

/**
 * Checks a batch before anything is dispatched.
 * @param first whether no batch came before it: where the state is carried, all rows then begin anew.
 * @returns how many targets (cross-entropy) or values (mean squared error) count, and their weight.
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
  const { inputs, targets, lengths } = batch;
  expectArray(
    operation,
    "inputs",
    inputs,
    specs.inputs,
    config.input === "tokens" ? "[steps, batch]" : "[steps, batch, inputs]",
  );
  const everyStep = config.readout === "every-step";
  const classes = config.loss === "cross-entropy";
  const targetShape = [...(everyStep ? ["steps"] : []), "batch", ...(classes ? [] : ["outputs"])];
  expectArray(operation, "targets", targets, specs.targets, `[${targetShape.join(", ")}]`);
  if (lengths) {
    expectArray(operation, "lengths", lengths, { shape: [shape.batch], type: "i32" }, "[batch]");
    expectRange(operation, "lengths", lengths, 1, shape.steps, "pad each sequence to `steps`, and leave none empty");
  }
  for (const name of ["initialState", "initialCellState"] as const) {
    const state = batch[name];
    if (!state) continue;
    const spec = specs[name];
    if (!spec) {
      const cure =
        name === "initialCellState" && shape.initialState
          ? "only a cell with a state beside h has one, as the LSTM"
          : "pass initialState: true when you create it";
      throw new Error(`${operation}: batch.${name} is given, expected none; ${cure}.`);
    }
    const several = name === "initialCellState" && cellOf(config).states > 1;
    expectArray(operation, name, state, spec, `[layers · directions${several ? " · states" : ""}, batch, hidden]`);
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
  if (config.input === "tokens") {
    expectRange(
      operation,
      "inputs",
      inputs,
      0,
      config.inputs - 1,
      "build the network with as many inputs as there are tokens",
    );
  } else expectFinite(operation, "inputs", inputs);
  if (classes) {
    expectRange(
      operation,
      "targets",
      targets,
      -1,
      config.outputs - 1,
      "build the network with as many outputs as classes; −1 is ignored",
    );
  } else {
    expectFinite(operation, "targets", targets);
    expectTargets(operation, targets, config);
  }

  let count = 0;
  let weight = 0;
  const rows = elements(specs.targets.shape.slice(0, everyStep ? 2 : 1));
  for (let row = 0; row < rows; row++) {
    const live = !everyStep || !lengths || Math.floor(row / shape.batch) < lengths[row % shape.batch]!;
    if (!live || (classes && targets[row]! < 0)) continue;
    count += classes ? 1 : config.outputs;
    weight += classes ? (config.classWeights?.[targets[row]!] ?? 1) : config.outputs;
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

/** @throws where a loss has no place for a target. */
function expectTargets(operation: string, targets: ArrayLike<number>, { loss }: NetworkConfig): void {
  if (typeof loss === "string" || !loss.targets) return;
  const [least, most] = loss.targets;
  for (let i = 0; i < targets.length; i++) {
    if (targets[i]! >= least && targets[i]! <= most) continue;
    throw new Error(
      `${operation}: batch.targets[${i}] is ${targets[i]}, expected from ${least} to ${most} for ${loss.name}; scale the targets.`,
    );
  }
}
