// Fits a network to data: trains it, measures it on other data meanwhile, and stops where it gets no better.

import { shown, TempogradError } from "../errors";
import { expectLiving } from "../gpu/lifetime";
import { shapeOf } from "../network/batch";
import type { Network } from "../network/network";
import { evaluate, expectMetrics, type Measured } from "./evaluate";
import { type FitData, type PreparedData, prepareData } from "./fit-data";
import {
  checkRules,
  expectEpochs,
  expectNoMore,
  type FitOptions,
  type FitRules,
  partedOptions,
  usualOfFit,
} from "./fit-options";
import type { Metrics, MetricValues } from "./metrics";
import type { StepReport } from "./submits";
import { Trainer } from "./trainer";
import type { TrainerOptions } from "./trainer-options";
import type { Snapshot } from "./trainer-state";

/** Where no metrics are asked for: of classes, of values, or of labels. */
type Usual = {
  readonly [Name in "accuracy" | "perplexity" | "mae" | "rmse" | "labelAccuracy"]?: number;
};

/** What is measured on the validation data. */
type Validation<M extends Metrics> = Metrics extends M ? Measured & Usual : Measured & MetricValues<M>;

/** Where a fit stood when it was measured; without validation data, after each epoch, or as often as `evaluateEvery` says. */
export interface FitEntry<M extends Metrics = Metrics> {
  /** Updates done, by the trainer's count. */
  readonly update: number;
  /** The mean of the training losses since the entry before. */
  readonly loss: number;
  readonly validation?: Validation<M>;
  /** Since the fit began. */
  readonly seconds: number;
}

/** What a fit tells after each update. */
export interface FitProgress<M extends Metrics = Metrics> {
  readonly update: number;
  /** Of its batch, before it. */
  readonly loss: number;
  /** At updates after which it was measured. */
  readonly entry?: FitEntry<M>;
}

/** What came of a fit. */
export interface Fitted<M extends Metrics = Metrics> {
  readonly history: readonly FitEntry<M>[];
  /** The entry that measured best, where there is validation data: with `restoreBest` network and trainer are as they were then. */
  readonly best: FitEntry<M> | undefined;
  /** Why it ended: all epochs or updates are done, patience is over, or the data ended or the trainer was stopped. */
  readonly stopped: "done" | "patience" | "ended";
}

type Telling<M extends Metrics> = {
  /** Called after each update, a few submits later, and awaited. */
  onProgress?: (progress: FitProgress<M>) => void | Promise<void>;
};

/**
 * Fits a network, or goes on with a trainer's. Each measurement waits until all updates before it are done, and none is under way:
 * it is of exactly that update, as are the best weights. Of a network the trainer is made here, and gone afterwards; a trainer stays
 * the caller's, to be gone on with or saved. With `restoreBest` both end as they were at the best measurement, the optimizer's state
 * and the count of updates included, also where the fit is given up; data are taken up where they stand.
 *
 * @param data sequences that have a label or values, shuffled anew each epoch, of which the last batch may be partly filled and counts
 *   by what it holds; the tokens of a text; a list of batches; or a stream. Values need a trainer of the caller's to be made with
 *   `weights: true`.
 * @throws as `Trainer.create`, `trainer.train` and `evaluate`; where a rule is out of range or does not go with another.
 * @example
 * ```ts
 * import { adam, fit, gru, lastStep, Network, tokens, topK } from "tempograd";
 *
 * const words = ["to", "be", "or", "not", "that", "is", "the", "question"];
 * const items = words.map((word) => ({ tokens: vocabulary.encode(word), label: word.length > 2 ? 1 : 0 }));
 * const isLong = await Network.create(gpu, { input: tokens(vocabulary.size), layers: [gru(8)], readout: lastStep(2) });
 * const { best, history } = await fit(isLong, items, {
 *   optimizer: adam({ learningRate: 0.02 }),
 *   epochs: 10,
 *   validation: 0.25,
 *   metrics: { top1: topK(1) },
 *   restoreBest: true,
 * });
 * console.log(history.length, best?.validation?.top1);
 * ```
 */
