// What a user says of a fit, checked.

import { shown, TempogradError } from "../errors";
import type { NetworkConfig } from "../network/config";
import { expectKnown, expectSeed, expectSize, expectSwitch } from "../network/expect";
import { architectureOf } from "../parts/architecture";
import { usualMetrics } from "./evaluate";
import type { PreparedData, ValidationData } from "./fit-data";
import { labelAccuracy, type Metrics, mae, rmse } from "./metrics";
import type { TrainerOptions, TrainOptions } from "./trainer-options";

/** How long a network is fitted, and how it is measured meanwhile. */
export interface FitRules<M extends Metrics = Metrics> {
  /** How often to go through the data, which must not be a stream. */
  epochs?: number;
  /** How many updates to do, in the place of epochs. Without either, until `patience` is over. */
  updates?: number;
  /** What the network is measured by: a share of the data to hold out, or other data. */
  validation?: ValidationData;
  /** Updates between two measurements. Default an epoch; of a stream a tenth of `updates`, or 100. */
  evaluateEvery?: number;
  /**
   * As of `evaluate`: what is measured beside the loss, by name. Default accuracy and perplexity, where the loss is of classes;
   * labelAccuracy of labels; mae and rmse of values, unless outputs are asked for differently, as by quantiles.
   */
  metrics?: M;
  /** Which measurement tells whether the network is better than before, "loss" or a metric's name. Default "loss". */
  monitor?: "loss" | (keyof M & string);
  /** Stops when so many measurements one after the other were no better than the best. Without it, goes on. */
  patience?: number;
  /** Whether network and trainer end as they were when they measured best, instead of last. Default false. */
  restoreBest?: boolean;
  /** Seed of the order of sequences and windows, and of the share that is held out. Default 1. */
  seed?: number;
  /** As of `trainer.train`. */
  notFinite?: TrainOptions["notFinite"];
  /** Gives up: the updates that were submitted are done, and the signal's reason is thrown. */
  signal?: AbortSignal;
}

/** Of a network: what its trainer is to be too. Sequences need no `steps` or `sourceSteps`, the longest's; those and tokens no `batch`, 32. */
export type FitOptions<M extends Metrics = Metrics> = FitRules<M> &
  Omit<TrainerOptions, "steps" | "batch" | "signal"> &
  Partial<Pick<TrainerOptions, "steps" | "batch">>;

const rules = [
  ...["epochs", "updates", "validation", "evaluateEvery", "metrics", "monitor", "patience", "restoreBest", "seed"],
  ...["notFinite", "signal", "onProgress"],
];

/** What a network is measured by where no metrics are asked for. */
export function usualOfFit(config: NetworkConfig): Metrics {
  const { loss } = architectureOf(config);
  if (loss.targets !== "values") return usualMetrics(config);
  if (loss.labels) return { labelAccuracy: labelAccuracy() };
  return loss.period === 1 ? { mae: mae(), rmse: rmse() } : {};
}

/** The rules of a fit, and what is left: the options of a trainer. */
export function partedOptions<Rules extends object>(options: object): { rules: Rules; more: object } {
  if (typeof options !== "object" || options === null) {
    throw new TempogradError(
      "option",
      `fit: options is ${shown(options)}, expected an object; pass epochs, and an optimizer.`,
    );
  }
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  const part = (ofRules: boolean) => Object.fromEntries(entries.filter(([name]) => rules.includes(name) === ofRules));
  return { rules: part(true) as Rules, more: part(false) };
}

/**
 * @param known what may be monitored
 * @throws where a rule is out of range or does not go with another.
 */
export function checkRules(rules: FitRules, known: readonly string[]): void {
  const { epochs, updates, validation, evaluateEvery, monitor, patience, restoreBest, seed = 1 } = rules;
  for (const [name, value] of Object.entries({ epochs, updates, evaluateEvery, patience })) {
    if (value !== undefined) expectSize("fit", name, value);
  }
  expectSwitch("fit", "restoreBest", restoreBest);
  expectSeed("fit", seed);
  if (epochs !== undefined && updates !== undefined) {
    refuse("epochs and updates are given, expected one of them; leave one out");
  }
  if (epochs === undefined && updates === undefined && patience === undefined) {
    refuse("epochs, updates and patience are missing, expected one of them; say how long to go on");
  }
  const needs = Object.entries({ patience, restoreBest, monitor }).find(([, value]) => value);
  if (validation === undefined && needs) {
    refuse(`${needs[0]} is given without validation, expected it; pass validation: 0.1 for a tenth of the data`);
  }
  if (monitor !== undefined && !known.includes(monitor)) {
    refuse(
      `monitor is ${shown(monitor)}, expected one of ${known.join(", ")}, of which one value is better than another`,
    );
  }
}

/** @throws where epochs are asked for of data that have none. */
export function expectEpochs({ epochs }: FitRules, { updatesPerEpoch }: Pick<PreparedData, "updatesPerEpoch">): void {
  if (epochs === undefined || updatesPerEpoch !== undefined) return;
  refuse("epochs is given with a stream of batches, which has none, expected updates; say how many");
}

function refuse(what: string): never {
  throw new TempogradError("option", `fit: ${what}.`);
}

/** @throws where options that a trainer is made with are given beside one. */
export const expectNoMore = (more: object): void => expectKnown("fit of a trainer", more, rules);
