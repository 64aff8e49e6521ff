// Predicts of sequences of any lengths: side by side, padded, and each cut to what is its own.

import { shown, TempogradError } from "../errors";
import { architectureOf } from "../parts/architecture";
import type { BatchInputs } from "./batch";
import { borrow } from "./borrow";
import { columnsOf, expectSequence, roundedSize, sideBySide } from "./columns";
import { expectKnown, expectSize, expectSwitch } from "./expect";
import type { Network } from "./network";
import type { Prediction } from "./prediction";
import { predictorOf } from "./predictor";
import type { States } from "./read-states";
import { expectStates, initialStates, rowOfStates } from "./state-rows";

/** Tokens of one sequence, or its features [steps, inputs]. */
export type SequenceInputs = Int32Array | Float32Array;

/** How sequences are predicted. */
export interface PredictOptions<Initial = States | readonly States[]> {
  /** How many sequences at most are computed side by side; of a batch, how many it has where `lengths` does not say. Default 32; 1. */
  batch?: number;
  /** What a sequence begins with, as another ended: of several sequences a list, one for each. Without it, zero. A batch brings its own. */
  initialState?: Initial;
  /** Whether each prediction has the states that its sequence ends with. Default false. */
  states?: boolean;
  /** Gives up predicting. */
  signal?: AbortSignal;
}

const operation = "Network.predict";

/** As `network.predict`. */
export async function predict(
  network: Network,
  given: SequenceInputs | readonly SequenceInputs[] | BatchInputs,
  options: PredictOptions,
): Promise<Prediction | Prediction[]> {
  network.lifetime.expect(operation);
  expectKnown(operation, options, ["batch", "initialState", "states", "signal"]);
  const { batch, states, signal } = options;
  if (batch !== undefined) expectSize(operation, "batch", batch);
  expectSwitch(operation, "states", states);
  signal?.throwIfAborted();
  if (Array.isArray(given)) return ofSequences(network, given, options);
  if (ArrayBuffer.isView(given)) {
    const { initialState, ...others } = options;
    const ofOne = initialState === undefined ? others : { ...others, initialState: [initialState as States] };
    return (await ofSequences(network, [given as SequenceInputs], ofOne))[0]!;
  }
  if (typeof given !== "object" || given === null) {
    const expected = "a sequence, a list of them, or a batch";
    throw new TempogradError(
      "batch",
      `${operation}: got ${shown(given)}, expected ${expected}; pass an Int32Array of tokens or a Float32Array of features.`,
    );
  }
  return ofBatch(network, given as BatchInputs, options);
}

/** Several sequences, those of like lengths side by side. */
async function ofSequences(
  network: Network,
  sequences: readonly SequenceInputs[],
  { batch: most = sideBySide, initialState, states = false, signal }: PredictOptions,
): Promise<Prediction[]> {
  const { config } = network;
  const { input, encoder } = architectureOf(config);
  if (encoder) {
    throw new TempogradError(
      "batch",
      `${operation}: got sequences, expected a batch with a source: the network has an encoder.`,
    );
  }
  const isTokens = input.tokens !== undefined;
  const width = isTokens ? 1 : input.width;
  const lengths = sequences.map((one, i) => expectSequence(operation, `sequences[${i}]`, one, { isTokens, width }));
  const initial = initialState as readonly States[] | undefined;
  if (initial) checkInitial(network, initial, sequences.length);
  if (sequences.length === 0) return [];
  const order = [...sequences.keys()].sort((a, b) => lengths[a]! - lengths[b]!);
  const longest = roundedSize(lengths[order.at(-1)!]!);
  const batch = Math.min(most, roundedSize(sequences.length));
  const predictions = new Array<Prediction>(sequences.length);
  for (let start = 0; start < order.length; start += batch) {
    signal?.throwIfAborted();
    const rows = order.slice(start, start + batch);
    const steps = stepsFor(lengths[rows.at(-1)!]!, longest);
    const inputs = columnsOf(
      rows.map((i) => sequences[i]!),
      isTokens,
      { steps, batch, width },
    );
    const begin =
      initial &&
      initialStates(
        config,
        rows.map((i) => initial[i]!),
        batch,
      );
    const shape = { steps, batch, ...(initial && { initialState: true }), ...(states && { states }) };
    const cut = await run(network, shape, { ...inputs, ...begin });
    for (const [row, i] of rows.entries()) predictions[i] = cut(row, lengths[i]!);
  }
  return predictions;
}

