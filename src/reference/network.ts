// The whole network in float64: layers and directions composed, forward, backward, and a training step.

import { shown, TempogradError } from "../errors";
import { architectureOf, depthOf, type Parts, type Sequence, type ShortForm } from "../parts/architecture";
import { adaptiveBackward, adaptiveForward } from "./adaptive";
import { concatenate, joinColumns, splitColumns } from "./columns";
import { expectNetwork } from "./expect";
import { finiteCheck } from "./finite-check";
import { lengthsOf } from "./layer";
import { entryFor } from "./learning";
import { lengthMask } from "./length-mask";
import { type Loss, lossOf } from "./loss";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers } from "./matmul";
import type { ReferenceRows, ReferenceUpdate } from "./optimizer";
import type { SweepStates } from "./recurrence";
import { rowSum } from "./row-sum";
import { beginningsOf, endsOf, sequenceBackward, sequenceForward, statesApart, statesIn } from "./sequence";

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
  /** What an encoder reads: x [S, B, I] or token numbers [S, B], and of how many steps */
  source?: Numbers | undefined;
  sourceSteps?: number | undefined;
  /** [B]; all steps where not given */
  sourceLengths?: Numbers | undefined;
  /** [rows], what each row of the targets counts; 1 where not given */
  weights?: Numbers | undefined;
  /** [L·D, B, H], of layers of several widths one after the other; zeros where not given */
  initialState?: Numbers | undefined;
  /** Of the states beside h, [L·D, S, B, H] */
  initialCellState?: Numbers | undefined;
  /** [B], 1 where a row begins anew, from zero whatever its initial state; else 0 */
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

/** What the way forward leaves. */
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
  /** Those of an encoder */
  encoded?: ReferenceSweep[];
}

/** What the way back leaves. */
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

/**
 * Forward through time, to the loss.
 * @throws where parameters are missing, or they or the batch are of other sizes.
 */
export function forward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
): ReferenceForward {
  expectNetwork("referenceForward", config, parameters, data);
  const architecture = architectureOf(config);
  const { layers, encoder, readout, loss, seed } = architecture;
  const { steps, batch, weights } = data;
  const encoded =
    encoder && sequenceForward(encoder, parameters, sourceOf(data), statesIn(encoder.layers, { batch }), seed);
  const initial = encoded ? endsOf(encoded.sweeps, data.sourceSteps!) : statesIn(layers, data);
  const { sweeps, outputs } = sequenceForward(architecture, parameters, data, initial, seed);
  const ends = endsOf(sweeps, steps);
  const { directions, width } = layers.at(-1)!;
  const everyStep = readout.kind === "every-step";
  const last = ends.slice(-directions).map(({ hidden }) => hidden);
  const read = everyStep ? outputs : joinColumns(last, width);
  const depth = directions * width;
  const rows = read.length / depth;
  const { outputWeight, outputBias, embeddingWeight } = parameters;
  const product = () =>
    readout.tied
      ? matmulTransposeB(read, embeddingWeight!, rows, depth, readout.outputs)
      : matmul(read, outputWeight!, rows, depth, readout.outputs);
  const biased = (o: Float64Array) => o.map((value, i) => value + (outputBias?.[i % readout.outputs] ?? 0));
  const logits = readout.clusters
    ? adaptiveForward(readout.clusters, parameters, read, depth, readout.outputs)
    : biased(readout.bare ? read : product());
  const lengths = lengthsOf(data);
  const live = (row: number) => !everyStep || Math.floor(row / batch) < lengths[row % batch]!;
  const weightOf = (row: number) => (live(row) ? (weights?.[row] ?? 1) : 0);
  return {
    ...lossOf(loss, readout.outputs, logits, data.targets, weightOf),
    ...{ outputs, read, logits, sweeps },
    ...(encoded && { encoded: encoded.sweeps }),
    finalState: concatenate(ends.map(({ hidden }) => hidden)),
    finalCellState: concatenate(statesApart(layers, ends)),
  };
}

/** What reaches a network from beyond its own loss. */
export interface ReferenceFrom {
  /** dL/do, like logits, of which nothing counts past a sequence's end; that of the network's loss unless given */
  dLogits?: Numbers;
  /** dL/d(the final states), as `finalState` and `finalCellState` have them; zeros unless given */
  dFinalState?: Numbers;
  dFinalCellState?: Numbers;
}

