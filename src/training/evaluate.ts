// Loss and accuracy over a data set, without touching what is trained.

import { readTensors, type TypedArray } from "../gpu/tensor";
import { type Batch, type BatchShape, checkBatch } from "../network/batch";
import type { NetworkConfig } from "../network/config";
import type { Network } from "../network/network";

export interface Evaluation {
  /** Mean over all that counts: nats a target (cross-entropy), or squared error a value. */
  loss: number;
  /** exp(loss), of the cross-entropy: among how many equally likely classes it would be as hard to choose; else null. */
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
  let correct = 0;
  let count = 0;
  let weight = 0;
  try {
    for await (const data of batches) {
      const counted = checkBatch("evaluate", config, shape, data);
      pass.write(data);
      pass.run();
      const [[batchLoss], outputs] = (await readTensors(gpu, [losses, logits])) as [TypedArray, TypedArray];
      loss += batchLoss! * counted.weight;
      weight += counted.weight;
      count += counted.count;
      if (config.loss === "cross-entropy") correct += countCorrect(outputs, config, shape, data);
    }
  } finally {
    pass.destroy();
  }
  if (count === 0)
    throw new Error("evaluate: no target counts, expected at least one; pass batches with targets other than −1.");
  const mean = loss / weight;
  const classes = config.loss === "cross-entropy";
  return { loss: mean, perplexity: classes ? Math.exp(mean) : null, accuracy: classes ? correct / count : null, count };
}

function countCorrect(
  logits: ArrayLike<number>,
  { outputs, readout }: NetworkConfig,
  { batch }: BatchShape,
  { targets, lengths }: Batch,
): number {
  let correct = 0;
  for (let row = 0; row < targets.length; row++) {
    if (readout === "every-step" && lengths && Math.floor(row / batch) >= lengths[row % batch]!) continue;
    let best = 0;
    for (let k = 1; k < outputs; k++) if (logits[row * outputs + k]! > logits[row * outputs + best]!) best = k;
    if (best === targets[row]) correct++;
  }
  return correct;
}