export function fit<const M extends Metrics = Metrics>(
  network: Network,
  data: FitData,
  options: FitOptions<M> & Telling<M>,
): Promise<Fitted<M>>;
export function fit<const M extends Metrics = Metrics>(
  trainer: Trainer,
  data: FitData,
  options: FitRules<M> & Telling<M>,
): Promise<Fitted<M>>;
export async function fit(
  given: Network | Trainer,
  data: FitData,
  options: (FitOptions | FitRules) & Telling<Metrics>,
): Promise<Fitted> {
  const { rules, more } = partedOptions<FitRules & Telling<Metrics>>(options);
  const { metrics, validation, seed = 1, signal } = rules;
  const isTrainer = given instanceof Trainer;
  if (isTrainer) given.pass.lifetime.expect("fit");
  else expectLiving("fit", "network", given, "Network.create or Trainer.create");
  const { config } = isTrainer ? given.network : given;
  signal?.throwIfAborted();
  if (isTrainer) expectNoMore(more);
  const measures = metrics ?? usualOfFit(config);
  expectMetrics("fit", config, measures);
  checkRules(rules, ["loss", ...Object.keys(measures).filter((name) => measures[name]!.better)]);
  const prepared = prepareData(config, data, validation, isTrainer ? given.pass.options : more, seed);
  expectEpochs(rules, prepared);
  if (isTrainer) return fitted(given, prepared, rules, measures);
  const all = { ...more, ...prepared.size, ...(signal && { signal }) } as TrainerOptions; // which are checked there
  using trainer = await Trainer.create(given, all);
  return await fitted(trainer, prepared, rules, measures);
}

async function fitted(
  trainer: Trainer,
  { training, updatesPerEpoch, validation }: PreparedData,
  rules: FitRules & Telling<Metrics>,
  measures: Metrics,
): Promise<Fitted> {
  const { epochs, updates, monitor = "loss", patience = Number.POSITIVE_INFINITY, onProgress } = rules;
  const { restoreBest = false, notFinite, signal } = rules;
  const total = updates ?? (epochs ?? Number.POSITIVE_INFINITY) * (updatesPerEpoch ?? 1);
  const { evaluateEvery = updatesPerEpoch ?? Math.max(1, Math.ceil((updates ?? 1000) / 10)) } = rules;
  const shape = shapeOf(trainer.pass.options);
  const until = signal ? { signal } : {};
  const isBetter = (value: number, than: number) =>
    monitor !== "loss" && measures[monitor]?.better === "higher" ? value > than : value < than;
  const began = performance.now();
  const history: FitEntry[] = [];
  let best: { entry: FitEntry; value: number } | undefined;
  let kept: Snapshot | undefined;
  let noBetter = 0;
  let done = 0;

  /** Trains until it is to be measured. @returns the last update and the mean loss; undefined where there was none. */
  const stretch = async (steps: number) => {
    let last: StepReport | undefined;
    let [sum, count, finite] = [0, 0, 0];
    for await (const report of trainer.train(training, { steps, ...until, ...(notFinite && { notFinite }) })) {
      if (last) await onProgress?.({ update: last.step, loss: last.loss });
      last = report;
      count++;
      if (!report.skipped && !Number.isNaN(report.loss)) [sum, finite] = [sum + report.loss, finite + 1];
    }
    return last && { last, count, loss: sum / finite };
  };

  try {
    while (done < total) {
      const wanted = Math.min(evaluateEvery, total - done);
      const trained = await stretch(wanted);
      if (!trained) return { history, best: best?.entry, stopped: "ended" };
      const { last, count, loss } = trained;
      done += count;
      const measured =
        validation && (await evaluate(trainer.network, shape, validation(), { ...until, metrics: measures }));
      const seconds = (performance.now() - began) / 1000;
      const entry: FitEntry = { update: last.step, loss, ...(measured && { validation: measured }), seconds };
      history.push(entry);
      if (measured) {
        const value = numberOf(measured, monitor);
        if (best && !isBetter(value, best.value)) noBetter++;
        else {
          best = { entry, value };
          noBetter = 0;
          if (restoreBest) kept = await trainer.snapshot("fit");
        }
      }
      await onProgress?.({ update: last.step, loss: last.loss, entry });
      if (noBetter >= patience) return { history, best: best?.entry, stopped: "patience" };
      if (count < wanted) return { history, best: best?.entry, stopped: "ended" };
    }
    return { history, best: best?.entry, stopped: "done" };
  } finally {
    if (kept && kept.trainer.step !== trainer.step && !trainer.pass.lifetime.ending) trainer.restore(kept);
  }
}

/** The measurement that tells which is better. */
function numberOf(measured: object, monitor: string): number {
  const value: unknown = (measured as Readonly<Record<string, unknown>>)[monitor];
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw new TempogradError(
    "option",
    `fit: ${monitor} is measured as ${shown(value)}, expected a number; monitor another.`,
  );
}