/** Back through time: the gradients of the loss, summed over all steps. */
export function backward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  forward: ReferenceForward,
  { dLogits: dGiven, dFinalState, dFinalCellState }: ReferenceFrom = {},
): ReferenceGradients {
  const operation = "referenceBackward";
  expectNetwork(operation, config, parameters, data);
  if (!Array.isArray(forward?.sweeps) || !forward.read || !forward.dLogits) {
    const got = shown(forward);
    throw new TempogradError(
      "option",
      `${operation}: forward is ${got}, expected what referenceForward answers; pass it.`,
    );
  }
  const { sweeps, encoded, read, dLogits: dOwn } = forward;
  const architecture = architectureOf(config);
  const { layers, encoder, readout, seed } = architecture;
  const { outputs: width, tied, bare, clusters } = readout;
  const { steps, batch } = data;
  const depth = depthOf(architecture);
  const count = read.length / depth;
  const { outputWeight, outputBias, embeddingWeight } = parameters;
  const everyStep = readout.kind === "every-step";
  const dLogits = dGiven && everyStep ? lengthMask(dGiven, lengthsOf(data), width) : (dGiven ?? dOwn);
  const throughReadout = () =>
    tied
      ? matmul(dLogits, embeddingWeight!, count, width, depth)
      : matmulTransposeB(dLogits, outputWeight!, count, width, depth);
  const ofReadout: ReferenceParameters = {};
  const dRead = bare
    ? Float64Array.from(dLogits)
    : clusters
      ? adaptiveBackward(clusters, parameters, read, depth, width, dLogits, ofReadout)
      : throughReadout();
  const dOutput = everyStep ? dRead : new Float64Array(steps * batch * depth); // [T, B, D·H]
  const dFinal = statesIn(layers, { batch, initialState: dFinalState, initialCellState: dFinalCellState });
  if (!everyStep) {
    const { directions, width } = layers.at(-1)!;
    const ofRead = splitColumns(dRead, directions, width);
    for (const [direction, { hidden }] of dFinal.slice(-directions).entries()) {
      for (let i = 0; i < hidden.length; i++) hidden[i]! += ofRead[direction]![i]!;
    }
  }
  const back = sequenceBackward(architecture, parameters, data, sweeps, dOutput, dFinal, seed);
  const begins = beginningsOf(back.states, steps);
  const source = encoder && encoded && sourceOf(data);
  const nothing = new Float64Array(source ? source.steps * batch * depthOf(encoder!) : 0);
  const ofEncoder = source
    ? sequenceBackward(encoder!, parameters, source, encoded!, nothing, begins, seed).gradients
    : {};
  const gradients = { ...ofEncoder, ...back.gradients, ...ofReadout };
  if (outputBias && !clusters) gradients.outputBias = rowSum(dLogits, width);
  if (!tied && !bare && !clusters) gradients.outputWeight = matmulTransposeA(read, dLogits, depth, count, width);
  if (tied) {
    const ofOutput = matmulTransposeA(dLogits, read, width, count, depth);
    gradients.embeddingWeight = gradients.embeddingWeight!.map((value, i) => value + ofOutput[i]!);
  }
  return {
    parameters: gradients,
    inputs: back.dInputs,
    initialState: concatenate(begins.map(({ hidden }) => hidden)),
    initialCellState: concatenate(statesApart(layers, begins)),
    hidden: back.states.map(({ hidden }) => hidden),
  };
}

/** What an encoder reads, as a batch of its own. */
const sourceOf = ({ batch, source = [], sourceSteps = 0, sourceLengths, step }: ReferenceBatch): ReferenceBatch => ({
  ...{ steps: sourceSteps, batch, inputs: source, targets: [], lengths: sourceLengths, step },
});

/** The rows of sparse embeddings that a batch has tokens of. */
function rowsOf(config: ReferenceConfig, { inputs, source = [] }: ReferenceBatch): ReferenceRows {
  const { encoder, ...own } = architectureOf(config);
  const of = (sequence: Sequence | undefined, tokens: Numbers) =>
    sequence?.input.sparse
      ? {
          [`${sequence.prefix}embeddingWeight`]: {
            width: sequence.input.width,
            rows: [...new Set(Array.from(tokens))],
          },
        }
      : {};
  return { ...of(own, inputs), ...of(encoder, source) };
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
  if (typeof update !== "function") {
    const got = shown(update);
    throw new TempogradError(
      "option",
      `referenceTrainStep: update is ${got}, expected what referenceOptimizer answers.`,
    );
  }
  const run = forward(config, parameters, data);
  const all = Object.keys(parameters);
  const learns = (name: string) =>
    typeof trainable === "function" ? trainable(name) : !trainable || entryFor(trainable, name, all) !== undefined;
  const of = Object.entries(backward(config, parameters, data, run).parameters);
  const gradients = Object.fromEntries(of.filter(([name]) => learns(name)));
  const skipped = [[run.loss], ...Object.values(gradients)].some((values) => finiteCheck(values) !== 0);
  if (!skipped) update(parameters, gradients, undefined, undefined, rowsOf(config, data));
  return { ...run, skipped };
}
