// What a training is asked, while it trains and when it is paused: answers, what speaks for them, and what it is elsewhere.

import type { Prediction, SequenceInputs } from "../../src/index";
import { maximum } from "../extremes";
import type { Answer, Tested } from "../tasks/asking";
import type { Settings } from "../tasks/fields";
import type { Problem } from "../tasks/task";
import type { Unrolled } from "../through-time/unroll";
import { isUniform, type Learner, roundedLength } from "./learner";
import type { Outline } from "./outline";
import { Questions } from "./questions";
import type { Saliency } from "./saliency";
import { Tracers } from "./tracers";

/** What each piece of a text says to an answer. */
export interface AnswerSaliency extends Saliency {
  /** A piece that may come next, or a class. */
  answer: string;
  /** As the network reads them [T] */
  pieces: string[];
}

/** Steps of an example elsewhere. */
const mostShown = 12;
/** Someone who typed may type again for so long. */
const attendingMilliseconds = 3000;

export class Asked {
  readonly #learner: Learner;
  readonly #problem: Problem;
  readonly #settings: Settings;
  readonly #step: () => number;
  readonly #tracers: Tracers;
  readonly #questions: Questions;
  /** When someone last typed a question. */
  #attended = Number.NEGATIVE_INFINITY;
  /** Counts questions. */
  #asked = 0;
  /** The last one that was answered, and the probabilities of what was answered. */
  #answered: { question: string; probabilities: Float32Array } | undefined;

  /** @param step of which the loss was known last. */
  constructor(learner: Learner, problem: Problem, settings: Settings, step: () => number) {
    this.#learner = learner;
    this.#problem = problem;
    this.#settings = settings;
    this.#step = step;
    this.#tracers = new Tracers(learner);
    this.#questions = new Questions(() => learner.stop());
  }

  /** Trains once all is answered, and answers what was asked meanwhile. */
  train(steps: () => Promise<void>): Promise<void> {
    return this.#questions.train(steps);
  }

