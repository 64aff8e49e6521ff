// The whole network in float64: layers and directions composed, forward, backward, and a training step.

import type { NamedCell } from "../cells/cells";
import { referenceCellOf } from "../cells/reference-cells";
import { concatenate, joinColumns, slabOf, splitColumns } from "./columns";
import { dropoutMask } from "./dropout";
import { finiteCheck } from "./finite-check";
import { type Loss, type LossOptions, lossOf } from "./loss";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers, rowSum } from "./matmul";
import type { ReferenceUpdate } from "./optimizer";
import { recurrenceBackward, recurrenceForward, type SweepShape, type SweepStates } from "./recurrence";
import { rowReset } from "./row-reset";
import { tokenGather, tokenGatherGradient } from "./token-gather";

export interface ReferenceConfig extends NamedCell, LossOptions {
  inputs: number;
  hidden: number;
  /** L. Default 1. */
  layers?: number;
  /** D = 2 where true. Default false. */
  bidirectional?: boolean;
  input: "tokens" | "features";
  readout: "last-step" | "every-step";
  /** p between layers, for batches that are trained on, and the seed of its masks. Default 0. */
  dropout?: number;
  seed?: number;
}

/**
 * By name, row-major, the columns of G gates in blocks of H (GRU r z n, LSTM i f g o): `layer0.inputWeight` [I, G·H],
 * `layer0.recurrentWeight` [H, G·H], `layer0.bias` [G·H], the GRU's `layer0.recurrentBias` [H], what a cell has of a number
 * a unit, `layer0.unitParameters` [P, H], the same of
 * `layer0.reverse` where the network is bidirectional, and of `layer1` … with I = D·H; `outputWeight` [D·H, K] and
 * `outputBias` [K].
 */
export type ReferenceParameters = Record<string, Float64Array>;

/** Time-major, as the library's `Batch`. */
export interface ReferenceBatch {
  steps: number;
  batch: number;
  inputs: Numbers;
  targets: Numbers;
  lengths?: Numbers | undefined;
  /** [L·D, B, H]; zeros where not given */
  initialState?: Numbers | undefined;
  /** Of the states beside h, [L·D, S, B, H] */
  initialCellState?: Numbers | undefined;
  /** [B]: 1 where a row begins anew, from zero whatever its initial state; else 0 */
  reset?: Numbers | undefined;
  /** The training step, which dropout's masks are drawn from; without it nothing is dropped. */
  step?: number | undefined;
}

/** What one direction of one layer did. */
export interface ReferenceSweep extends SweepStates {
  /** x [T, B, I], or token numbers [T, B] */
  inputs: Numbers;
  /** a = x·W + b [T, B, G·H] */
  preactivation: Float64Array;
}

export interface ReferenceForward extends Loss {
  /** h of the last layer [T, B, D·H], in the order of time; zero past a sequence's end */
  outputs: Float64Array;
  /** [L·D, B, H] */
  finalState: Float64Array;
  /** [L·D, S, B, H]; empty where the cell has none */
  finalCellState: Float64Array;
  /** What the output layer reads [T, B, D·H] or [B, D·H] */
  read: Float64Array;
  /** o [T, B, K] or [B, K] */
  logits: Float64Array;
  /** One for each layer and direction, [L·D] */
  sweeps: ReferenceSweep[];
}

export interface ReferenceGradients {
  /** By the parameters' names */
  parameters: ReferenceParameters;
  /** dL/dx [T, B, I]; empty for tokens */
  inputs: Float64Array;
  /** [L·D, B, H] */
  initialState: Float64Array;
  /** [L·D, S, B, H]; empty where the cell has none */
  initialCellState: Float64Array;
  /** For each layer and direction dL/dh by all paths [T + 1, B, H], in the order of the sweep; slab 0 is for h_0 */
  hidden: Float64Array[];
}

