// One training run: a network, its trainer and its data, from step 0 to wherever it gets; knows nothing of the page.

import {
  type Batch,
  consecutiveWindows,
  evaluate,
  type Gpu,
  generate,
  Network,
  randomWindows,
  type Schedule,
  sgd,
  Trainer,
} from "../../src/index";
import type { Corpus } from "./corpus";
import { LossHistory } from "./loss-history";

export interface Settings {
  hidden: number;
  batch: number;
  /** Characters in a window. */
  steps: number;
  seed: number;
  activation: "tanh" | "relu";
  /** Without it, the engine's choice. */
  schedule: Schedule | undefined;
}

/** What the network is worth after some step: its loss on held-out text, and what it writes. */
export interface Look {
  step: number;
  heldOutLoss: number;
  /** The opening of the held-out text, which it reads before it writes. */
  prompt: string;
  text: string;
}

const heldOutBatches = 4;
const promptLength = 32;
const sampleLength = 200;
const temperature = 0.8;
/** Looks come this far apart at least, and take a tenth of the time at most. */
const lookMilliseconds = 5000;
const trainingPerLooking = 9;
/** A rate over less says little. */
const rateMilliseconds = 500;

export class Session {
  readonly settings: Settings;
  readonly corpus: Corpus;
  readonly trainer: Trainer;
  readonly history = new LossHistory();
  /** Training steps whose loss is known. */
  step = 0;
  tokensPerSecond: number | undefined;
  heldOutLoss: number | undefined;
  readonly #network: Network;
  readonly #windows: Iterable<Batch>;
  #work: Promise<void> = Promise.resolve();
  #pausing = false;
  #nextLook = 0;

  private constructor(network: Network, trainer: Trainer, corpus: Corpus, settings: Settings) {
    this.#network = network;
    this.trainer = trainer;
    this.corpus = corpus;
    this.settings = settings;
    this.#windows = randomWindows(corpus.training, settings);
  }

  /** @throws where the GPU has no room for these sizes. */
  static async create(gpu: Gpu, corpus: Corpus, settings: Settings, learningRate: number): Promise<Session> {
    const { hidden, batch, steps, seed, activation, schedule } = settings;
    const { size } = corpus.vocabulary;
    const network = await Network.create(gpu, {
      cell: "elman",
      activation,
      inputs: size,
      hidden,
      outputs: size,
      input: "tokens",
      readout: "every-step",
      loss: "cross-entropy",
      seed,
    });
    try {
      const trainer = await Trainer.create(network, { steps, batch, schedule, optimizer: sgd({ learningRate }) });
      return new Session(network, trainer, corpus, settings);
    } catch (error) {
      network.destroy();
      throw error;
    }
  }

  get parameterCount(): number {
    return this.#network.parameterCount;
  }

  /**
   * Trains until `pause()`, and calls `onLook` now and then.
   * @throws where the loss stops being a number, or the GPU is lost.
   */
  train(onLook: (look: Look) => void): Promise<void> {
    this.#pausing = false;
    this.#work = this.#train(onLook);
    return this.#work;
  }

  /** Trains one step. @throws as `train`. */
  trainOne(): Promise<void> {
    this.#work = this.#report(1);
    return this.#work;
  }

  /** Submits no further steps. Resolves when those under way are done. */
  async pause(): Promise<void> {
    this.#pausing = true;
    void this.trainer.stop();
    await this.#work.catch(() => {}); // train() threw it already
  }

  /** Pauses and frees what lives on the GPU. */
  async close(): Promise<void> {
    await this.pause();
    this.trainer.destroy();
    this.#network.destroy();
  }

  async #train(onLook: (look: Look) => void): Promise<void> {
    while (!this.#pausing) {
      if (performance.now() >= this.#nextLook) onLook(await this.#look());
      if (!this.#pausing) await this.#report();
    }
  }

  /** Trains until the next look is due, it is paused, or `steps` are done. */
  async #report(steps?: number): Promise<void> {
    const { batch, steps: window } = this.settings;
    const started = performance.now();
    const startStep = this.step;
    for await (const { step, loss } of this.trainer.train(this.#windows, steps === undefined ? {} : { steps })) {
      if (!Number.isFinite(loss)) throw new DivergedError(step);
      this.step = step;
      this.history.add(step, loss);
      const now = performance.now();
      const tokens = (step - startStep) * batch * window;
      if (now - started >= rateMilliseconds) this.tokensPerSecond = (1000 * tokens) / (now - started);
      if (now >= this.#nextLook) void this.trainer.stop();
    }
  }

  /** Between stretches of training: reading back every token would wait for training steps in between. */
  async #look(): Promise<Look> {
    const { corpus, settings, step } = this;
    const started = performance.now();
    const heldOut = take(consecutiveWindows(corpus.heldOut, settings), heldOutBatches);
    const { loss: heldOutLoss } = await evaluate(this.#network, settings, heldOut);
    const prompt = corpus.heldOut.subarray(0, promptLength);
    const options = { prompt, length: sampleLength, temperature, seed: settings.seed };
    const written = await generate(this.#network, options);
    const finished = performance.now();
    this.#nextLook = finished + Math.max(lookMilliseconds, trainingPerLooking * (finished - started));
    this.heldOutLoss = heldOutLoss;
    this.history.addHeldOut(step, heldOutLoss);
    const { vocabulary } = corpus;
    return { step, heldOutLoss, prompt: vocabulary.decode(prompt), text: vocabulary.decode(written) };
  }
}

/** The loss became infinite or no number at all: the learning rate is too large. */
export class DivergedError extends Error {
  constructor(step: number) {
    super(`The loss of step ${step} is not a number any more: the learning rate is too large.`);
  }
}

function* take<T>(items: Iterable<T>, count: number): Generator<T, void> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
