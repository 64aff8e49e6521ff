// Optimizers: what happens to the parameters once the gradients are there. Formulas and defaults as in torch.optim.

import { shown, TempogradError } from "../errors";
import type { Plan } from "../gpu/plan";
import type { PlannedTensor } from "../gpu/tensor";
import { packUniform, type UniformLayout } from "../gpu/uniform";
import { expectKnown } from "../network/expect";
import { adam as addAdam } from "../ops/adam";
import { rmsprop as addRmsprop } from "../ops/rmsprop";
import { sgd as addSgd } from "../ops/sgd";

/**
 * Parameters that lie one behind the other and learn at one rate, as one range, which are all of a network unless a trainer's
 * `trainable` or `learningRates` says otherwise; their gradients alike; and the numbers of a step.
 */
export interface OptimizerTensors {
  /** A uniform: `scalars` of the step, for this rate. */
  update: PlannedTensor;
  gradient: PlannedTensor;
  parameter: PlannedTensor;
  /**
   * Of a sparse embedding, i32 [R]: which row of the parameter each of the gradient's R rows is of, each once, −1 of none. The
   * tensors are then [rows, width], and all other rows stay as they are.
   */
  rows?: PlannedTensor | undefined;
}

/** The fields of the shader's struct by their names, or f32 one behind the other. */
export type OptimizerNumbers = Readonly<Record<string, number>> | readonly number[];

/** How parameters follow their gradients; one of your own is such an object. */
export interface Optimizer {
  readonly kind: string;
  /** α at the start, of parameters without one of their own; `trainer.learningRate` changes it later. */
  readonly learningRate: number;
  /** Whether it updates the rows of a sparse embedding, `tensors.rows`; default false. */
  readonly sparse?: boolean;
  /** What the shader's `update` holds at a step, from 1: as many at each. Called for each learning rate that there is. */
  scalars(learningRate: number, step: number): OptimizerNumbers;
  /** Puts the update of a range of parameters on a plan, of each that there is. @returns the state that it keeps, like the parameters: to be saved with them. */
  add(plan: Plan, tensors: OptimizerTensors): Record<string, PlannedTensor>;
}

interface LearningRate {
  /** α */
  learningRate: number;
}

interface WeightDecay {
  /** λ. Default 0, AdamW 0.01. */
  weightDecay?: number;
}

/**
 * Gradient descent: g ← dθ + λθ, v ← μv + g, θ ← θ − α·v; with `nesterov`, θ ← θ − α·(g + μv).
 * @param options momentum is μ, default 0.
 * @throws where a number is out of range, or `nesterov` is given without momentum.
 */
export function sgd(options: LearningRate & WeightDecay & { momentum?: number; nesterov?: boolean }): Optimizer {
  expectKnown("sgd", options, ["learningRate", "momentum", "nesterov", "weightDecay"]);
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  expectNumber("sgd", "learningRate", learningRate);
  expectNumber("sgd", "weightDecay", weightDecay);
  expectNumber("sgd", "momentum", momentum, 1);
  if (nesterov && momentum === 0)
    throw new TempogradError("option", "sgd: nesterov is given with momentum 0, expected more; set momentum.");
  return {
    ...{ kind: "sgd", learningRate, sparse: true },
    scalars: (rate) => ({ learningRate: rate, weightDecay, momentum }),
    add(plan, tensors) {
      const state = momentum === 0 ? {} : stateLike(plan, tensors.parameter, "velocity");
      addSgd(plan, { ...tensors, ...state, nesterov });
      return state;
    },
  };
}

/**
 * RMSProp: s ← ρs + (1 − ρ)·g², θ ← θ − α·g / (√s + ε).
 * @param options decay is ρ, default 0.99; epsilon is ε, default 1e-8.
 * @throws where a number is out of range.
 */
export function rmsprop(options: LearningRate & WeightDecay & { decay?: number; epsilon?: number }): Optimizer {
  expectKnown("rmsprop", options, ["learningRate", "decay", "epsilon", "weightDecay"]);
  const { learningRate, decay = 0.99, epsilon = 1e-8, weightDecay = 0 } = options;
  expectNumber("rmsprop", "learningRate", learningRate);
  expectNumber("rmsprop", "weightDecay", weightDecay);
  expectNumber("rmsprop", "decay", decay, 1);
  expectNumber("rmsprop", "epsilon", epsilon);
  return {
    ...{ kind: "rmsprop", learningRate, sparse: true },
    scalars: (rate) => ({ learningRate: rate, weightDecay, share: 1 - decay, epsilon }),
    add(plan, tensors) {
      const state = stateLike(plan, tensors.parameter, "meanSquare");
      addRmsprop(plan, { ...tensors, ...state });
      return state;
    },
  };
}

