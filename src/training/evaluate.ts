// Loss and accuracy over a data set, without touching what is trained.

import { readTensors } from "../gpu/tensor";
import { type Batch, type BatchShape, checkBatch } from "../network/batch";
import type { NetworkConfig } from "../network/config";
import type { Network } from "../network/network";

export interface Evaluation {
  /** Mean over all that counts: nats a target (cross-entropy), or squared error a value. */
  loss: number;
  /**
   * exp of the mean of −ln ŷ[y] over targets that count, without label smoothing or class weights: among how many
   * equally likely classes it would be as hard to choose; null for the mean squared error.
   */
  perplexity: number | null;
  /** Share of targets whose class has the largest logit; null for the mean squared error. */
  accuracy: number | null;
  /** How many targets or values counted. */
  count: number;
}

/**
 * Runs a network over batches of one size, forward only. With `carryState`, the first batch begins from zero and each
 * other where the one before ended.
 * @throws as `checkBatch`, or where no target counts.
 */
export async function evaluate(
  network: Network,
  shape: BatchShape,
  batches: Iterable<Batch> | AsyncIterable<Batch>,
): Promise<Evaluation> {
  const { gpu, config } = network;
  const { steps, batch, initialState = false, carryState = false } = shape;
  const pass = await network.pass({ steps, batch, initialState, carryState });
  const { losses, logits } = pass.tensors;
  let loss = 0;
  let count = 0;
  let weight = 0;
  const total = { correct: 0, surprise: 0 };
  try {
    for await (const data of batches) {
      const counted = checkBatch("evaluate", config, shape, data);
      pass.write(data);
      pass.run();
      const [[batchLoss], outputs] = (await readTensors(gpu, [losses, logits])) as [Float32Array, Float32Array];
      loss += batchLoss! * counted.weight;
      weight += counted.weight;
      count += counted.count;
      if (config.loss === "cross-entropy") addPredictions(total, outputs, config, shape, data);
    }
  } finally {
    pass.destroy();
  }
  if (!(weight > 0)) {
    const got = count === 0 ? "no target counts" : `the ${count} targets that count have class weights of 0`;
    throw new Error(`evaluate: ${got}, expected at least one that weighs; pass batches with other targets.`);
  }
  const classes = config.loss === "cross-entropy";
  return {
    loss: loss / weight,
    perplexity: classes ? Math.exp(total.surprise / count) : null,
    accuracy: classes ? total.correct / count : null,
    count,
  };
}

/** Adds up how many targets have the largest logit, and −ln ŷ of each. */
function addPredictions(
  total: { correct: number; surprise: number },
  logits: Float32Array,
  { outputs, readout }: NetworkConfig,
  { batch }: BatchShape,
  { targets, lengths }: Batch,
): void {
  for (const [row, target] of targets.entries()) {
    const live = readout === "last-step" || !lengths || Math.floor(row / batch) < lengths[row % batch]!;
    if (!live || target < 0) continue;
    const o = logits.subarray(row * outputs, (row + 1) * outputs);
    const largest = o.reduce((most, logit) => Math.max(most, logit));
    const sum = o.reduce((all, logit) => all + Math.exp(logit - largest), 0);
    total.surprise += Math.log(sum) + largest - o[target]!;
    if (o.indexOf(largest) === target) total.correct++;
  }
}
