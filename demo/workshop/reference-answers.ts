// What a network answers by the float64 reference, on the processor: predictions, measures, writing, and traces through time.

import {
  type Batch,
  type BatchShape,
  type Evaluation,
  type Metric,
  type NetworkConfig,
  type Prediction,
  type ReferenceForward,
  type ReferenceParameters,
  referenceBackward,
  referenceForward,
  type SequenceInputs,
  type UniformConfig,
} from "../../src/index";
import { sample } from "../../src/reference/sample";
import type { Ends } from "../data/trained-on";
import { maximum } from "../extremes";
import type { Translation } from "../tasks/task";
import type { Traced } from "../through-time/unroll";
import type { Writing } from "./learner";

export interface ReferenceNetwork {
  readonly config: NetworkConfig;
  readonly parameters: ReferenceParameters;
  readonly ends: Ends;
}

/** Of one kind of cell and one width. */
export interface UniformNetwork {
  readonly config: UniformConfig;
  readonly parameters: ReferenceParameters;
}

/** As long as that it computes at a stretch: what is asked meanwhile waits. */
const mostMilliseconds = 40;
let breathed = 0;

/** Lets messages in, where they have waited. */
export async function breathe(): Promise<void> {
  if (performance.now() - breathed < mostMilliseconds) return;
  await new Promise((resolve) => setTimeout(resolve));
  breathed = performance.now();
}

/** What a batch ends with, for the next to begin with. */
export const statesAfter = ({ finalState, finalCellState }: ReferenceForward) => ({
  initialState: finalState,
  initialCellState: finalCellState,
});

const areClasses = ({ loss }: Ends): boolean => loss === "cross-entropy";

/** Targets of which none counts. */
const noTargets = (ends: Ends, rows: number): Batch["targets"] =>
  areClasses(ends) ? new Int32Array(rows).fill(-1) : new Float32Array(rows * ends.outputs);

const rowOf = (values: Float64Array, width: number, row: number) => values.subarray(row * width, (row + 1) * width);

/** What no metric of classes asks for. */
const nothing = { outputs: new Float32Array(), targets: new Float32Array() };

/** The place of the largest, of those alike the first. */
const likeliest = (values: Float64Array): number => values.indexOf(maximum(values));

export async function predict(network: ReferenceNetwork, sequences: readonly SequenceInputs[]): Promise<Prediction[]> {
  const { config, parameters, ends } = network;
  const { inputs: width, outputs, readout } = ends;
  const predictions: Prediction[] = [];
  for (const inputs of sequences) {
    await breathe();
    const steps = inputs.length / (ends.input === "tokens" ? 1 : width);
    const rows = readout === "every-step" ? steps : 1;
    const data = { steps, batch: 1, inputs, targets: noTargets(ends, rows) };
    const { logits, probabilities } = referenceForward(config, parameters, data);
    const classes = () => Int32Array.from({ length: rows }, (_, row) => likeliest(rowOf(logits, outputs, row)));
    predictions.push(
      areClasses(ends)
        ? { classes: classes(), probabilities: Float32Array.from(probabilities) }
        : { values: Float32Array.from(logits) },
    );
  }
  return predictions;
}

/** As the library's `evaluate`. */
export async function evaluate(
  { config, parameters, ends }: ReferenceNetwork,
  { steps, batch, sourceSteps, carryState }: BatchShape,
  batches: Iterable<Batch>,
  right?: Metric<number>,
): Promise<Evaluation> {
  const { outputs, readout, classWeights } = ends;
  const classes = areClasses(ends);
  const tally = right?.begin(outputs);
  const sum = { loss: 0, weight: 0, count: 0, rows: 0, right: 0, surprise: 0 };
  let states = {};
  for (const data of batches) {
    await breathe();
    const run = referenceForward(config, parameters, { ...data, ...states, steps, batch, sourceSteps });
    if (carryState) states = statesAfter(run);
    let weight = 0;
    for (let row = 0; row < run.logits.length / outputs; row++) {
      const live = readout === "last-step" || !data.lengths || Math.floor(row / batch) < data.lengths[row % batch]!;
      const own = live ? (data.weights?.[row] ?? 1) : 0;
      const target = classes ? data.targets[row]! : 0;
      if (own === 0 || target < 0) continue;
      weight += own * (classes ? (classWeights?.[target] ?? 1) : outputs);
      sum.count += classes ? 1 : outputs;
      if (!classes) continue;
      sum.rows += own;
      const choice = likeliest(rowOf(run.logits, outputs, row));
      const surprise = -Math.log(run.probabilities[row * outputs + target]!);
      if (choice === target) sum.right += own;
      sum.surprise += own * surprise;
      tally?.add({ ...nothing, weight: own, target, choice, rank: choice === target ? 0 : 1, surprise });
    }
    sum.loss += run.loss * weight;
    sum.weight += weight;
  }
  return {
    loss: sum.loss / sum.weight,
    count: sum.count,
    perplexity: classes ? Math.exp(sum.surprise / sum.rows) : null,
    accuracy: tally ? tally.value() : classes ? sum.right / sum.rows : null,
  };
}

