// Takes networks forward and back, updates and trains them: on the GPU, or with the float64 reference.

import {
  adam,
  type Batch,
  type BatchShape,
  type Gpu,
  initialParameters,
  Network,
  type Pass,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  referenceOptimizer,
  referenceTrainStep,
  sgd,
  Trainer,
  type UniformConfig,
} from "../../src/index";
import type { Work } from "./networks";
import { norm } from "./spectrum";

export type Numbers = Float32Array | Float64Array;

/** What a way forward and back leaves. */
export interface Traced {
  loss: number;
  /** h [T + 1, B, H], slab 0 for h_0; and c alike, of an LSTM */
  hidden: Numbers;
  cell: Numbers | undefined;
  /** dL/dh_t by all paths [T + 1, B, H] */
  dHidden: Numbers;
  /** By the parameters' names, summed over time */
  gradients: Record<string, Numbers>;
}

/** A step of SGD with clipping by norm. */
export interface Update {
  /** ‖dθ‖ before it is clipped; not finite where a gradient is not. */
  before: number;
  /** ‖Δθ‖: how far the parameters moved. */
  moved: number;
}

export interface Training {
  config: UniformConfig;
  shape: BatchShape;
  batches: Iterable<Batch>;
  learningRate: number;
  updates: number;
}

/** Hears each update's loss; training ends soon after it answers false. */
export type OnLoss = (loss: number) => boolean;

export interface Engine {
  trace(work: Work): Promise<Traced>;
  update(work: Work, rate: { learningRate: number; clipNorm: number }): Promise<Update>;
  /** Trains with Adam; the state goes on from batch to batch, the gradient does not. */
  train(training: Training, onLoss: OnLoss): Promise<void>;
  destroy(): void;
}

/** ‖dθ‖ over all parameters. */
export const gradientNorm = (gradients: Traced["gradients"]): number => norm(Object.values(gradients).map(norm));

const distance = (a: ReferenceParameters, b: ReferenceParameters): number =>
  norm(Object.entries(a).map(([name, values]) => norm(values.map((value, i) => value - b[name]![i]!))));

const sizeOf = ({ steps, batch }: BatchShape) => ({ steps, batch });

/** Updates after which the reference lets the page do something else. */
const updatesAtOnce = 4;

export const referenceEngine: Engine = {
  async trace({ config, parameters, batch, shape }) {
    const data = { ...batch, ...sizeOf(shape) };
    const run = referenceForward(config, parameters, data);
    const back = referenceBackward(config, parameters, data, run);
    const { hidden, cell } = run.sweeps[0]!;
    return {
      loss: run.loss,
      hidden,
      cell: cell.length > 0 ? cell : undefined,
      dHidden: back.hidden[0]!,
      gradients: back.parameters,
    };
  },
  async update(work, rate) {
    const { config, parameters, batch, shape } = work;
    const { gradients } = await this.trace(work);
    const after = Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, values.slice()]));
    referenceTrainStep(config, after, { ...batch, ...sizeOf(shape) }, referenceOptimizer({ kind: "sgd", ...rate }));
    return { before: gradientNorm(gradients), moved: distance(after, parameters) };
  },
  async train({ config, shape, batches, learningRate, updates }, onLoss) {
    const parameters = Object.fromEntries(
      [...initialParameters(config)].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const optimizer = referenceOptimizer({ kind: "adam", learningRate });
    let carried = {};
    let done = 0;
    for (const batch of batches) {
      const run = referenceTrainStep(config, parameters, { ...batch, ...sizeOf(shape), ...carried }, optimizer);
      carried = { initialState: run.finalState, initialCellState: run.finalCellState };
      if (!onLoss(run.loss) || ++done === updates) break;
      if (done % updatesAtOnce === 0) await new Promise((resolve) => setTimeout(resolve));
    }
  },
  destroy() {},
};

interface Kept {
  network: Network<UniformConfig>;
  destroy(): void;
}

export class GpuEngine implements Engine {
  readonly #gpu: Gpu;
  readonly #passes = new Map<string, Kept & { pass: Pass }>();
  readonly #trainers = new Map<string, Kept & { trainer: Trainer }>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  async trace({ config, parameters, batch, shape }: Work): Promise<Traced> {
    const { network, pass } = await kept(this.#passes, [config, shape], async () => {
      const network = await Network.create(this.#gpu, config);
      const pass = await network.pass({ ...shape, traceGradients: true });
      return { network, pass, destroy: () => network.destroy() };
    });
    write(network, parameters);
    pass.write(batch);
    pass.run();
    const { losses, hidden, dHidden, cellStates } = pass.tensors;
    const gradients = Object.values(pass.gradients!.tensors);
    const wanted = [losses, hidden, dHidden![0]!, ...cellStates, ...gradients];
    const read = (await readTensors(this.#gpu, wanted)) as Float32Array[];
    const ofParameters = read.splice(3 + cellStates.length);
    return {
      loss: read[0]![0]!,
      hidden: read[1]!,
      cell: read[3],
      dHidden: read[2]!,
      gradients: Object.fromEntries(gradients.map(({ name }, i) => [name, ofParameters[i]!])),
    };
  }

  async update({ config, parameters, batch, shape }: Work, rate: { learningRate: number; clipNorm: number }) {
    const { network, trainer } = await kept(this.#trainers, [config, shape, rate], async () => {
      const network = await Network.create(this.#gpu, config);
      const { learningRate, clipNorm } = rate;
      const trainer = await Trainer.create(network, { ...shape, optimizer: sgd({ learningRate }), clipNorm });
      return { network, trainer, destroy: () => network.destroy() };
    });
    write(network, parameters);
    for await (const _ of trainer.train([batch], { notFinite: "skip" }));
    const before = await trainer.gradientNorm();
    const after = [...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]);
    return { before: before ?? Number.NaN, moved: distance(Object.fromEntries(after), parameters) };
  }

  async train({ config, shape, batches, learningRate, updates }: Training, onLoss: OnLoss): Promise<void> {
    const network = await Network.create(this.#gpu, config);
    try {
      const trainer = await Trainer.create(network, {
        ...shape,
        carryState: true,
        optimizer: adam({ learningRate }),
      });
      let wanted = true;
      for await (const { loss } of trainer.train(batches, { steps: updates })) {
        if (wanted && !onLoss(loss)) {
          wanted = false;
          void trainer.stop();
        }
      }
    } finally {
      network.destroy();
    }
  }

  destroy(): void {
    for (const all of [this.#passes, this.#trainers]) {
      for (const { destroy } of all.values()) destroy();
      all.clear();
    }
  }
}

function write(network: Network<UniformConfig>, parameters: ReferenceParameters): void {
  const shapes = [...initialParameters(network.config)];
  network.write(
    new Map(shapes.map(([name, { shape }]) => [name, { shape, data: Float32Array.from(parameters[name]!) }])),
  );
}

/** What was made for a key, or makes it: once for each network, and for each limit of clipping. */
async function kept<T extends Kept>(all: Map<string, T>, key: unknown, make: () => Promise<T>): Promise<T> {
  const name = JSON.stringify(key);
  const found = all.get(name) ?? (await make());
  all.set(name, found);
  return found;
}