/** Forward through time, to the loss. */
export function forward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
): ReferenceForward {
  const { hidden, outputs: width, readout } = config;
  const { steps, batch } = data;
  const rows = steps * batch;
  const sweeps: ReferenceSweep[] = [];
  let inputs = data.inputs;
  let outputs: Float64Array = new Float64Array();
  for (const [number, layer] of layersOf(config).entries()) {
    if (number > 0) inputs = dropped(config, data, number, outputs);
    const directions = layer.map(({ name, index, reverse }) => {
      const shape = sweepShape(config, data, reverse);
      const preactivation = preactivationOf(config, parameters, name, inputs, rows);
      const reset = data.reset ?? new Float64Array(batch);
      const initialOf = (states: Numbers | undefined, index: number) =>
        rowReset(slabOf(states, index, batch * hidden), reset);
      const count = shape.cell.states;
      const initial = {
        hidden: initialOf(data.initialState, index),
        cell: joinColumns(
          Array.from({ length: count }, (_, s) => initialOf(data.initialCellState, index * count + s)),
          hidden,
        ),
      };
      const states = recurrenceForward(shape, preactivation, recurrentWeights(parameters, name), initial);
      sweeps.push({ inputs, preactivation, ...states });
      return outputsOf(shape, states);
    });
    outputs = joinColumns(directions, hidden);
  }
  const last = layersOf(config)
    .at(-1)!
    .map(({ index }) => sweeps[index]!.hidden.slice(rows * hidden));
  const read = readout === "every-step" ? outputs : joinColumns(last, hidden);
  const depth = last.length * hidden;
  const logits = matmul(read, parameters.outputWeight!, read.length / depth, depth, width, parameters.outputBias);
  const lengths = lengthsOf(data);
  const live = (row: number) => readout === "last-step" || Math.floor(row / batch) < lengths[row % batch]!;
  return {
    ...lossOf(config, logits, data.targets, live),
    outputs,
    finalState: concatenate(sweeps.map((sweep) => sweep.hidden.slice(rows * hidden))),
    finalCellState: cellStatesAt(steps, sweeps, data, hidden),
    read,
    logits,
    sweeps,
  };
}

/** Back through time: the gradients of the loss, summed over all steps. */
export function backward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  { sweeps, read, dLogits }: ReferenceForward,
): ReferenceGradients {
  const { hidden, outputs: width, readout, input } = config;
  const { steps, batch } = data;
  const rows = steps * batch;
  const layers = layersOf(config);
  const ways = layers[0]!.length;
  const depth = ways * hidden;

  const dRead = matmulTransposeB(dLogits, parameters.outputWeight!, read.length / depth, width, depth);
  const gradients: ReferenceParameters = {
    outputWeight: matmulTransposeA(read, dLogits, depth, read.length / depth, width),
    outputBias: rowSum(dLogits, width),
  };
  const none = new Float64Array(batch * depth);
  let dOutput = readout === "every-step" ? dRead : new Float64Array(rows * depth); // [T, B, D·H] of the layer
  let dFinal = readout === "every-step" ? none : dRead; // [B, D·H] of the layer
  const dStates: SweepStates[] = [];
  for (const [number, layer] of [...layers.entries()].reverse()) {
    const dOutputs = splitColumns(dOutput, ways, hidden);
    const dFinals = splitColumns(dFinal, ways, hidden);
    const dInputs = layer.map(({ name, index, reverse }, way) => {
      const { inputs, preactivation, ...states } = sweeps[index]!;
      const shape = sweepShape(config, data, reverse);
      const weights = recurrentWeights(parameters, name);
      const back = recurrenceBackward(shape, preactivation, weights, states, dOutputs[way]!, dFinals[way]!);
      dStates[index] = back;
      const columns = shape.cell.gates * hidden;
      const tokens = name.startsWith("layer0.") && input === "tokens";
      const inputWeight = parameters[`${name}inputWeight`]!;
      const inputWidth = inputWeight.length / columns;
      gradients[`${name}inputWeight`] = tokens
        ? tokenGatherGradient(inputs, back.preactivation, inputWidth, columns)
        : matmulTransposeA(inputs, back.preactivation, inputWidth, rows, columns);
      if (weights.recurrentWeight.length > 0) gradients[`${name}recurrentWeight`] = back.recurrentWeight;
      gradients[`${name}bias`] = rowSum(back.preactivation, columns);
      if (back.unitParameters.length > 0) gradients[`${name}unitParameters`] = back.unitParameters;
      if (shape.cell.hasRecurrentBias) gradients[`${name}recurrentBias`] = back.recurrentBias;
      return tokens ? new Float64Array() : matmulTransposeB(back.preactivation, inputWeight, rows, columns, inputWidth);
    });
    const dBelow = dInputs.reduce((sum, more) => sum.map((value, i) => value + more[i]!));
    dOutput = number > 0 ? dropped(config, data, number, dBelow) : dBelow;
    dFinal = none;
  }
  return {
    parameters: gradients,
    inputs: dOutput,
    initialState: concatenate(dStates.map((states) => states.hidden.slice(0, batch * hidden))),
    initialCellState: cellStatesAt(0, dStates, data, hidden),
    hidden: dStates.map((states) => states.hidden),
  };
}

