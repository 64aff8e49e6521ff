// Loss, accuracy and other metrics over a data set, without touching what is trained.

import { expectOptions, shown, TempogradError } from "../errors";
import { expectLiving } from "../gpu/lifetime";
import { whole } from "../gpu/tensor";
import { type BatchShape, shapeOf } from "../network/batch";
import { checkBatch } from "../network/check-batch";
import type { NetworkConfig } from "../network/config";
import { expectKnown, expectLoss } from "../network/expect";
import type { Network } from "../network/network";
import { notFiniteNetwork } from "../network/not-finite";
import type { PassPlan } from "../network/pass-plan";
import { type Reading, reading } from "../network/reading";
import { finiteCheck } from "../ops/finite-check";
import { architectureOf } from "../parts/architecture";
import { type Batches, BatchTaker, closeSource, iteratorOf } from "./batches";
import { accuracy, type Metric, type Metrics, type MetricValues, perplexity } from "./metrics";
import { needsOf, RowScorer, scoresOn } from "./score-rows";

/** What is measured of any network. */
export interface Measured {
  /** Mean over all that counts: nats a target (cross-entropy), or of other losses of a value. */
  readonly loss: number;
  /** How many targets or values counted. */
  readonly count: number;
}

/** What is measured unless other metrics are asked for. */
export interface Evaluation extends Measured {
  /** As the metric `perplexity`, without label smoothing or class weights; null of losses of values. */
  readonly perplexity: number | null;
  /** As the metric `accuracy`; null of losses of values. */
  readonly accuracy: number | null;
}

/** What is measured, and when that is given up. */
export interface EvaluateOptions {
  /** What is measured beside the loss, by the names that the values get; without it accuracy and perplexity of classes. */
  metrics?: Metrics | undefined;
  /** Gives up measuring. */
  signal?: AbortSignal | undefined;
}

/** The metrics of a network for which none are asked. */
export const usualMetrics = (config: NetworkConfig): Metrics =>
  architectureOf(config).loss.targets === "classes" ? { perplexity: perplexity(), accuracy: accuracy() } : {};

/**
 * Runs a network over batches of one size, forward only. With `carryState`, the first batch begins with its initial state,
 * or zero, and each other where the one before ended. Outputs are read back only for metrics that need them; of the loss, and of
 * metrics of classes, less is.
 * @throws as `checkBatch`; where no target counts, a metric is not of the network's loss, parameters or a loss are not finite, the
 *   network was destroyed, the device was lost or has no room; or the signal's reason.
 * @example
 * ```ts
 * import { accuracy, consecutiveWindows, evaluate, perplexity } from "tempograd";
 *
 * const shape = { steps: 8, batch: 2 };
 * const measured = await evaluate(network, shape, consecutiveWindows(text, shape), {
 *   metrics: { accuracy: accuracy(), perplexity: perplexity() },
 * });
 * console.log(measured.loss, measured.accuracy, measured.perplexity);
 * ```
 */
export function evaluate<M extends Metrics>(
  network: Network,
  shape: BatchShape,
  batches: Batches,
  options: EvaluateOptions & { metrics: M },
): Promise<Measured & MetricValues<M>>;
export function evaluate(
  network: Network,
  shape: BatchShape,
  batches: Batches,
  options?: EvaluateOptions & { metrics?: undefined },
): Promise<Evaluation>;
export async function evaluate(
  network: Network,
  shape: BatchShape,
  batches: Batches,
  options: EvaluateOptions = {},
): Promise<Measured> {
  const operation = "evaluate";
  expectLiving(operation, "network", network, "Network.create");
  expectKnown(operation, options, ["metrics", "signal"]);
  expectOptions(operation, shape, "shape");
  const { config } = network;
  const { signal, metrics = usualMetrics(config) } = options;
  expectLoss(operation, architectureOf(config).loss, "measure what network.predict answers by your own");
  expectMetrics(operation, config, metrics);
  const source = iteratorOf(operation, batches);
  const taker = new BatchTaker();
  const needs = needsOf(metrics);
  const wanted = (planned: PassPlan) => {
    const { plan } = planned;
    const notFinite = plan.tensor("notFinite", [1], { type: "u32" });
    plan.clear(notFinite, 4);
    finiteCheck(plan, { tensor: whole(network.programs.parameters, "parameters"), notFinite });
    return [planned.tensors.losses, notFinite, ...scoresOn(planned, needs)];
  };
  let [loss, count, weight] = [0, 0, 0];
  const scorer = new RowScorer(config, shape, metrics);
  const use = async ({ pass, run }: Reading) => {
    for (let number = 0; ; number++) {
      signal?.throwIfAborted();
      const given = taker.take(source);
      const next = "then" in given ? await taker.wait(operation, source, pass.lifetime, signal) : given;
      if (!next || next.done) break;
      const data = next.value;
      const counted = checkBatch(operation, config, shape, data, number === 0);
      pass.lifetime.expect(operation);
      pass.write(data);
      const [losses, found, ...scores] = await run();
      const batchLoss = losses![0]!;
      if (found![0] !== 0) throw notFiniteNetwork(operation, "parameters");
      if (!Number.isFinite(batchLoss)) throw notFiniteNetwork(operation, `losses of batch ${number}`);
      loss += batchLoss * counted.weight;
      weight += counted.weight;
      count += counted.count;
      scorer.add(data, Object.fromEntries(needs.map((name, i) => [name, scores[i]!])));
    }
  };
  try {
    await reading(network, operation, shapeOf(shape), wanted, use, needs.join());
  } finally {
    closeSource(source);
  }
  if (!(weight > 0)) {
    const got = count === 0 ? "no target counts" : `the ${count} targets that count have class weights of 0`;
    throw new TempogradError(
      "batch",
      `evaluate: ${got}, expected at least one that weighs; pass batches with other targets.`,
    );
  }
  const none = options.metrics ? {} : { perplexity: null, accuracy: null };
  return { loss: loss / weight, ...none, ...scorer.values(), count };
}

/** @throws unless they are metrics of the network's loss, by names that nothing else has. */
export function expectMetrics(operation: string, config: NetworkConfig, metrics: unknown): asserts metrics is Metrics {
  const { loss } = architectureOf(config);
  const fail = (got: string, expected: string) => {
    throw new TempogradError("option", `${operation}: metrics${got}, expected ${expected}.`);
  };
  if (typeof metrics !== "object" || metrics === null || Array.isArray(metrics)) {
    fail(` is ${shown(metrics)}`, "an object of metrics by name, such as { accuracy: accuracy() }");
  }
  for (const [name, metric] of Object.entries(metrics as Record<string, Partial<Metric> | null>)) {
    if (["loss", "count"].includes(name)) fail(` has "${name}"`, `another name; ${name} is measured anyhow`);
    if (typeof metric?.begin !== "function" || !Array.isArray(metric.needs)) {
      fail(`.${name} is ${shown(metric)}`, "what accuracy() or another metric answers; call one of them");
    }
    const fits = metric!.of === "labels" ? loss.targets === "values" && loss.labels : metric!.of === loss.targets;
    if (!fits) {
      const what = loss.targets === "values" && loss.labels ? "labels" : loss.targets;
      fail(`.${name} is ${shown(metric!.name)}, of ${metric!.of}`, `one of ${what}, as the network's loss is`);
    }
  }
}
