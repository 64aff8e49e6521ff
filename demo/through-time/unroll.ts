// Takes one sequence forward and back, and tells each step's states, losses and gradients as plain data.

import { type Batch, type Network, readTensors, type UniformConfig } from "../../src/index";
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
  /** Gates and states beside h of the same units, where they were asked for. */
  beside?: UnitSeries[];
  /** ‖dL/dh_t‖ by all paths [T + 1]; at 0 is the initial state's, also of a row that reads backwards. */
  gradient: Float64Array;
}

/** A gate, or a state beside h. */
export interface UnitSeries {
  /** As in the cell's equations. */
  name: string;
  /** [T, unitCount], in the order of time; NaN past a sequence's end */
  values: Float32Array;
}

/** A sequence that was taken forward and back: plain data, which a worker can post. */
export interface Unrolled {
  /** What the cell is called. */
  cell: string;
  /** Whether it reads pieces of a text. */
  text: boolean;
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

type Floats = Float32Array | Float64Array;

/** All that a sequence leaves on its way forward and back. */
export interface Traced {
  loss: number;
  /** o [T, K], or [K] of the last step */
  outputs: Floats;
  /** dL/dx [T, I]; for tokens, of the one-hot x */
  dInputs: Floats;
  /** h_t of each layer and direction [T, H], in the order of time */
  states: readonly Floats[];
  /** dL/dh by all paths of each [T + 1, H], in the order of its sweep */
  dHidden: readonly Floats[];
}

/** What takes sequences of one length forward and back, with the network's parameters as they are at the time. */
export interface Tracer {
  readonly steps: number;
  /** @param batch of one sequence. */
  trace(batch: Batch): Promise<Traced>;
  destroy(): void;
}

/** On the GPU. @throws where the device has no room. */
export async function gpuTracer(network: Network<UniformConfig>, steps: number): Promise<Tracer> {
  const pass = await network.pass({ steps, batch: 1, traceGradients: true });
  const { losses, logits, dInputs, layers, dHidden = [] } = pass.tensors;
  const { hidden } = network.config;
  return {
    steps,
    async trace(batch) {
      pass.write(batch);
      pass.run();
      const read = (await readTensors(pass.gpu, [losses, logits, dInputs!, ...layers, ...dHidden])) as Float32Array[];
      const [loss, outputs, inputs, ...more] = read as [Float32Array, Float32Array, Float32Array, ...Float32Array[]];
      const directions = dHidden.length / layers.length;
      return {
        loss: loss[0]!,
        outputs,
        dInputs: inputs,
        // Of a layer both directions lie side by side, behind what they begin with.
        states: dHidden.map((_, row) => {
          const [both, part] = [more[Math.floor(row / directions)]!, row % directions];
          const states = new Float32Array(steps * hidden);
          for (let t = 0; t < steps; t++) {
            const start = ((t + 1) * directions + part) * hidden;
            states.set(both.subarray(start, start + hidden), t * hidden);
          }
          return states;
        }),
        dHidden: more.slice(layers.length),
      };
    },
    destroy: () => pass.destroy(),
  };
}

/** What is told unit by unit is told of so many. */
export const mostUnits = 64;

/** Unrolls a network over sequences of one length. */
export class Unroller {
  readonly #config: UniformConfig;
  readonly #tracer: Tracer;

  constructor(config: UniformConfig, tracer: Tracer) {
    this.#config = config;
    this.#tracer = tracer;
  }

  /** @throws where the device has no room. */
  static async create(network: Network<UniformConfig>, steps: number): Promise<Unroller> {
    return new Unroller(network.config, await gpuTracer(network, steps));
  }

