// A network that learns to follow a stroke, on an application's own device.

import { adam, Network, openGpu, type StepReport, Trainer, type UniformConfig } from "../../src/index";
import { strokeBatches } from "./stroke";

const shape = { steps: 64, batch: 16 };
const learningRate = 0.015;
/** Training steps for a stroke. */
export const lesson = 300;

type Snapshot = Awaited<ReturnType<Trainer["snapshot"]>>;

/** What an apprentice knows, apart from any device. */
export interface Knowledge {
  snapshot: Snapshot;
  /** The stroke that it learned last, and the steps of that lesson. */
  stroke: Float32Array | undefined;
  done: number;
}

/** Reads where a pen is, and tells where it goes next. */
export class Apprentice {
  readonly network: Network<UniformConfig>;
  readonly #trainer: Trainer;
  readonly #beginning: Snapshot;
  #lesson: { stroke: Float32Array; before: number } | undefined;

  private constructor(network: Network<UniformConfig>, trainer: Trainer, beginning: Snapshot) {
    this.network = network;
    this.#trainer = trainer;
    this.#beginning = beginning;
  }

  /**
   * @param pens how many pens the application moves at a time.
   * @param known what it knows from the beginning.
   */
  static async create(device: GPUDevice, pens: number, known?: Knowledge): Promise<Apprentice> {
    const gpu = await openGpu({ device });
    const network = await Network.create(gpu, {
      cell: "lstm",
      inputs: 2,
      hidden: 32,
      outputs: 2,
      input: "features",
      readout: "every-step",
      loss: "mean-squared-error",
    });
    await network.prepare({ batch: pens });
    const trainer = await Trainer.create(network, { ...shape, optimizer: adam({ learningRate }), clipNorm: 1 });
    const beginning = await trainer.snapshot();
    if (known) trainer.restore(known.snapshot);
    return new Apprentice(network, trainer, beginning);
  }

  /** What it knows now, also while it learns. */
  async knowledge(): Promise<Knowledge> {
    const { stroke, before = 0 } = this.#lesson ?? {};
    const snapshot = await this.#trainer.snapshot();
    return { snapshot, stroke, done: snapshot.trainer.step - before };
  }

  /**
   * Learns a stroke until the lesson is over, or the loop is left.
   * @param done steps of the lesson that it has had before.
   */
  async *learn(stroke: Float32Array, done: number): AsyncGenerator<StepReport, void> {
    const trainer = this.#trainer;
    const before = trainer.step - done;
    this.#lesson = { stroke, before };
    const easing = (had: number) => learningRate * (1 - had / lesson);
    trainer.learningRate = easing(done);
    const batches = strokeBatches(stroke, { ...shape, seed: before });
    for await (const { step, ...report } of trainer.train(batches, { steps: lesson - done })) {
      trainer.learningRate = easing(step - before);
      yield { step: step - before, ...report };
    }
  }

  /** Knows no more than at first. Not while it learns. */
  forget(): void {
    this.#lesson = undefined;
    this.#trainer.restore(this.#beginning);
  }
}
