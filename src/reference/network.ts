// The whole network in float64: layers and directions composed, forward, backward, and a training step.

import { referenceCellOf } from "../cells/reference-cells";
import {
  type Architecture,
  architectureOf,
  depthOf,
  type Parts,
  type ShortForm,
  type StackedLayer,
} from "../parts/architecture";
import { concatenate, joinColumns, slabOf, splitColumns } from "./columns";
import { dropoutMask } from "./dropout";
import { finiteCheck } from "./finite-check";
import { layerBackward, layerForward, lengthsOf } from "./layer";
import { entryFor } from "./learning";
import { type Loss, lossOf } from "./loss";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers } from "./matmul";
import type { ReferenceUpdate } from "./optimizer";
import type { SweepStates } from "./recurrence";
import { rowReset } from "./row-reset";
import { rowSum } from "./row-sum";
import { tokenGather, tokenGatherGradient } from "./token-gather";

/** A network, in either form; `initializer`s have no meaning here. */
export type ReferenceConfig = Parts | ShortForm;

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
  /** [rows]: what each row of the targets counts; 1 where not given */
  weights?: Numbers | undefined;
  /** [L·D, B, H], of layers of several widths one after the other; zeros where not given */
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
  const architecture = architectureOf(config);
  const { input, layers, readout, loss } = architecture;
  const { steps, batch, weights } = data;
  let sweeps: ReferenceSweep[] = [];
  const embedding = parameters.embeddingWeight;
  let inputs = embedding
    ? tokenGather(data.inputs, embedding, new Float64Array(input.width), input.width)
    : data.inputs;
  const initial = initialStates(layers, data);
  let outputs: Float64Array = new Float64Array();
  for (const layer of layers) {
    const areTokens = layer.number === 0 && input.kind === "tokens";
    if (layer.dropout > 0) inputs = dropped(architecture, data, layer, Float64Array.from(inputs));
    const ran = layerForward(
      layer,
      parameters,
      data,
      inputs,
      areTokens,
      (direction) => initial[layer.number]![direction]!,
    );
    sweeps = [...sweeps, ...ran.sweeps];
    outputs = ran.outputs;
    inputs = outputs;
  }
  const { directions, width } = layers.at(-1)!;
  const last = sweeps.slice(-directions).map(({ hidden }) => hidden.slice(steps * batch * width));
  const everyStep = readout.kind === "every-step";
  const read = everyStep ? outputs : joinColumns(last, width);
  const depth = directions * width;
  const rows = read.length / depth;
  const logits = readout.tied
    ? matmulTransposeB(read, embedding!, rows, depth, readout.outputs)
    : matmul(read, parameters.outputWeight!, rows, depth, readout.outputs);
  for (let i = 0; parameters.outputBias && i < logits.length; i++)
    logits[i]! += parameters.outputBias[i % readout.outputs]!;
  const lengths = lengthsOf(data);
  const live = (row: number) => !everyStep || Math.floor(row / batch) < lengths[row % batch]!;
  const weightOf = (row: number) => (live(row) ? (weights?.[row] ?? 1) : 0);
  const ends = sweeps.map(({ hidden, cell }) => ({ hidden: lastSlab(hidden, steps), cell: lastSlab(cell, steps) }));
  return {
    ...lossOf(loss, readout.outputs, logits, data.targets, weightOf),
    outputs,
    finalState: concatenate(ends.map(({ hidden }) => hidden)),
    finalCellState: concatenate(statesApart(layers, ends)),
    read,
    logits,
    sweeps,
  };
}

/** What reaches a network from beyond its own loss. */
export interface ReferenceFrom {
  /** dL/do, like logits; that of the network's loss unless given */
  dLogits?: Float64Array;
  /** dL/d(the final states), as `finalState` and `finalCellState` have them; zeros unless given */
  dFinalState?: Numbers;
  dFinalCellState?: Numbers;
}

