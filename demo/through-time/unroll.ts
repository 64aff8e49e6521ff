// Takes one sequence forward and back, and tells each step's states, losses and gradients as plain data.

import { type Batch, type Network, type Pass, readTensors, type UniformConfig } from "../../src/index";
import { maximum } from "../extremes";

/** One direction of one layer; all in the order of time. */
export interface UnrolledRow {
  /** For example "layer 2", or "layer 2, backwards". */
  label: string;
  /** From 0. */
  layer: number;
  backwards: boolean;
  /** The root mean square of h_t [T] */
  rms: Float32Array;
  /** h_t of the first `unitCount` units [T, unitCount] */
  units: Float32Array;
  unitCount: number;
  /** ‖dL/dh_t‖ by all paths [T + 1]; at 0 is the initial state's, also of a row that reads backwards. */
  gradient: Float64Array;
}

/** A sequence that was taken forward and back: plain data, which a worker can post. */
export interface Unrolled {
  /** What each step read [T], and what it was to predict, where that was told. */
  labels: readonly string[];
  predicted: readonly string[] | undefined;
  /** From the layer that reads the input upwards. */
  rows: UnrolledRow[];
  /** Of each step [T]: −ln ŷ[target], or the mean squared error; NaN where it has no target, ∞ where that is no number. */
  losses: Float64Array;
  /** Whether losses are in nats: cross-entropy. */
  nats: boolean;
  /** ‖dL/dx_t‖ [T]; for tokens, of the one-hot x. */
  inputGradient: Float64Array;
  /** L: the mean loss of the targets that count. */
  loss: number;
  /** The step, from 0, whose loss alone counts; without it, all do. */
  target: number | undefined;
}

export interface UnrollOptions {
  /** What each step reads [T], and is to predict. */
  labels: readonly string[];
  predicted?: readonly string[];
  /** The step, from 0, whose loss alone is to count. */
  target?: number | undefined;
}

const mostUnits = 16;

/** Unrolls a network over sequences of one length, with its parameters as they are at the time. */
export class Unroller {
  readonly #config: UniformConfig;
  readonly #pass: Pass;

  private constructor(config: UniformConfig, pass: Pass) {
    this.#config = config;
    this.#pass = pass;
  }

  /** @throws where the device has no room. */
  static async create(network: Network<UniformConfig>, steps: number): Promise<Unroller> {
    return new Unroller(network.config, await network.pass({ steps, batch: 1, traceGradients: true }));
  }

  /**
   * @param batch of one sequence.
   * @throws as `Pass.write`, or where the target step has no target.
   */
  async unroll(batch: Batch, { labels, predicted, target }: UnrollOptions): Promise<Unrolled> {
    const config = this.#config;
    const { options } = this.#pass;
    for (const [name, list] of Object.entries({ labels, predicted })) {
      if (list && list.length !== options.steps) {
        throw new Error(
          `Unroller: ${name} has ${list.length} entries, expected ${options.steps}; give one for each step.`,
        );
      }
    }
    const { counted, scale } = target === undefined ? { counted: batch, scale: 1 } : await this.#alone(batch, target);
    this.#pass.write(counted);
    this.#pass.run();
    const { losses, logits, dInputs, layers, dHidden = [] } = this.#pass.tensors;
    const read = await readTensors(this.#pass.gpu, [losses, logits, dInputs!, ...layers, ...dHidden]);
    const [loss, outputs, inputs] = read as [Float32Array, Float32Array, Float32Array];
    const states = read.slice(3, 3 + layers.length) as Float32Array[];
    const gradients = read.slice(3 + layers.length) as Float32Array[];
    return {
      labels,
      predicted,
      rows: gradients.map((gradient, index) => this.#row(index, states, norms(gradient, options.steps + 1, scale))),
      losses: this.#losses(batch, outputs),
      nats: config.loss === "cross-entropy",
      inputGradient: norms(inputs, options.steps, scale),
      loss: loss[0]! * scale,
      target,
    };
  }

  destroy(): void {
    this.#pass.destroy();
  }

  /** The batch in which the loss of one step alone counts, and what its mean is to be multiplied with. */
  async #alone(batch: Batch, target: number): Promise<{ counted: Batch; scale: number }> {
    const config = this.#config;
    const { tensors, gpu } = this.#pass;
    const live = this.#length(batch);
    const only = config.readout === "last-step";
    const ignored = !only && config.loss === "cross-entropy" && !(batch.targets[target]! >= 0);
    if (!Number.isInteger(target) || target < 0 || target >= live || ignored || (only && target !== live - 1)) {
      const expected = only ? `${live - 1}, the last` : `a step from 0 to ${live - 1} that has a target`;
      throw new Error(`Unroller: target is ${target}, expected ${expected}; ask for the loss of such a step.`);
    }
    if (only) return { counted: batch, scale: 1 };
    if (config.loss === "cross-entropy") {
      const targets = new Int32Array(batch.targets.length).fill(-1);
      targets[target] = batch.targets[target]!;
      return { counted: { ...batch, targets }, scale: 1 };
    }
    // Squared errors cannot be ignored: those of other steps are made zero, by what the network itself answers.
    this.#pass.write(batch);
    this.#pass.run();
    const targets = (await readTensors(gpu, [tensors.logits]))[0] as Float32Array;
    const [from, to] = [target * config.outputs, (target + 1) * config.outputs];
    targets.set(batch.targets.subarray(from, to), from);
    return { counted: { ...batch, targets }, scale: live };
  }

  #length({ lengths }: Batch): number {
    return lengths?.[0] ?? this.#pass.options.steps;
  }

