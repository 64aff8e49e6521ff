// The optimizers and clipping of the reference, over all parameters that learn, with the state they keep.

import { expectOptions, shown, TempogradError } from "../errors";
import { adam } from "./adam";
import { clipNorm, clipValue } from "./gradient-clip";
import { entryFor } from "./learning";
import { rmsprop } from "./rmsprop";
import { sgd } from "./sgd";

/** The same words as the library's optimizers and trainer, with their defaults. */
export interface ReferenceOptimizerOptions {
  kind: "sgd" | "rmsprop" | "adam" | "adamw";
  learningRate: number;
  /** Of parameters that have one of their own. */
  learningRates?: Readonly<Record<string, number>> | ((name: string) => number | undefined);
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
  decay?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  clipNorm?: number;
  clipValue?: number;
}

/** What an optimizer keeps from one update to the next. */
export interface ReferenceOptimizerState {
  /** Updates done */
  step: number;
  /** By what is kept and of which parameter, such as "mean.outputBias", as a trainer's state has it; laid out as the parameter is */
  tensors: Record<string, Float64Array>;
}

/** What is kept of each parameter, as `ReferenceOptimizerState` names it. */
export const keptBy = ({ kind, momentum = 0 }: ReferenceOptimizerOptions): readonly string[] =>
  kind === "sgd" ? (momentum === 0 ? [] : ["velocity"]) : kind === "rmsprop" ? ["meanSquare"] : ["mean", "meanSquare"];

/**
 * Moves parameters by their gradients, which clipping may change, both by name and in place; those without a gradient are
 * frozen.
 * @param learningRate of this step, of parameters without one of their own; without it, the optimizer's
 * @param factor on the others, which a schedule has; 1 unless given
 * @param rows of what is updated in some rows alone
 */
export type ReferenceUpdate = (
  parameters: Record<string, Float64Array>,
  gradients: Record<string, Float64Array>,
  learningRate?: number,
  factor?: number,
  rows?: ReferenceRows,
) => void;

/** Of sparse embeddings, by the parameter's name: how wide a row is, and the rows that are updated. */
export type ReferenceRows = Readonly<Record<string, { width: number; rows: readonly number[] }>>;

/**
 * An optimizer.
 * @param state what it goes on from and keeps there; without it, one of its own, at step 0
 * @throws where the kind is unknown, or the learning rate is no finite number.
 */
export function referenceOptimizer(
  options: ReferenceOptimizerOptions,
  state: ReferenceOptimizerState = { step: 0, tensors: {} },
): ReferenceUpdate {
  const operation = "referenceOptimizer";
  expectOptions(operation, options);
  expectOptions(operation, state, "state");
  const { kind, learningRate, epsilon = 1e-8 } = options;
  if (!["sgd", "rmsprop", "adam", "adamw"].includes(kind)) {
    throw new TempogradError("option", `${operation}: kind is ${shown(kind)}, expected sgd, rmsprop, adam or adamw.`);
  }
  if (!Number.isFinite(learningRate)) {
    throw new TempogradError(
      "option",
      `${operation}: learningRate is ${shown(learningRate)}, expected a finite number.`,
    );
  }
  const { decay = 0.99, beta1 = 0.9, beta2 = 0.999 } = options;
  const weightDecay = options.weightDecay ?? (kind === "adamw" ? 0.01 : 0);
  const kinds = keptBy(options);
  return (parameters, gradients, common = options.learningRate, factor = 1, sparse = {}) => {
    state.step++;
    const all = Object.keys(parameters);
    const names = all.filter((name) => gradients[name]);
    const learning = names.map((name) => gradients[name]!);
    if (options.clipNorm !== undefined) clipNorm(learning, options.clipNorm);
    if (options.clipValue !== undefined) clipValue(learning, options.clipValue);
    for (const name of names) {
      const whole = parameters[name]!;
      const own = ownRate(options.learningRates, name, all);
      const learningRate = own === undefined ? common : own * factor;
      const kept = kinds.map((kind) => {
        state.tensors[`${kind}.${name}`] ??= new Float64Array(whole.length);
        return state.tensors[`${kind}.${name}`]!;
      });
      const { width, rows } = sparse[name] ?? { width: whole.length, rows: [0] };
      for (const row of rows) {
        const part = (of: Float64Array) => of.subarray(row * width, (row + 1) * width);
        const [parameter, gradient] = [part(whole), part(gradients[name]!)];
        const [first, second] = kept.map(part);
        if (kind === "sgd") sgd(parameter, gradient, { ...options, learningRate, weightDecay }, first);
        else if (kind === "rmsprop")
          rmsprop(parameter, gradient, { learningRate, decay, epsilon, weightDecay }, first!);
        else {
          const numbers = { learningRate, beta1, beta2, epsilon, weightDecay, decoupled: kind === "adamw" };
          adam(parameter, gradient, numbers, state.step, first!, second!);
        }
      }
    }
  };
}

function ownRate(
  rates: ReferenceOptimizerOptions["learningRates"],
  name: string,
  all: readonly string[],
): number | undefined {
  if (typeof rates === "function") return rates(name);
  const entry = rates && entryFor(Object.keys(rates), name, all);
  return entry === undefined ? undefined : rates?.[entry];
}