/** As `decode` on the GPU: at each step the likeliest token, behind those before. */
export async function decode(
  { config, parameters, ends }: ReferenceNetwork,
  sources: readonly Int32Array[],
  { prompt, length }: Translation,
): Promise<Prediction[]> {
  const { outputs } = ends;
  const predictions: Prediction[] = [];
  for (const source of sources) {
    const said: number[] = [];
    let probabilities = new Float64Array();
    while (said.length < length) {
      await breathe();
      const inputs = Int32Array.of(...prompt, ...said);
      const steps = inputs.length;
      const data = { steps, batch: 1, inputs, source, sourceSteps: source.length, targets: noTargets(ends, steps) };
      const run = referenceForward(config, parameters, data);
      said.push(likeliest(rowOf(run.logits, outputs, steps - 1)));
      probabilities = run.probabilities.slice((prompt.length - 1) * outputs);
    }
    predictions.push({ classes: Int32Array.from(said), probabilities: Float32Array.from(probabilities) });
  }
  return predictions;
}

/** As the library's `generate`, which draws the same tokens of the same seed. */
export async function generate(
  { config, parameters, ends }: ReferenceNetwork,
  { prompt, length, temperature, seed }: Writing,
): Promise<Int32Array> {
  const written = new Int32Array(length);
  let states = {};
  let inputs = prompt;
  for (let i = 0; i < length; i++) {
    await breathe();
    const steps = inputs.length;
    const data = { ...states, steps, batch: 1, inputs, targets: noTargets(ends, steps) };
    const run = referenceForward(config, parameters, data);
    const position = prompt.length - 1 + i;
    written[i] = sample(rowOf(run.logits, ends.outputs, steps - 1), { temperature, topK: 0, seed, position });
    states = statesAfter(run);
    inputs = written.subarray(i, i + 1);
  }
  return written;
}

/** Takes one sequence forward and back. Tokens are read as the one-hot x, whose gradient is asked for. */
export function trace(network: UniformNetwork, steps: number, batch: Batch): Traced {
  const { hidden, inputs: width, bidirectional } = network.config;
  const config: UniformConfig = { ...network.config, input: "features" };
  const isTokens = network.config.input === "tokens";
  const inputs = isTokens ? oneHot(batch.inputs, width) : batch.inputs;
  const data = { ...batch, inputs, steps, batch: 1 };
  const run = referenceForward(config, network.parameters, data);
  const back = referenceBackward(config, network.parameters, data, run);
  return {
    loss: run.loss,
    outputs: run.logits,
    dInputs: back.inputs,
    states: run.sweeps.map(({ hidden: slabs }, row) => {
      const states = new Float64Array(steps * hidden);
      for (let t = 0; t < steps; t++) {
        const slab = bidirectional && row % 2 === 1 ? steps - t : t + 1; // of what the sweep begins with is the first
        states.set(rowOf(slabs, hidden, slab), t * hidden);
      }
      return states;
    }),
    dHidden: back.hidden,
  };
}

function oneHot(tokens: ArrayLike<number>, width: number): Float32Array {
  const rows = new Float32Array(tokens.length * width);
  for (let t = 0; t < tokens.length; t++) rows[t * width + tokens[t]!] = 1;
  return rows;
}
