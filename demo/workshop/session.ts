// One training: a network, its trainer and its data, from its first step to wherever it gets. It runs in a worker and
// knows nothing of the page, and little of where it computes.

import { type BatchStream, type Checkpoint, type Gpu, TempogradError, type Vocabulary } from "../../src/index";
import { legible } from "../data/characters";
import { piecesOf } from "../data/pieces";
import type { TrainedOn } from "../data/trained-on";
import { toAddress } from "../tasks/address";
import type { Live, Settings } from "../tasks/fields";
import { expectSaid } from "../tasks/library-options";
import type { OwnDataLabel } from "../tasks/own-data";
import type { Problem } from "../tasks/task";
import { hiddenGradient } from "../through-time/numbers";
import { Asked } from "./asked";
import { gpuLearner } from "./gpu-learner";
import { History, type HistoryData, isHistory, type Values } from "./history";
import type { Learner } from "./learner";
import type { Sample } from "./surprise";

/** When the network is looked at: every so many milliseconds, in at most this share of the time. */
export interface Looks {
  every: number;
  share: number;
}

/** On the processor, looks take their time too. */
const usualLooks = (gpu: Gpu | undefined): Looks => ({ every: 4000, share: gpu ? 0.02 : 0.1 });

interface SessionOptions {
  /** The effective ones. */
  settings: Settings;
  /** Of the visitor's data, where it is learned from. */
  own: OwnDataLabel | undefined;
  tell: (report: Report) => void;
  /** What to go on from, to the bit. */
  from: Checkpoint | undefined;
  looks: Looks | undefined;
  /** Whether it tells how the gradient flows after updates 1, 3, 10, 30, … */
  flows?: boolean | undefined;
  /** Ends the making of one that is not wanted any more. */
  signal?: AbortSignal | undefined;
}

/** What stays the same throughout a training. */
export interface Facts {
  step: number;
  description: string;
  baseline: Problem["baseline"];
  /** What the loss is a mean of: nats of a target, or squared errors. */
  loss: "cross-entropy" | "mean-squared-error" | "quantile";
  /** What counts as right, where that is not each target by itself. */
  right: string | undefined;
  /** Where it writes text, what it knows. */
  pieces: ReturnType<Vocabulary["toJSON"]> | undefined;
  /** What can be asked of it. */
  asking: { reads: Problem["asking"]["reads"]; count: number | undefined; tests: boolean };
  parameterCount: number;
  /** Of the GPU memory that the training holds, in bytes, and of what it does there; undefined on the processor. */
  costs: Learner["costs"];
  history: HistoryData;
}

/** How the gradient of the held-out example's last loss flowed after an update: ‖dL/dh_t‖ over all layers [T + 1]. */
export interface Flow {
  step: number;
  gradient: number[];
}

/** What a session tells while it trains. */
export type Report =
  | { kind: "steps"; first: number; losses: number[]; tokensPerSecond: number | undefined }
  | { kind: "look"; step: number; values: Values; sample: Sample | undefined }
  | { kind: "flow"; flow: Flow };

/** What a checkpoint says beside numbers. */
export interface About {
  own?: OwnDataLabel | undefined;
  /** As `toAddress` writes them: JSON would lose what is undefined. */
  settings: string;
  history: HistoryData;
  trainedOn: TrainedOn;
}

const later = () => import("./later");
const heldOutBatches = 4;
const sampleLength = 200;
/** What stands before so many pieces of a prompt is not read. */
const mostPrompt = 400;
const reportMilliseconds = 100;
/** A rate over less says little. */
const rateMilliseconds = 100;
/** Of steps under way, where someone types: an answer waits for them. */
const attendedMilliseconds = 20;
/** So long a look, or a checkpoint, waits for someone who types. */
const patienceMilliseconds = 20_000;
/** Checkpoints are taken with looks, and at least so often where these are rarer, in at most this share of the time. */
const keeps = { every: 10_000, share: 0.05 };

export class Session {
  readonly learner: Learner;
  readonly problem: Problem;
  readonly history: History;
  live: Live;
  readonly #settings: Settings;
  readonly #own: OwnDataLabel | undefined;
  readonly #looks: Looks;
  readonly #flows: boolean;
  readonly #batches: BatchStream;
  readonly #report: (report: Report) => void;
  /** Training steps whose loss is known. */
  #step: number;
  /** Where `train` began: a step to pause at that is behind it pauses nothing. */
  #begun = 0;
  #rate: number | undefined;
  #work: Promise<void> = Promise.resolve();
  #training = false;
  readonly asked: Asked;
  /** Of a training step. */
  #milliseconds = Number.POSITIVE_INFINITY;
  #pausing = false;
  #nextLook = 0;
  #nextKeep = 0;
  /** The step after which it was looked at last: nothing else changes what there is to see. */
  #looked: number | undefined;

