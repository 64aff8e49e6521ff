// What a pass reads: one batch of sequences.

import { elements, type PlannedTensor, type TensorSpec } from "../gpu/tensor";
import { architectureOf } from "../parts/architecture";
import type { Input } from "../parts/inputs";
import type { NetworkConfig } from "./config";
import { type StateKind, type StateSpecs, stateSpecs } from "./state-specs";
import { tailsSpec } from "./tails";

/** What a network reads: `batch` sequences of up to `steps` steps. All arrays are row-major and time-major. */
export interface BatchInputs {
  /** Tokens, Int32Array [steps, batch], or features, Float32Array [steps, batch, inputs]. */
  inputs: Int32Array | Float32Array;
  /** Int32Array [batch]: how many steps each sequence has (1 … steps). Without it, all run for all steps. */
  lengths?: Int32Array;
  /** Of a network with an encoder, what that reads: as `inputs`, of `sourceSteps` steps. */
  source?: Int32Array | Float32Array;
  /** Int32Array [batch]: how many steps each source has (1 … sourceSteps). Without it, all run for all steps. */
  sourceLengths?: Int32Array;
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

/** One batch: what a network reads, and what it is to answer. */
export interface Batch extends BatchInputs {
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
}

/** What a pass takes: of a network without a loss, without targets; where inputs are made outside, without those. */
export type AnyBatch = Omit<BatchInputs, "inputs"> & Partial<Pick<Batch, "inputs" | "targets" | "weights">>;

/** The size of the batches that a pass takes. */
export interface BatchShape {
  readonly steps: number;
  readonly batch: number;
  /** Of a network with an encoder: steps of what that reads. */
  readonly sourceSteps?: number | undefined;
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

/** What of options is the size of batches. */
export const shapeOf = (options: BatchShape): BatchShape => {
  const { steps, batch, sourceSteps, weights = false, initialState = false, carryState = false } = options;
  return { steps, batch, sourceSteps, weights, initialState, carryState };
};

/** A batch as a pass lays it out. */
export interface BatchLayout extends BatchShape {
  /** Whether the gradient of a product with tokens is wanted: it needs its rows sorted by token. */
  readonly rowsByToken?: boolean;
  /** Whether the way back of an adaptive readout is wanted: it needs its rows sorted by tail. */
  readonly rowsByTail?: boolean;
  /** Whether x lies on the GPU already: a batch brings none. */
  readonly ownInputs?: boolean;
  /** Steps of a segment, which divides `steps`; all unless given. */
  readonly checkpointEvery?: number | undefined;
}

export type BatchSpecs = Record<"step" | "lossScale" | "lengths", TensorSpec> &
  Partial<Record<"inputs" | "targets" | "weights" | "tokenStart" | "tokenOrder" | "reset", TensorSpec>> &
  Partial<Record<"source" | "sourceLengths" | "sourceStart" | "sourceOrder", TensorSpec>> &
  Partial<Record<"tokenRows" | "sourceRows" | "tails", TensorSpec>> & { states: StateSpecs };

/** The most tokens that occur in a batch of so many rows. */
export const mostTokens = ({ tokens = 0 }: Input, rows: number): number => Math.min(tokens, rows);

/**
 * The tensors of a batch, in the order in which they are stored, with what goes with it: the training step and the loss's
 * scale.
 */
export function batchSpecs(config: NetworkConfig, layout: BatchLayout): BatchSpecs {
  const { steps, batch, initialState, weights, carryState, rowsByToken, checkpointEvery = steps } = layout;
  const { sourceSteps = 1, ownInputs = false, rowsByTail = false } = layout;
  const { input, encoder, readout, loss } = architectureOf(config);
  const segments = steps / checkpointEvery;
  const rows = readout.kind === "every-step" ? [steps, batch] : [batch];
  const targets: TensorSpec =
    loss.targets === "classes"
      ? { shape: rows, type: "i32" }
      : { shape: [...rows, readout.outputs], parts: readout.parts };
  return {
    step: { shape: [2], type: "u32" },
    lossScale: { shape: [1] },
    lengths: { shape: [segments, batch], type: "i32" },
    ...(!ownInputs && { inputs: dataSpec(input, steps, batch) }),
    ...(loss.targets !== "none" && { targets }),
    ...(rowsByTail && readout.clusters && { tails: tailsSpec(readout.clusters, elements(rows)) }),
    ...(weights && { weights: { shape: [elements(rows)] } }),
    ...(rowsByToken &&
      input.tokens !== undefined && {
        tokenStart: { shape: [segments, rowsOf(input, steps * batch) + 1], type: "u32" },
        tokenOrder: { shape: [segments, checkpointEvery * batch], type: "u32" },
        ...(input.sparse && { tokenRows: { shape: [mostTokens(input, steps * batch)], type: "i32" } }),
      }),
    ...(encoder && {
      source: dataSpec(encoder.input, sourceSteps, batch),
      sourceLengths: { shape: [batch], type: "i32" },
    }),
    ...(encoder?.input.tokens !== undefined &&
      rowsByToken && {
        sourceStart: { shape: [rowsOf(encoder.input, sourceSteps * batch) + 1], type: "u32" },
        sourceOrder: { shape: [sourceSteps * batch], type: "u32" },
        ...(encoder.input.sparse && {
          sourceRows: { shape: [mostTokens(encoder.input, sourceSteps * batch)], type: "i32" },
        }),
      }),
    ...(carryState && { reset: { shape: [batch], type: "i32" } }),
    states: initialState ? stateSpecs(config, batch) : {},
  };
}

/** Rows of the gradient of what meets tokens: of all, or of those that occur. */
const rowsOf = (input: Input, rows: number): number => (input.sparse ? mostTokens(input, rows) : (input.tokens ?? 0));

/** What an input's data is. */
export const dataSpec = ({ tokens, width }: Input, steps: number, batch: number): TensorSpec =>
  tokens === undefined ? { shape: [steps, batch, width] } : { shape: [steps, batch], type: "i32" };

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
