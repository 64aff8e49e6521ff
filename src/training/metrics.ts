// What a network is measured by, beside its loss: values that `evaluate` and `fit` take. A row of the targets that counts is one
// step of one sequence, or one sequence where the last step is read; it counts as much as its weight in `batch.weights` says, 1
// without. Class weights and label smoothing are the loss's alone.

import { expectSize } from "../network/expect";

/** What the GPU may say of each row: the likeliest class, how many are likelier than the target, −ln ŷ[y], or all outputs. */
export type Score = "choices" | "ranks" | "surprises" | "outputs";

/** What a metric is told of a row that counts: of scores, those that it needs. It is overwritten by the next row. */
export interface ScoredRow {
  weight: number;
  /** y: the class; of losses of values not a number. */
  target: number;
  /** The class of the largest logit, of those alike the first. */
  choice: number;
  /** How many classes are likelier than the target; 0 where it is the choice. */
  rank: number;
  /** −ln softmax(o)[y] */
  surprise: number;
  /** [K], o; of losses of labels σ(o). */
  outputs: Float32Array;
  /** [K], the targets of losses of values. */
  targets: Float32Array;
}

/** One measurement. */
export interface Tally<Value> {
  /** Takes one row of the targets that counts. */
  add(row: Readonly<ScoredRow>): void;
  /** After one row or more. */
  value(): Value;
}

/** What a network is measured by; one of your own is such an object. */
export interface Metric<Value = unknown> {
  /** For messages. */
  readonly name: string;
  /** Of which losses: of classes, of values, or of labels, which are values too. */
  readonly of: "classes" | "values" | "labels";
  readonly needs: readonly Score[];
  /** Which is better, where the value is one number. */
  readonly better?: "higher" | "lower";
  /** Begins a measurement. @param outputs K */
  begin(outputs: number): Tally<Value>;
}

/** Metrics by the names that their values get. */
export type Metrics = Readonly<Record<string, Metric>>;

/** Their values. */
export type MetricValues<M extends Metrics> = {
  readonly [Name in keyof M]: M[Name] extends Metric<infer Value> ? Value : never;
};

/** The weighted mean of a number of each row. */
const meanOf = (
  about: Omit<Metric<number>, "begin">,
  of: (row: Readonly<ScoredRow>) => number,
  finish = (mean: number) => mean,
): Metric<number> => ({
  ...about,
  begin() {
    let [sum, weight] = [0, 0];
    return {
      add(row) {
        sum += row.weight * of(row);
        weight += row.weight;
      },
      value: () => finish(sum / weight),
    };
  },
});

/** The weighted mean of a number of each value of each row. */
const meanOfValues = (
  about: Omit<Metric<number>, "begin" | "needs">,
  of: (output: number, target: number) => number,
  finish?: (mean: number) => number,
): Metric<number> =>
  meanOf(
    { ...about, needs: ["outputs"] },
    ({ outputs, targets }) => outputs.reduce((sum, output, k) => sum + of(output, targets[k]!), 0) / outputs.length,
    finish,
  );

/** The share of targets whose class has the largest logit, of those alike the first: from 0 to 1. */
export const accuracy = (): Metric<number> =>
  meanOf({ name: "accuracy", of: "classes", needs: ["ranks"], better: "higher" }, ({ rank }) => (rank === 0 ? 1 : 0));

/** The share of targets whose class has one of the k largest logits: from 0 to 1. @throws unless k is from 1 up. */
export function topK(k: number): Metric<number> {
  expectSize("topK", "k", k);
  const about = { name: `topK(${k})`, of: "classes", needs: ["ranks"], better: "higher" } as const;
  return meanOf(about, ({ rank }) => (rank < k ? 1 : 0));
}

/** exp of the mean of −ln ŷ[y]: among how many equally likely classes it would be as hard to choose, from 1 up. */
export const perplexity = (): Metric<number> =>
  meanOf(
    { name: "perplexity", of: "classes", needs: ["surprises"], better: "lower" },
    ({ surprise }) => surprise,
    Math.exp,
  );

/** The share of labels that are told right: σ(o) is ½ or more where the target is, and less where it is less; from 0 to 1. */
export const labelAccuracy = (): Metric<number> =>
  meanOfValues({ name: "labelAccuracy", of: "labels", better: "higher" }, (output, target) =>
    output >= 0.5 === target >= 0.5 ? 1 : 0,
  );

/** The mean of |o − y| over all values, the mean absolute error; of losses of labels |σ(o) − y|. */
export const mae = (): Metric<number> =>
  meanOfValues({ name: "mae", of: "values", better: "lower" }, (output, target) => Math.abs(output - target));

/** The root of the mean of (o − y)² over all values, the root mean squared error; of losses of labels (σ(o) − y)². */
export const rmse = (): Metric<number> =>
  meanOfValues({ name: "rmse", of: "values", better: "lower" }, (output, target) => (output - target) ** 2, Math.sqrt);

/** A measurement made of the confusion matrix. */
const ofConfusion = <Value>(
  about: Pick<Metric<Value>, "name" | "better">,
  of: (matrix: readonly Float64Array[]) => Value,
): Metric<Value> => ({
  ...about,
  of: "classes",
  needs: ["choices"],
  begin(outputs) {
    const matrix = Array.from({ length: outputs }, () => new Float64Array(outputs));
    return {
      add({ target, choice, weight }) {
        matrix[target]![choice]! += weight;
      },
      value: () => of(matrix),
    };
  },
});

/** n[y][c]: the weight of the rows of target y, for which class c was chosen; without weights how many they are. [K][K] */
export const confusionMatrix = (): Metric<number[][]> =>
  ofConfusion({ name: "confusionMatrix" }, (matrix) => matrix.map((row) => [...row]));

/**
 * Of each class F1 = 2·TP / (2·TP + FP + FN), the harmonic mean of precision and recall, where TP is the weight of its rows for
 * which it was chosen, FP that of other rows for which it was, and FN that of its rows for which it was not. Null of a class that
 * is neither a target nor chosen, of which it is not defined. [K]
 */
export const f1PerClass = (): Metric<(number | null)[]> => ofConfusion({ name: "f1PerClass" }, f1Of);

/**
 * The mean of `f1PerClass` over the classes of which it is defined, each counting alike ("macro"): from 0 to 1, as
 * sklearn.metrics.f1_score(average="macro") has it.
 * @example
 * ```ts
 * import { confusionMatrix, consecutiveWindows, evaluate, f1 } from "tempograd";
 *
 * const shape = { steps: 8, batch: 2 };
 * const metrics = { f1: f1(), confused: confusionMatrix() };
 * const { f1: mean, confused } = await evaluate(network, shape, consecutiveWindows(text, shape), { metrics });
 * console.log(mean, confused[0]?.[1]); // how often the first symbol was taken for the second
 * ```
 */
export const f1 = (): Metric<number> =>
  ofConfusion({ name: "f1", better: "higher" }, (matrix) => {
    const defined = f1Of(matrix).filter((value) => value !== null);
    return defined.reduce((sum, value) => sum + value, 0) / defined.length;
  });

function f1Of(matrix: readonly Float64Array[]): (number | null)[] {
  return matrix.map((row, c) => {
    const isTarget = row.reduce((sum, weight) => sum + weight, 0); // TP + FN
    const isChosen = matrix.reduce((sum, other) => sum + other[c]!, 0); // TP + FP
    return isTarget + isChosen > 0 ? (2 * row[c]!) / (isTarget + isChosen) : null;
  });
}