  /** @param learner of the problem; it is freed with the session. `create` makes one. */
  constructor(learner: Learner, problem: Problem, options: SessionOptions) {
    const { settings, own, tell, from, looks = usualLooks(learner.gpu), flows = false } = options;
    this.learner = learner;
    this.problem = problem;
    this.live = settings;
    this.#settings = settings;
    this.#own = own;
    this.#looks = looks;
    this.#flows = flows;
    this.asked = new Asked(learner, problem, settings, () => this.#step);
    this.#report = tell;
    this.#batches = problem.training(from?.data);
    if (from) learner.restore(from);
    learner.learningRate = settings.learningRate;
    this.#step = learner.step;
    const earlier = (from?.about as Partial<About> | undefined)?.history;
    this.history = new History(isHistory(earlier) ? earlier : undefined);
  }

  /**
   * @param gpu undefined: on the processor.
   * @throws where these sizes are too large for it, or `from` is of another training; the reason of `options.signal`.
   */
  static async create(gpu: Gpu | undefined, problem: Problem, options: SessionOptions): Promise<Session> {
    const { settings, from, signal } = options;
    if (from) await expectSaid(from, settings, problem.network);
    const wanted = { settings, problem, signal };
    const learner = gpu
      ? await gpuLearner(gpu, wanted)
      : await (await import("./reference-learner")).referenceLearner(wanted);
    try {
      return new Session(learner, problem, options);
    } catch (error) {
      learner.destroy();
      throw error;
    }
  }

  get facts(): Facts {
    const { problem, history } = this;
    const { parameterCount, costs } = this.learner;
    const { loss } = problem.network;
    return {
      step: this.#step,
      description: problem.description,
      baseline: problem.baseline,
      loss: typeof loss === "string" ? loss : "quantile",
      right: problem.right?.meaning,
      pieces: problem.prompt === undefined ? undefined : problem.vocabulary?.toJSON(),
      asking: {
        reads: problem.asking.reads,
        count: problem.asking.count,
        tests: problem.asking.heldOut !== undefined,
      },
      parameterCount,
      costs,
      history: history.toJSON(),
    };
  }

  /**
   * Trains until `pause()` or the step to pause at.
   * @param keep takes a checkpoint: called with each look, and between looks that are rare, between two steps.
   * @throws where the loss stops being a number, or the GPU is lost.
   */
  train(keep: () => Promise<void>): Promise<void> {
    this.#pausing = false;
    this.#begun = this.#step;
    this.#training = true;
    this.#work = this.#train(keep).finally(() => {
      this.#training = false;
    });
    return this.#work;
  }

  /** Trains one step. @throws as `train`. */
  trainOne(): Promise<void> {
    this.#work = this.#stretch(1).then(() => this.#tellFlow());
    return this.#work;
  }

  /** Takes what was changed, from the steps on that are submitted next. */
  change(live: Live): void {
    this.live = live;
    this.learner.learningRate = live.learningRate;
    this.learner.stop(); // ends a stretch: the next one knows the step to pause at
  }

  /** Submits no further steps. Resolves when those under way are done. */
  async pause(): Promise<void> {
    this.#pausing = true;
    this.learner.stop();
    await this.#work.catch(() => {}); // train() threw it already
  }

  /** Reads a text and writes on. @returns undefined where it does not write. */
  write(text: string): Promise<Sample | undefined> {
    return this.asked.between(() => this.#write(text));
  }

  /** Writes anew after a change of what it writes by, where nothing else would have it write soon. */
  async writeAgain(): Promise<void> {
    if (this.#training || this.#looked === undefined) return;
    const sample = await this.write(this.live.prompt);
    if (sample) this.#report({ kind: "look", step: this.#step, values: {}, sample });
  }

  /** All that training goes on from, as a file, and its step. @throws where it is not finite: `isNotFinite`. */
  async checkpoint(): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> }> {
    const { history, problem, learner } = this;
    let { step } = learner;
    const bytes = await learner.checkpoint(() => {
      step = learner.step;
      const settings = toAddress({ ...this.#settings, ...this.live });
      const about: About = { settings, own: this.#own, history: history.toJSON(), trainedOn: problem.trainedOn };
      return { data: this.#batches.position, about };
    });
    return { step, bytes };
  }

  /** Frees what lives on the GPU. */
  destroy(): void {
    this.#pausing = true;
    this.asked.destroy();
    this.learner.destroy();
  }

  async #train(keep: () => Promise<void>): Promise<void> {
    const done = () => this.#pausing || this.#left <= 0;
    do {
      if (this.#isDue(this.#nextLook)) await this.#look(keep);
      else if (this.#isDue(this.#nextKeep)) await this.#keep(keep);
      if (done()) break;
      await this.#stretch(this.#flows ? Math.min(this.#left, nextMark(this.#step) - this.#step) : this.#left);
      await this.#tellFlow();
    } while (!done());
    if (this.#looked !== this.#step) await this.#keep(keep); // at once: looking takes its time, and a device may be lost meanwhile
    await this.#look(keep);
  }

  /** At a step that is marked, how the gradient flows. */
  async #tellFlow(): Promise<void> {
    const step = this.#step;
    if (!this.#flows || step === 0 || nextMark(step - 1) !== step) return;
    const unrolled = await this.asked.unroll("last", false).catch(() => undefined); // a device that is lost is told elsewhere
    if (unrolled) this.#report({ kind: "flow", flow: { step, gradient: hiddenGradient(unrolled) } });
  }

  /** Steps to the one to pause at. */
  get #left(): number {
    const { pauseAt } = this.live;
    return pauseAt !== undefined && pauseAt > this.#begun ? pauseAt - this.#step : Number.POSITIVE_INFINITY;
  }

  /** Whether what is due at a time is to be done now: it waits a while for someone who types. */
  #isDue(time: number): boolean {
    const late = performance.now() - time;
    return late >= (this.asked.attending ? patienceMilliseconds : 0);
  }

  /** Trains until the next look is due, something changes, or `most` steps are done, or few where someone asks. */
  #stretch(most: number): Promise<void> {
    return this.asked.train(() => {
      const few = Math.max(1, Math.floor(attendedMilliseconds / this.#milliseconds));
      return this.#steps(this.asked.attending ? Math.min(few, most) : most);
    });
  }

  async #steps(steps: number): Promise<void> {
    const { learner } = this;
    const started = performance.now();
    const startStep = this.#step;
    let losses: number[] = [];
    let reported = started;
    const report = () => {
      if (losses.length === 0) return;
      this.#report({ kind: "steps", first: this.#step - losses.length + 1, losses, tokensPerSecond: this.#rate });
      losses = [];
      reported = performance.now();
    };
    try {
      for await (const { step, loss } of learner.train(this.#batches, Number.isFinite(steps) ? { steps } : {})) {
        this.#step = step;
        losses.push(loss);
        const now = performance.now();
        const tokens = (step - startStep) * this.problem.tokensPerStep;
        if (now - started >= rateMilliseconds) this.#rate = (1000 * tokens) / (now - started);
        this.history.add(step, { loss, tokensPerSecond: this.#rate ?? null });
        if (now - reported >= reportMilliseconds) report();
        if (this.#isDue(Math.min(this.#nextLook, this.#nextKeep))) learner.stop();
      }
    } finally {
      const done = this.#step - startStep;
      if (done > 0) this.#milliseconds = (performance.now() - started) / done;
      report();
    }
  }

  /**
   * Between stretches of training: what it reads back would wait for training steps in between. What is asked meanwhile is
   * answered beside it, but for the first time: that makes programs, one after the other.
   */
  async #look(keep: () => Promise<void>): Promise<void> {
    const { problem, learner } = this;
    const step = this.#step;
    if (this.#looked === step) return;
    const started = performance.now();
    const isFirst = this.#looked === undefined;
    const part = <Result>(work: () => Promise<Result>) => (isFirst ? this.asked.between(work) : work());
    const gradientNorm = (await learner.gradientNorm()) ?? null;
    const batches = take(problem.heldOut(), heldOutBatches);
    const measured = await part(() => learner.evaluate(problem.evaluation, batches, problem.right?.metric));
    const { loss: heldOut, accuracy, perplexity } = measured;
    const values: Values = { heldOut, accuracy, perplexity, gradientNorm };
    this.history.add(step, values);
    this.#report({ kind: "look", step, values, sample: await part(() => this.#write(this.live.prompt)) });
    await this.#keep(keep);
    const finished = performance.now();
    const { every, share } = this.#looks;
    // The first one compiled what all need; a second one soon is a checkpoint soon.
    const wait = isFirst ? every / 4 : Math.max(every, (finished - started) * (1 / share - 1));
    this.#looked = step;
    this.#nextLook = finished + wait;
  }

  async #keep(keep: () => Promise<void>): Promise<void> {
    const started = performance.now();
    await keep();
    const finished = performance.now();
    this.#nextKeep = finished + Math.max(keeps.every, (finished - started) * (1 / keeps.share - 1));
  }

  /** What it writes now, after a prompt. */
  async #write(after: string): Promise<Sample | undefined> {
    const { problem, learner } = this;
    if (problem.prompt === undefined || !problem.vocabulary) return undefined;
    const { symbols, kind } = problem.vocabulary;
    // Without characters that cannot be read, as the page says; where none is left, the usual prompt.
    const prompt = problem.vocabulary
      .encode(legible(symbols, piecesOf(after, kind)) || problem.prompt)
      .slice(-mostPrompt);
    const { temperature } = this.live;
    const { seed } = this.#settings;
    const written = await learner.generate({ prompt, length: sampleLength, temperature, seed });
    return (await later()).sampleOf(learner, problem.vocabulary, prompt, written);
  }
}

/** The first of 1, 3, 10, 30, 100, … after a step. */
function nextMark(step: number): number {
  let power = 1;
  while (3 * power <= step) power *= 10;
  return power > step ? power : 3 * power;
}

/** Whether an error says that a training came to numbers that are not finite. */
export const isNotFinite = (error: unknown): boolean => error instanceof TempogradError && error.code === "not-finite";

function* take<T>(items: Iterable<T>, count: number): Generator<T, void> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