/** A batch as a pass reads it. */
async function ofBatch(network: Network, given: BatchInputs, options: PredictOptions): Promise<Prediction[]> {
  const { input, encoder } = architectureOf(network.config);
  if (options.initialState) {
    throw new TempogradError(
      "option",
      `${operation}: initialState is given beside a batch, expected in it; write batch.initialState.`,
    );
  }
  const { targets: _, weights: __, ...inputs } = given as BatchInputs & { targets?: unknown; weights?: unknown };
  const batch = inputs.lengths?.length ?? options.batch ?? 1;
  const stepsOf = (data: SequenceInputs | undefined, { tokens, width }: typeof input) =>
    Math.ceil((data?.length ?? 0) / (batch * (tokens === undefined ? width : 1))) || 1; // the check of the batch tells what is missing
  const steps = stepsOf(inputs.inputs, input);
  const shape = {
    ...{ steps, batch },
    ...(encoder && { sourceSteps: stepsOf(inputs.source, encoder.input) }),
    ...((inputs.initialState ?? inputs.initialCellState) && { initialState: true }),
    ...(options.states && { states: true }),
  };
  const cut = await run(network, shape, inputs);
  return Array.from({ length: batch }, (_, row) => cut(row, inputs.lengths?.[row] ?? steps));
}

/** Runs a predictor that is kept. @returns what cuts one sequence's prediction out of the answer. */
async function run(network: Network, shape: { steps: number; batch: number; states?: boolean }, inputs: BatchInputs) {
  const { config } = network;
  const { steps, batch } = shape;
  const everyStep = architectureOf(config).readout.kind === "every-step";
  const key = `predict ${JSON.stringify(shape)}`;
  const make = () => predictorOf(network, shape, operation);
  return borrow(network, key, make, async (predictor) => {
    predictor.begin();
    const all = await predictor.run(inputs, predictor.newResult(), operation);
    const column = <Of extends Int32Array | Float32Array>(of: Of, row: number, length: number): Of => {
      const width = of.length / (batch * (everyStep ? steps : 1));
      const one = of.slice(0, length * width) as Of;
      for (let t = 0; t < length; t++) {
        const start = (t * batch + row) * width;
        one.set(of.subarray(start, start + width), t * width);
      }
      return one;
    };
    return (row: number, steps: number): Prediction => {
      const length = everyStep ? steps : 1;
      const { classes, probabilities, values, states } = all;
      return {
        ...(values
          ? { values: column(values, row, length) }
          : { classes: column(classes!, row, length), probabilities: column(probabilities!, row, length) }),
        ...(states && { states: rowOfStates(config, states, batch, row) }),
      };
    };
  });
}

/** All steps of the longest, or a half, a quarter or an eighth of them, where that is enough. */
function stepsFor(length: number, longest: number): number {
  let steps = longest;
  for (let halvings = 0; halvings < 3 && Math.ceil(steps / 2) >= length; halvings++) steps = Math.ceil(steps / 2);
  return steps;
}

function checkInitial({ config }: Network, initial: readonly States[], count: number): void {
  if (!Array.isArray(initial) || initial.length !== count) {
    const got = Array.isArray(initial) ? `has ${initial.length} states` : `is ${shown(initial)}`;
    throw new TempogradError(
      "option",
      `${operation}: initialState ${got}, expected a list of ${count}, one for each sequence.`,
    );
  }
  for (const [i, states] of initial.entries()) expectStates(operation, `initialState[${i}]`, config, states);
}