/** Back through time: the gradients of the loss, summed over all steps. */
export function backward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  { sweeps, read, dLogits: dOwn }: ReferenceForward,
  { dLogits = dOwn, dFinalState, dFinalCellState }: ReferenceFrom = {},
): ReferenceGradients {
  const architecture = architectureOf(config);
  const { input, layers, readout } = architecture;
  const { outputs: width, tied } = readout;
  const { steps, batch } = data;
  const depth = depthOf(architecture);
  const count = read.length / depth;
  const v = parameters.outputWeight;
  const embedding = parameters.embeddingWeight;
  const dRead = tied
    ? matmul(dLogits, embedding!, count, width, depth)
    : matmulTransposeB(dLogits, v!, count, width, depth);
  const gradients: ReferenceParameters = {};
  if (!tied) gradients.outputWeight = matmulTransposeA(read, dLogits, depth, count, width);
  if (parameters.outputBias) gradients.outputBias = rowSum(dLogits, width);
  const everyStep = readout.kind === "every-step";
  let dOutput = everyStep ? dRead : new Float64Array(steps * batch * depth); // [T, B, D·H] of the layer
  const beyond = initialStates(layers, { steps, batch, initialState: dFinalState, initialCellState: dFinalCellState });
  const dStates: SweepStates[][] = [];
  let end = sweeps.length;
  for (const layer of [...layers].reverse()) {
    const { number, directions } = layer;
    const ofLayer = sweeps.slice(end - directions, end);
    end -= directions;
    const areTokens = number === 0 && input.kind === "tokens";
    const top = number === layers.length - 1 && !everyStep;
    const ofRead = top ? splitColumns(dRead, directions, layer.width) : [];
    const dFinal = (direction: number) => {
      const { hidden, cell } = beyond[number]![direction]!;
      return { hidden: hidden.map((value, i) => value + (ofRead[direction]?.[i] ?? 0)), cell };
    };
    const back = layerBackward(layer, parameters, data, ofLayer, areTokens, dOutput, dFinal, gradients);
    dStates[number] = back.states;
    dOutput = layer.dropout > 0 ? dropped(architecture, data, layer, back.dInputs) : back.dInputs;
  }
  if (embedding) {
    const ofInput = tokenGatherGradient(data.inputs, dOutput, input.tokens!, input.width);
    const ofOutput = tied ? matmulTransposeA(dLogits, read, width, count, depth) : new Float64Array(ofInput.length);
    gradients.embeddingWeight = ofInput.map((value, i) => value + ofOutput[i]!);
  }
  const all = dStates.flat();
  const begins = all.map(({ hidden, cell }) => ({ hidden: firstSlab(hidden, steps), cell: firstSlab(cell, steps) }));
  return {
    parameters: gradients,
    inputs: dOutput,
    initialState: concatenate(begins.map(({ hidden }) => hidden)),
    initialCellState: concatenate(statesApart(layers, begins)),
    hidden: all.map(({ hidden }) => hidden),
  };
}

const firstSlab = (values: Float64Array, steps: number) => values.slice(0, values.length / (steps + 1));
const lastSlab = (values: Float64Array, steps: number) => values.slice((values.length / (steps + 1)) * steps);

/** The states beside h of all layers and directions, state after state [B, H] each, from rows of [B, S·H] */
const statesApart = (layers: readonly StackedLayer[], sweeps: readonly SweepStates[]): Float64Array[] => {
  const owners = layers.flatMap((layer) => Array.from({ length: layer.directions }, () => layer));
  return sweeps.flatMap(({ cell }, i) => splitColumns(cell, referenceCellOf(owners[i]!).states, owners[i]!.hidden));
};

/** What each layer and direction begins with, rows that begin anew as `rowReset` has them. */
function initialStates(
  layers: readonly StackedLayer[],
  data: Pick<ReferenceBatch, "steps" | "batch" | "initialState" | "initialCellState" | "reset">,
): { hidden: Float64Array; cell: Float64Array }[][] {
  const { batch, reset = new Float64Array(batch) } = data;
  const at = { hidden: 0, cell: 0 };
  const next = (kind: "hidden" | "cell", width: number) => {
    const size = batch * width;
    const given = kind === "hidden" ? data.initialState : data.initialCellState;
    const values = slabOf(given?.length ? Array.from(given).slice(at[kind], at[kind] + size) : undefined, 0, size);
    at[kind] += size;
    return rowReset(values, reset);
  };
  return layers.map((layer) =>
    Array.from({ length: layer.directions }, () => {
      const hidden = next("hidden", layer.width);
      const beside = Array.from({ length: referenceCellOf(layer).states }, () => next("cell", layer.hidden));
      return { hidden, cell: joinColumns(beside, layer.hidden) };
    }),
  );
}

/**
 * One training step: forward, backward, and the update of the parameters that learn, in place, where the loss and their
 * gradients are finite.
 * @param trainable which learn: names, or how they begin, or a function of the name; all unless given
 * @returns the forward run before the update: its loss, and the final states that truncated BPTT carries on; and whether
 *   the update was skipped.
 */
export function trainStep(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  update: ReferenceUpdate,
  trainable?: readonly string[] | ((name: string) => boolean),
): ReferenceForward & { skipped: boolean } {
  const run = forward(config, parameters, data);
  const all = Object.keys(parameters);
  const learns = (name: string) =>
    typeof trainable === "function" ? trainable(name) : !trainable || entryFor(trainable, name, all) !== undefined;
  const of = Object.entries(backward(config, parameters, data, run).parameters);
  const gradients = Object.fromEntries(of.filter(([name]) => learns(name)));
  const skipped = [[run.loss], ...Object.values(gradients)].some((values) => finiteCheck(values) !== 0);
  if (!skipped) update(parameters, gradients);
  return { ...run, skipped };
}

/** What a layer reads with some of it dropped, or the gradient on its way back, alike. */
function dropped(
  { seed, layers }: Architecture,
  { steps, batch, step }: ReferenceBatch,
  { dropout: rate, number: layer, inputs }: StackedLayer,
  values: Float64Array,
): Float64Array {
  if (step === undefined) return values;
  const parts = layers[layer - 1]?.directions ?? 1;
  const mask = dropoutMask({ rows: steps * batch, parts, width: inputs / parts, rate, seed, layer, step });
  return values.map((value, i) => value * mask[i]!);
}