/**
 * One training step: forward, backward, and the update of the parameters, in place, where the loss and all gradients are
 * finite.
 * @returns the forward run before the update: its loss, and the final states that truncated BPTT carries on; and whether
 *   the update was skipped.
 */
export function trainStep(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  update: ReferenceUpdate,
): ReferenceForward & { skipped: boolean } {
  const run = forward(config, parameters, data);
  const gradients = backward(config, parameters, data, run).parameters;
  const skipped = [[run.loss], ...Object.values(gradients)].some((values) => finiteCheck(values) !== 0);
  if (!skipped) update(parameters, gradients);
  return { ...run, skipped };
}

/** What a layer reads of [T, B, D·H] below it, or the gradient on its way back, alike. */
function dropped(
  { dropout: rate = 0, seed = 1, hidden, bidirectional }: ReferenceConfig,
  { steps, batch, step }: ReferenceBatch,
  layer: number,
  values: Float64Array,
): Float64Array {
  if (rate === 0 || step === undefined) return values;
  const parts = bidirectional ? 2 : 1;
  const mask = dropoutMask({ rows: steps * batch, parts, width: hidden, rate, seed, layer, step });
  return values.map((value, i) => value * mask[i]!);
}

/** The directions of each layer: how their parameters' names begin, their place among the states, their order. */
function layersOf({ layers = 1, bidirectional = false }: ReferenceConfig) {
  const ways = bidirectional ? ["", "reverse."] : [""];
  return Array.from({ length: layers }, (_, layer) =>
    ways.map((way, i) => ({ name: `layer${layer}.${way}`, index: layer * ways.length + i, reverse: i === 1 })),
  );
}

const lengthsOf = ({ lengths, steps, batch }: ReferenceBatch): Numbers =>
  lengths ?? new Float64Array(batch).fill(steps);

const sweepShape = (config: ReferenceConfig, data: ReferenceBatch, reverse: boolean): SweepShape => ({
  cell: referenceCellOf(config),
  steps: data.steps,
  batch: data.batch,
  hidden: config.hidden,
  lengths: lengthsOf(data),
  reverse,
});

const recurrentWeights = (parameters: ReferenceParameters, name: string) => ({
  recurrentWeight: parameters[`${name}recurrentWeight`] ?? [],
  recurrentBias: parameters[`${name}recurrentBias`] ?? [],
  unitParameters: parameters[`${name}unitParameters`] ?? [],
});

/** The states beside h, or their gradients, in one slab of each sweep [L·D, S, B, H] */
const cellStatesAt = (
  slab: number,
  sweeps: readonly SweepStates[],
  { batch }: ReferenceBatch,
  width: number,
): Float64Array =>
  concatenate(
    sweeps.flatMap(({ hidden, cell }) => {
      const count = cell.length / hidden.length;
      const size = batch * count * width;
      return splitColumns(cell.slice(slab * size, (slab + 1) * size), count, width);
    }),
  );

/** a = x·W + b [rows, G·H] */
function preactivationOf(
  { input }: ReferenceConfig,
  parameters: ReferenceParameters,
  name: string,
  inputs: Numbers,
  rows: number,
): Float64Array {
  const weight = parameters[`${name}inputWeight`]!;
  const bias = parameters[`${name}bias`]!;
  const columns = bias.length;
  if (name.startsWith("layer0.") && input === "tokens") return tokenGather(inputs, weight, bias, columns);
  return matmul(inputs, weight, rows, weight.length / columns, columns, bias);
}

/** The states after each step [T, B, H], in the order of time; zero past a sequence's end. */
function outputsOf({ steps, batch, hidden, lengths, reverse }: SweepShape, states: SweepStates): Float64Array {
  const outputs = new Float64Array(steps * batch * hidden);
  for (let t = 1; t <= steps; t++) {
    const slab = reverse ? steps + 1 - t : t;
    for (let b = 0; b < batch; b++) {
      const from = (slab * batch + b) * hidden;
      if (t <= lengths[b]!) outputs.set(states.hidden.subarray(from, from + hidden), ((t - 1) * batch + b) * hidden);
    }
  }
  return outputs;
}