type AdamOptions = LearningRate & WeightDecay & { beta1?: number; beta2?: number; epsilon?: number };

/**
 * Adam (Kingma and Ba 2015); weight decay is added to the gradient.
 * @param options beta1 and beta2 default to 0.9 and 0.999, epsilon to 1e-8.
 * @throws where a number is out of range.
 * @example
 * ```ts
 * import { adam, Trainer } from "tempograd";
 *
 * const trainer = await Trainer.create(network, { steps: 8, batch: 2, optimizer: adam({ learningRate: 3e-3 }) });
 * trainer.learningRate = 1e-3; // from now on
 * trainer.destroy();
 * ```
 */
export const adam = (options: AdamOptions): Optimizer => adamLike("adam", options, 0);

/** AdamW (Loshchilov and Hutter 2019): Adam with weight decay (default 0.01) apart from the gradient. @throws as `adam`. */
export const adamw = (options: AdamOptions): Optimizer => adamLike("adamw", options, 0.01);

function adamLike(kind: "adam" | "adamw", options: AdamOptions, usualDecay: number): Optimizer {
  expectKnown(kind, options, ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"]);
  const { learningRate, weightDecay = usualDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  expectNumber(kind, "learningRate", learningRate);
  expectNumber(kind, "weightDecay", weightDecay);
  expectNumber(kind, "beta1", beta1, 1);
  expectNumber(kind, "beta2", beta2, 1);
  expectNumber(kind, "epsilon", epsilon);
  return {
    ...{ kind, learningRate, sparse: true },
    scalars(rate, step) {
      return {
        ...{ learningRate: rate, weightDecay, share1: 1 - beta1, share2: 1 - beta2, epsilon },
        ...{ correction1: 1 / (1 - beta1 ** step), correction2: 1 / Math.sqrt(1 - beta2 ** step) },
      };
    },
    add(plan, tensors) {
      const state = stateLike(plan, tensors.parameter, "mean", "meanSquare");
      addAdam(plan, { ...tensors, ...state }, kind === "adamw");
      return state;
    },
  };
}

/** Zeroed tensors of the parameter's shape. */
function stateLike<Name extends string>(
  plan: Plan,
  { shape }: PlannedTensor,
  ...names: Name[]
): Record<Name, PlannedTensor> {
  return Object.fromEntries(names.map((name) => [name, plan.tensor(name, shape)])) as Record<Name, PlannedTensor>;
}

/**
 * Writes the numbers of a step as the shader has them.
 * @param layout of its struct, where it has one
 * @throws where a field is missing or unknown, or there are more numbers than before.
 */
export function packNumbers(
  { kind }: Optimizer,
  numbers: OptimizerNumbers,
  layout: UniformLayout | undefined,
  into: DataView,
): void {
  const at = `Trainer: optimizer "${kind}"`;
  if (!Array.isArray(numbers)) {
    if (!layout)
      throw new TempogradError(
        "option",
        `${at} gives numbers by name, expected an array; its shader has no struct for them.`,
      );
    packUniform(layout, numbers as Record<string, number>, into, at);
    return;
  }
  const room = into.byteLength / 4;
  if (numbers.length > room)
    throw new TempogradError(
      "option",
      `${at} gives ${numbers.length} numbers, expected at most ${room}, as at step 1.`,
    );
  for (const [i, number] of numbers.entries()) into.setFloat32(4 * i, number, true);
}

/** @throws where one of the numbers that a shader is to read is none that float32 has. */
export function checkScalars({ kind }: Optimizer, scalars: OptimizerNumbers, step: number): void {
  for (const [name, value] of Object.entries(scalars)) {
    if (Number.isFinite(Math.fround(value))) continue;
    const which = Array.isArray(scalars) ? `number ${name}` : `"${name}"`;
    throw new TempogradError(
      "option",
      `Trainer: ${which} of optimizer "${kind}" at step ${step} is ${value}, expected one that float32 has, up to 3.4e38; set a smaller learning rate.`,
    );
  }
}

/** @throws unless `value` is a number from 0 up that float32 has, and below `limit` where one is given. */
export function expectNumber(operation: string, name: string, value: number, limit = Number.POSITIVE_INFINITY): void {
  const stored = typeof value === "number" ? Math.fround(value) : Number.NaN;
  if (value === 0 || (stored > 0 && stored < Number.POSITIVE_INFINITY && value < limit)) return;
  const range = limit < Number.POSITIVE_INFINITY ? `to below ${limit}` : "to 3.4e38, as float32 has";
  throw new TempogradError(
    "option",
    `${operation}: ${name} is ${shown(value)}, expected 0 or a number from 1.4e-45 ${range}.`,
  );
}