  /**
   * @param index of the row among all layers and directions.
   * @param states of all layers.
   * @param swept ‖dL/dh‖ in the order of the sweep: from a row's first step on, whichever way it reads.
   */
  #row(index: number, states: readonly Float32Array[], swept: Float64Array): UnrolledRow {
    const config = this.#config;
    const { options } = this.#pass;
    const { hidden, bidirectional } = config;
    const { steps } = options;
    const directions = bidirectional ? 2 : 1;
    const layer = Math.floor(index / directions);
    const backwards = index % directions === 1;
    const unitCount = Math.min(mostUnits, hidden);
    const units = new Float32Array(steps * unitCount);
    const rms = new Float32Array(steps);
    for (let t = 1; t <= steps; t++) {
      const start = t * directions * hidden + (backwards ? hidden : 0);
      const state = states[layer]!.subarray(start, start + hidden);
      units.set(state.subarray(0, unitCount), (t - 1) * unitCount);
      rms[t - 1] = norm(state) / Math.sqrt(hidden);
    }
    const way = bidirectional ? (backwards ? ", backwards" : ", forwards") : "";
    const gradient = backwards ? Float64Array.of(swept[0]!, ...swept.subarray(1).reverse()) : swept;
    return { label: `layer ${layer + 1}${way}`, layer, backwards, rms, units, unitCount, gradient };
  }

  /** The loss of each step, from o [T, K], or [K] of the last step. */
  #losses(batch: Batch, outputs: Float32Array): Float64Array {
    const config = this.#config;
    const { options } = this.#pass;
    const live = this.#length(batch);
    const losses = new Float64Array(options.steps).fill(Number.NaN);
    const lossOf = config.loss === "cross-entropy" ? crossEntropy : squaredError;
    const width = batch.targets.length / (outputs.length / config.outputs);
    const rowOf = (values: Batch["targets"], size: number, row: number) =>
      values.subarray(row * size, (row + 1) * size) as Batch["targets"];
    for (let t = config.readout === "every-step" ? 0 : live - 1; t < live; t++) {
      const row = config.readout === "every-step" ? t : 0;
      const target = rowOf(batch.targets, width, row);
      const loss = lossOf(rowOf(outputs, config.outputs, row), target);
      losses[t] = Number.isFinite(loss) || ignores(config, target) ? loss : Number.POSITIVE_INFINITY;
    }
    return losses;
  }
}

/** Whether a step has no target. */
const ignores = ({ loss }: UniformConfig, [target = -1]: ArrayLike<number> & Iterable<number>): boolean =>
  loss === "cross-entropy" && target < 0;

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** The norm of each slab, of `count` equal ones. */
function norms(values: Float32Array, count: number, scale: number): Float64Array {
  const size = values.length / count;
  return Float64Array.from({ length: count }, (_, i) => scale * norm(values.subarray(i * size, (i + 1) * size)));
}

/** −ln softmax(o)[target]: from o, as ŷ itself may round to zero. */
function crossEntropy(outputs: ArrayLike<number>, [target]: ArrayLike<number> & Iterable<number>): number {
  if (target === undefined || target < 0) return Number.NaN;
  const values = Array.from(outputs);
  const most = maximum(values);
  return Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most - values[target]!;
}

function squaredError(outputs: ArrayLike<number>, targets: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < outputs.length; i++) sum += (outputs[i]! - targets[i]!) ** 2;
  return sum / outputs.length;
}

/** The last step that has a target; undefined where the sequence has one target. */
export function lastTarget({ targets }: Batch): number | undefined {
  return targets.length > 1 ? targets.length - 1 : undefined;
}
