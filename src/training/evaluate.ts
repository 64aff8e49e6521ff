// Loss and accuracy over a data set, without touching what is trained.

import { whole } from "../gpu/tensor";
import { type Batch, type BatchShape, shapeOf } from "../network/batch";
import { checkBatch } from "../network/check-batch";
import type { NetworkConfig } from "../network/config";
import { expectKnown, expectLoss } from "../network/expect";
import type { Network } from "../network/network";
import { notFiniteNetwork } from "../network/not-finite";
import type { PassPlan } from "../network/pass-plan";
import { finiteCheck } from "../ops/finite-check";
import { architectureOf } from "../parts/architecture";
import { type Batches, BatchTaker, closeSource, iteratorOf } from "./batches";

export interface Evaluation {
  /** Mean over all that counts: nats a target (cross-entropy), or squared error a value. */
  loss: number;
  /**
   * exp of the mean of −ln ŷ[y] over targets that count, weighted as their rows are, without label smoothing or class weights: among how many
   * equally likely classes it would be as hard to choose; null for the mean squared error.
   */
  perplexity: number | null;
  /** Share, weighted alike, of targets whose class has the largest logit; null for the mean squared error. */
  accuracy: number | null;
  /** How many targets or values counted. */
  count: number;
}

/**
 * Runs a network over batches of one size, forward only. With `carryState`, the first batch begins with its initial state,
 * or zero, and each other where the one before ended.
 * @throws as `checkBatch`; where no target counts, parameters or a loss are not finite, the network was destroyed, the
 *   device was lost or has no room; or the signal's reason.
 */
export async function evaluate(
  network: Network,
  shape: BatchShape,
  batches: Batches,
  options: { signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const operation = "evaluate";
  const { config } = network;
  const { signal } = options;
  network.lifetime.expect(operation);
  expectKnown(operation, options, ["signal"]);
  expectLoss(operation, architectureOf(config).loss, "measure the outputs of network.pass by your own");
  const classes = architectureOf(config).loss.targets === "classes";
  const source = iteratorOf(operation, batches);
  const taker = new BatchTaker();
  let loss = 0;
  let count = 0;
  let weight = 0;
  const total = { weight: 0, correct: 0, surprise: 0 };
  const wanted = ({ plan, tensors: { losses, logits } }: PassPlan) => {
    const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
    plan.clear(notFinite, 4);
    finiteCheck(plan, { tensor: whole(network.parameters, "parameters"), notFinite });
    return [losses, logits, notFinite];
  };
  try {
    await network.programs.reading(operation, shapeOf(shape), wanted, async (reading) => {
      const { pass, run } = reading;
      for (let number = 0; ; number++) {
        signal?.throwIfAborted();
        const given = taker.take(source);
        const next = "then" in given ? await taker.wait(operation, source, pass.lifetime, signal) : given;
        if (!next || next.done) break;
        const data = next.value;
        const counted = checkBatch(operation, config, shape, data, number === 0);
        pass.lifetime.expect(operation);
        pass.write(data);
        const [[batchLoss], outputs, found] = (await run()) as [Float32Array, Float32Array, Uint32Array];
        if (found[0] !== 0) throw notFiniteNetwork(operation, "parameters");
        if (!Number.isFinite(batchLoss)) throw notFiniteNetwork(operation, `losses of batch ${number}`);
        loss += batchLoss! * counted.weight;
        weight += counted.weight;
        count += counted.count;
        if (classes) addPredictions(total, outputs, config, shape, data);
      }
    });
  } finally {
    closeSource(source);
  }
  if (!(weight > 0)) {
    const got = count === 0 ? "no target counts" : `the ${count} targets that count have class weights of 0`;
    throw new Error(`evaluate: ${got}, expected at least one that weighs; pass batches with other targets.`);
  }
  return {
    loss: loss / weight,
    perplexity: classes ? Math.exp(total.surprise / total.weight) : null,
    accuracy: classes ? total.correct / total.weight : null,
    count,
  };
}

/** Adds up how many targets have the largest logit, and −ln ŷ of each. */
function addPredictions(
  total: { weight: number; correct: number; surprise: number },
  logits: Float32Array,
  config: NetworkConfig,
  { batch }: BatchShape,
  { targets, weights, lengths }: Batch,
): void {
  const { kind, outputs } = architectureOf(config).readout;
  for (const [row, target] of targets.entries()) {
    const live = kind === "last-step" || !lengths || Math.floor(row / batch) < lengths[row % batch]!;
    if (!live || target < 0) continue;
    const o = logits.subarray(row * outputs, (row + 1) * outputs);
    const largest = o.reduce((most, logit) => Math.max(most, logit));
    const sum = o.reduce((all, logit) => all + Math.exp(logit - largest), 0);
    const weight = weights?.[row] ?? 1;
    total.weight += weight;
    total.surprise += weight * (Math.log(sum) + largest - o[target]!);
    if (o.indexOf(largest) === target) total.correct += weight;
  }
}