  /**
   * @param batch of one sequence.
   * @throws as `Pass.write`, or where the target step has no target.
   */
  async unroll(batch: Batch, { labels, predicted, target }: UnrollOptions): Promise<Unrolled> {
    const config = this.#config;
    const { steps } = this.#tracer;
    for (const [name, list] of Object.entries({ labels, predicted })) {
      if (list && list.length !== steps) {
        throw new Error(`Unroller: ${name} has ${list.length} entries, expected ${steps}; give one for each step.`);
      }
    }
    const { counted, scale } = target === undefined ? { counted: batch, scale: 1 } : await this.#alone(batch, target);
    const { loss, outputs, dInputs, states, dHidden } = await this.#tracer.trace(counted);
    const { cell } = config;
    return {
      cell: typeof cell === "string" ? cell : cell.name,
      text: config.input === "tokens",
      labels,
      predicted,
      rows: states.map((state, index) => this.#row(index, state, norms(dHidden[index]!, steps + 1, scale))),
      losses: this.#losses(batch, outputs),
      nats: config.loss === "cross-entropy",
      inputGradient: norms(dInputs, steps, scale),
      loss: loss * scale,
      target,
    };
  }

  destroy(): void {
    this.#tracer.destroy();
  }

  /** The batch in which the loss of one step alone counts, and what its mean is to be multiplied with. */
  async #alone(batch: Batch, target: number): Promise<{ counted: Batch; scale: number }> {
    const config = this.#config;
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
    const targets = Float32Array.from((await this.#tracer.trace(batch)).outputs);
    const [from, to] = [target * config.outputs, (target + 1) * config.outputs];
    targets.set(batch.targets.subarray(from, to), from);
    return { counted: { ...batch, targets }, scale: live };
  }

  #length({ lengths }: Batch): number {
    return lengths?.[0] ?? this.#tracer.steps;
  }

  /**
   * @param index of the row among all layers and directions.
   * @param states h_t [T, H].
   * @param swept ‖dL/dh‖ in the order of the sweep: from a row's first step on, whichever way it reads.
   */
  #row(index: number, states: Floats, swept: Float64Array): UnrolledRow {
    const { hidden, bidirectional } = this.#config;
    const { steps } = this.#tracer;
    const directions = bidirectional ? 2 : 1;
    const layer = Math.floor(index / directions);
    const backwards = index % directions === 1;
    const unitCount = Math.min(mostUnits, hidden);
    const units = new Float32Array(steps * unitCount);
    const rms = new Float32Array(steps);
    for (let t = 0; t < steps; t++) {
      const state = states.subarray(t * hidden, (t + 1) * hidden);
      units.set(state.subarray(0, unitCount), t * unitCount);
      rms[t] = norm(state) / Math.sqrt(hidden);
    }
    const way = bidirectional ? (backwards ? ", backwards" : ", forwards") : "";
    const gradient = backwards ? Float64Array.of(swept[0]!, ...swept.subarray(1).reverse()) : swept;
    return { label: `layer ${layer + 1}${way}`, layer, backwards, rms, units, unitCount, gradient };
  }

  /** The loss of each step, from o [T, K], or [K] of the last step. */
  #losses(batch: Batch, outputs: Floats): Float64Array {
    const config = this.#config;
    const live = this.#length(batch);
    const losses = new Float64Array(this.#tracer.steps).fill(Number.NaN);
    const lossOf = config.loss === "cross-entropy" ? crossEntropy : squaredError;
    const width = batch.targets.length / (outputs.length / config.outputs);
    const rowOf = <Values extends Batch["targets"] | Floats>(values: Values, size: number, row: number) =>
      values.subarray(row * size, (row + 1) * size) as Values;
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
function norms(values: Floats, count: number, scale: number): Float64Array {
  const size = values.length / count;
  return Float64Array.from({ length: count }, (_, i) => scale * norm(values.subarray(i * size, (i + 1) * size)));
}

/** −ln softmax(o)[target]: from o, as ŷ itself may round to zero. */
export function crossEntropy(outputs: ArrayLike<number>, [target]: ArrayLike<number> & Iterable<number>): number {
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