  /** Does something with the network between two steps of its training. */
  between<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#questions.ask(work);
  }

  /** Someone types a question, or is about to: for some seconds few steps are under way at a time, and it is not looked at. */
  attend(): void {
    this.#attended = performance.now();
    this.#learner.stop();
  }

  /** Whether that was a moment ago. */
  get attending(): boolean {
    return performance.now() < this.#attended + attendingMilliseconds;
  }

  /**
   * An answer, and the step after which it was given; undefined where another question was asked before this one's turn came.
   * @throws where the question cannot be read, with what to do.
   */
  ask(question: string): Promise<{ step: number; answer: Answer } | undefined> {
    const { inputs, answer } = this.#problem.asking.read(question);
    const asked = ++this.#asked;
    return this.between(async () => {
      if (asked !== this.#asked) return undefined;
      const [prediction] = await this.#predict([inputs]);
      const { probabilities } = prediction!;
      this.#answered = probabilities && { question, probabilities };
      return { step: this.#step(), answer: answer(prediction!) };
    });
  }

  /**
   * What of a text speaks for an answer; undefined where the question is no text, or a long one, or an encoder's, or where
   * another is asked meanwhile.
   * @param name of the answer; the likeliest unless it is given, and known
   * @throws as `ask`.
   */
  async saliency(question: string, name?: string): Promise<AnswerSaliency | undefined> {
    const [learner, problem] = [this.#learner, this.#problem];
    const { inputs } = problem.asking.read(question);
    const { mostTokens, saliencyOf } = await import("./saliency");
    const { config } = learner;
    if (!isUniform(config) || !(inputs instanceof Int32Array) || inputs.length > mostTokens) return undefined;
    const { answer, symbols, classes } = problem.trainedOn;
    const names = answer === "character" ? symbols : classes;
    const known = names.indexOf(name ?? "");
    const asked = this.#asked;
    const tracer = await this.#tracers.of(roundedLength(inputs.length)); // which may take its time, beside what is trained
    return this.between(async () => {
      if (asked !== this.#asked) return undefined;
      const at = known < 0 ? await this.#likeliest(question, inputs) : known;
      const found = await saliencyOf(config, tracer, inputs, at);
      return { ...found, answer: names[at]!, pieces: Array.from(inputs, (token) => symbols[token]!) };
    });
  }

  /** By its place, the answer that was likeliest when the question was answered, or is. */
  async #likeliest(question: string, inputs: Int32Array): Promise<number> {
    const learner = this.#learner;
    const probabilities =
      this.#answered?.question === question
        ? this.#answered.probabilities
        : (await learner.predict([inputs]))[0]!.probabilities!;
    const last = probabilities.subarray(-this.#problem.network.outputs);
    return last.indexOf(maximum(last));
  }

  #predict(sequences: readonly SequenceInputs[]): Promise<Prediction[]> {
    const { translation } = this.#problem;
    return translation
      ? this.#learner.decode(sequences as readonly Int32Array[], translation)
      : this.#learner.predict(sequences);
  }

  /** Tells all that is held out; undefined where that has no answers that are right or wrong. */
  async test(): Promise<{ step: number; tested: Tested } | undefined> {
    const { heldOut } = this.#problem.asking;
    return (
      heldOut &&
      this.between(async () => {
        return { step: this.#step(), tested: heldOut.tested(await this.#predict(heldOut.inputs)) };
      })
    );
  }

  /**
   * The held-out example taken through the network and back; undefined where there is none.
   * @param target the step whose loss alone counts.
   * @param series whether gates and states beside h are told too.
   */
  async unroll(target: number | "last" | undefined, series: boolean): Promise<Unrolled | undefined> {
    const [learner, problem] = [this.#learner, this.#problem];
    const { config } = learner;
    if (!problem.example || !isUniform(config)) return undefined;
    const { batch, ...said } = problem.example;
    const steps = said.labels.length;
    const { lastTarget, Unroller } = await import("../through-time/unroll");
    const unroller = new Unroller(config, await this.#tracers.of(steps));
    const at = target === "last" ? lastTarget(batch) : target;
    const [unrolled, all] = await Promise.all([
      unroller.unroll(batch, { ...said, target: at }),
      series && learner.read(),
    ]);
    if (!all) return unrolled;
    const parameters = Object.fromEntries([...all].map(([name, { data }]) => [name, Float64Array.from(data)]));
    const { unitSeries } = await import("./gates");
    const beside = unitSeries({ config, parameters }, steps, batch);
    return { ...unrolled, rows: unrolled.rows.map((row, i) => ({ ...row, ...(beside[i] && { beside: beside[i] }) })) };
  }

  /** What one needs to know to use its file elsewhere. */
  get outline(): Outline {
    const problem = this.#problem;
    const { cell, reset, activation, hidden, layers, bidirectional } = this.#settings;
    const { inputs, readout, loss } = problem.network;
    const question = problem.asking.example(0);
    const read = problem.asking.read(question).inputs;
    const { symbols, kind = "characters" } = problem.trainedOn;
    const tokens = Array.from(problem.translation ? read : read.subarray(0, mostShown));
    return {
      ...{ step: this.#step(), cell, reset, activation, inputs, hidden, layers, bidirectional, readout },
      answers: loss === "cross-entropy" ? "classes" : "values",
      translation: problem.translation && { ...problem.translation, symbols: problem.trainedOn.classes },
      quantiles: problem.trainedOn.windows?.quantiles,
      example:
        read instanceof Int32Array
          ? { text: tokens.map((token) => symbols[token]!).join(""), kind, tokens }
          : { features: Array.from(read.subarray(0, mostShown * inputs), (value) => Number(value.toPrecision(4))) },
    };
  }

  /** The network as an ONNX model. */
  onnx(): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> }> {
    return this.between(async () => {
      const step = this.#step();
      const [{ toOnnx }, parameters] = await Promise.all([import("../../src/onnx/index"), this.#learner.read()]);
      return {
        step,
        bytes: toOnnx(parameters, this.#learner.config, { about: { trainedOn: this.#problem.trainedOn } }),
      };
    });
  }

  destroy(): void {
    this.#tracers.destroy();
  }
}
