// What metrics need of a pass: which scores the GPU makes of its outputs, and what a batch's rows are told by.

import { elements, type PlannedTensor, type TypedArray } from "../gpu/tensor";
import type { Batch, BatchShape } from "../network/batch";
import type { NetworkConfig } from "../network/config";
import type { PassPlan } from "../network/pass-plan";
import { classScores } from "../ops/class-scores";
import { architectureOf } from "../parts/architecture";
import type { Metrics, Score, ScoredRow, Tally } from "./metrics";

const scores: readonly Score[] = ["choices", "ranks", "surprises", "outputs"];

/** What metrics need, each once. */
export const needsOf = (metrics: Metrics): Score[] =>
  scores.filter((score) => Object.values(metrics).some(({ needs }) => needs.includes(score)));

/** Puts scores on a plan. @returns the tensor of each. */
export function scoresOn({ plan, tensors: { logits }, batch }: PassPlan, needs: readonly Score[]): PlannedTensor[] {
  const rows = [elements(logits.shape.slice(0, -1))];
  const types = { choices: "i32", ranks: "u32", surprises: "f32" } as const;
  const made = needs
    .filter((score) => score !== "outputs")
    .map((name) => plan.tensor(name, rows, { type: types[name] }));
  if (made.length > 0) {
    classScores(plan, {
      ...{ logits, targets: batch.tensors.targets },
      ...Object.fromEntries(made.map((tensor) => [tensor.name, tensor])),
    });
  }
  return needs.includes("outputs") ? [...made, logits] : made;
}

/** What of a network's rows metrics are told. */
export class RowScorer {
  readonly #config: NetworkConfig;
  readonly #shape: BatchShape;
  readonly #tallies: Readonly<Record<string, Tally<unknown>>>;
  readonly #row: ScoredRow = {
    weight: 1,
    target: Number.NaN,
    choice: Number.NaN,
    rank: Number.NaN,
    surprise: Number.NaN,
    outputs: new Float32Array(),
    targets: new Float32Array(),
  };

  constructor(config: NetworkConfig, shape: BatchShape, metrics: Metrics) {
    this.#config = config;
    this.#shape = shape;
    const { outputs } = architectureOf(config).readout;
    this.#tallies = Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric.begin(outputs)]));
  }

  /** Tells of the rows of a batch that count. @param scores what was read of the pass, by what it is. */
  add({ targets, weights, lengths }: Batch, scores: Partial<Record<Score, TypedArray>>): void {
    const { readout, loss } = architectureOf(this.#config);
    const { batch } = this.#shape;
    const classes = loss.targets === "classes";
    const width = classes ? 1 : readout.outputs;
    const { choices, ranks, surprises } = scores;
    const outputs = predictedOf(scores.outputs as Float32Array | undefined, loss.targets === "values" && loss.labels);
    const row = this.#row;
    for (let i = 0; i < targets.length / width; i++) {
      const live = readout.kind === "last-step" || !lengths || Math.floor(i / batch) < lengths[i % batch]!;
      row.weight = weights?.[i] ?? 1;
      if (!live || row.weight === 0 || (classes && targets[i]! < 0)) continue;
      if (classes) row.target = targets[i]!;
      else row.targets = (targets as Float32Array).subarray(i * width, (i + 1) * width);
      if (choices) row.choice = choices[i]!;
      if (ranks) row.rank = ranks[i]!;
      if (surprises) row.surprise = surprises[i]!;
      if (outputs) row.outputs = outputs.subarray(i * readout.outputs, (i + 1) * readout.outputs);
      for (const tally of Object.values(this.#tallies)) tally.add(row);
    }
  }

  /** By the names of the metrics. */
  values(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#tallies).map(([name, tally]) => [name, tally.value()]));
  }
}

const predictedOf = (outputs: Float32Array | undefined, labels: boolean | undefined): Float32Array | undefined =>
  labels ? outputs?.map((o) => 1 / (1 + Math.exp(-o))) : outputs;
