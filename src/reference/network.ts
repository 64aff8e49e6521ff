// The whole network in float64: forward, backward, and a step of gradient descent, as the equations have them.

import { biasGradient } from "./bias";
import { lossRecord } from "./loss-record";
import { matmul, matmulTransposeA, matmulTransposeB, type Numbers } from "./matmul";
import { meanSquaredError } from "./mean-squared-error";
import type { ReferenceUpdate } from "./optimizer";
import { recurrenceBackward, recurrenceForward } from "./recurrence";

import { softmaxCrossEntropy } from "./softmax-cross-entropy";
import { tokenGather, tokenGatherGradient } from "./token-gather";

export interface ReferenceConfig {
  inputs: number;
  hidden: number;
  outputs: number;
  activation: "tanh" | "relu";
  input: "tokens" | "features";
  readout: "last-step" | "every-step";
  loss: "cross-entropy" | "mean-squared-error";
}

/** Row-major: W [I, H], U [H, H], b [H], V [H, K], b_o [K]. */
export interface ReferenceParameters {
  "layer0.inputWeight": Float64Array;
  "layer0.recurrentWeight": Float64Array;
  "layer0.bias": Float64Array;
  outputWeight: Float64Array;
  outputBias: Float64Array;
}

/** Time-major, as the library's `Batch`. */
export interface ReferenceBatch {
  steps: number;
  batch: number;
  inputs: Numbers;
  targets: Numbers;
  lengths?: Numbers | undefined;
  initialState?: Numbers | undefined;
}

export interface ReferenceForward {
  /** a = x·W + b [T, B, H] */
  preactivation: Float64Array;
  /** h [T + 1, B, H], slab 0 is h_0 */
  hidden: Float64Array;
  /** o [T, B, K] or [B, K] */
  logits: Float64Array;
  /** ŷ, like logits; empty for the mean squared error */
  probabilities: Float64Array;
  /** dL/do, like logits */
  dLogits: Float64Array;
  /** The mean over what counts. */
  loss: number;
}

export interface ReferenceGradients extends ReferenceParameters {
  /** dL/dx [T, B, I]; empty for tokens */
  inputs: Float64Array;
  /** dL/dh_t by all paths [T + 1, B, H]; slab 0 is dL/dh_0 */
  hidden: Float64Array;
}

const lengthsOf = ({ lengths, steps, batch }: ReferenceBatch): Numbers =>
  lengths ?? new Float64Array(batch).fill(steps);

/** Forward through time, to the loss. */
export function forward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
): ReferenceForward {
  const { inputs, hidden: width, outputs, activation } = config;
  const { steps, batch } = data;
  const lengths = lengthsOf(data);
  const weight = parameters["layer0.inputWeight"];
  const bias = parameters["layer0.bias"];
  const preactivation =
    config.input === "tokens"
      ? tokenGather(data.inputs, weight, bias, width)
      : matmul(data.inputs, weight, steps * batch, inputs, width, bias);
  const initial = data.initialState ?? new Float64Array(batch * width);
  const shape = { steps, batch, hidden: width, activation };
  const hidden = recurrenceForward(shape, preactivation, parameters["layer0.recurrentWeight"], lengths, initial);

  const everyStep = config.readout === "every-step";
  const read = hidden.subarray((everyStep ? 1 : steps) * batch * width);
  const rows = read.length / width;
  const logits = matmul(read, parameters.outputWeight, rows, width, outputs, parameters.outputBias);
  const live = (row: number) => !everyStep || Math.floor(row / batch) < lengths[row % batch]!;
  if (config.loss === "mean-squared-error") {
    let counted = 0;
    for (let row = 0; row < rows; row++) if (live(row)) counted += outputs;
    const { dLogits, rowLoss } = meanSquaredError(logits, data.targets, outputs, 1 / counted, live);
    return { preactivation, hidden, logits, probabilities: new Float64Array(), dLogits, loss: lossRecord(rowLoss) };
  }
  const targets = Int32Array.from({ length: rows }, (_, row) => (live(row) ? data.targets[row]! : -1));
  const counted = targets.reduce((count, target) => count + (target >= 0 ? 1 : 0), 0);
  const { probabilities, dLogits, rowLoss } = softmaxCrossEntropy(
    logits,
    targets,
    outputs,
    counted > 0 ? 1 / counted : 0,
  );
  return { preactivation, hidden, logits, probabilities, dLogits, loss: lossRecord(rowLoss) };
}

/** Back through time: the gradients of the loss, summed over all steps. */
export function backward(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  { hidden, dLogits }: ReferenceForward,
): ReferenceGradients {
  const { inputs, hidden: width, outputs, activation } = config;
  const { steps, batch } = data;
  const lengths = lengthsOf(data);
  const everyStep = config.readout === "every-step";
  const read = hidden.subarray((everyStep ? 1 : steps) * batch * width);
  const rows = read.length / width;
  const dRead = matmulTransposeB(dLogits, parameters.outputWeight, rows, outputs, width);
  let dOutput = dRead;
  if (!everyStep) {
    dOutput = new Float64Array(steps * batch * width); // the loss reaches each sequence at its own last step
    for (let b = 0; b < batch; b++) {
      dOutput.set(dRead.subarray(b * width, (b + 1) * width), ((lengths[b]! - 1) * batch + b) * width);
    }
  }
  const shape = { steps, batch, hidden: width, activation };
  const recurrentWeight = parameters["layer0.recurrentWeight"];
  const { dPreactivation, dHidden } = recurrenceBackward(shape, hidden, dOutput, recurrentWeight, lengths);
  const tokens = config.input === "tokens";
  return {
    "layer0.inputWeight": tokens
      ? tokenGatherGradient(data.inputs, dPreactivation, inputs, width)
      : matmulTransposeA(data.inputs, dPreactivation, inputs, steps * batch, width),
    "layer0.recurrentWeight": matmulTransposeA(hidden, dPreactivation, width, steps * batch, width),
    "layer0.bias": biasGradient(dPreactivation, width),
    outputWeight: matmulTransposeA(read, dLogits, width, rows, outputs),
    outputBias: biasGradient(dLogits, outputs),
    inputs: tokens
      ? new Float64Array()
      : matmulTransposeB(dPreactivation, parameters["layer0.inputWeight"], steps * batch, width, inputs),
    hidden: dHidden,
  };
}

/** One training step: forward, backward, and the update of the parameters, in place. Returns the loss before it. */
export function trainStep(
  config: ReferenceConfig,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  update: ReferenceUpdate,
): number {
  const run = forward(config, parameters, data);
  update({ ...parameters }, { ...backward(config, parameters, data, run) });
  return run.loss;
}
