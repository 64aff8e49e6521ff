// The page's side of the training's worker: what is trained now, what can be done next, and what became of it.

import { proxy, type Remote, wrap } from "comlink";
import { startWorker } from "../start-worker";
import type { Settings } from "../tasks/fields";
import { liveOf } from "../tasks/settings";
import type { News, Order } from "../workshop/messages";
import type { Facts } from "../workshop/session";
import type { Sample } from "../workshop/surprise";
import workshopAddress from "../workshop/worker?worker&url";
import type { Place, Workshop } from "../workshop/workshop";
import { type Run, Runs } from "./runs";
import { stepsText, wholeText } from "./texts";

/** What goes on. */
export type Activity = "opening" | "ready" | "preparing" | "training" | "pausing" | "paused" | "failed";

export interface Listener {
  activity(): void;
  failure(message: string | undefined): void;
  /** A training began, was gone on with, or was recovered. */
  begun(facts: Facts): void;
  /** How the gradient flowed is known of another step. */
  flow(): void;
  look(step: number, heldOut: number | null | undefined, sample: Sample | undefined): void;
  /** What became of the checkpoint that is kept; "" of none. */
  kept(message: string): void;
  /** The device was lost, or is there again. */
  device(message: string): void;
}

export class Desk {
  readonly workshop: Remote<Workshop>;
  readonly runs = new Runs();
  activity: Activity = "opening";
  /** What is trained; undefined before the start and after a reset. */
  order: Order | undefined;
  /** Steps of it that went with a graphics device, until others are trained in their place. */
  lost = 0;
  readonly #on: Listener;
  /** Counts trainings: news of an earlier one is none. */
  #training = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(on: Listener) {
    this.#on = on;
    const worker = startWorker(workshopAddress);
    worker.addEventListener("error", ({ message }) =>
      this.#fail(new Error(message || "The worker did not load."), "failed"),
    );
    this.workshop = wrap<Workshop>(worker);
  }

  async open(): Promise<Place> {
    const place = await this.workshop.open(proxy((news: News) => this.#hear(news)));
    this.#become("ready");
    return place;
  }

  /** Begins a training, or goes on with a saved one, in place of the one before. Answers whether that went well. */
  async begin(order: Order): Promise<boolean> {
    await this.pause();
    const training = ++this.#training;
    this.#on.failure(undefined);
    this.#become("preparing");
    try {
      const facts = await this.workshop.begin({ ...order, flows: true });
      if (training !== this.#training) return false;
      this.#leave();
      this.order = { ...order, from: undefined, kept: undefined };
      this.lost = 0;
      this.runs.begin(order.settings, facts);
      this.#on.begun(facts);
      this.#become("paused");
      return true;
    } catch (error) {
      if (training === this.#training) this.#fail(error, this.order ? "paused" : "ready");
      return false;
    }
  }

  /** Trains until it is paused, or at the step to pause at. */
  train(): Promise<void> {
    this.#working = this.#work(() => this.workshop.train());
    return this.#working;
  }

  trainOne(): Promise<void> {
    this.#working = this.#work(() => this.workshop.trainOne());
    return this.#working;
  }

  async pause(): Promise<void> {
    if (this.activity !== "training") return;
    this.#become("pausing");
    await this.workshop.pause();
    await this.#working;
  }

  /** Ends the training, or gives up preparing one; its run stays on the charts, unless it never took a step. */
  async reset(): Promise<void> {
    const training = ++this.#training;
    this.#become("pausing");
    this.#leave();
    await this.workshop.end();
    if (training !== this.#training) return;
    this.#on.failure(undefined);
    this.#become("ready");
  }

  /** Lets live settings take effect. */
  change(settings: Settings): void {
    if (!this.order) return;
    const live = liveOf(settings);
    this.order = { ...this.order, settings: { ...this.order.settings, ...live } };
    void this.workshop.change(live);
  }

  #leave(): void {
    const { current } = this.runs;
    this.#on.kept("");
    if (this.order && current?.step === 0) this.runs.remove(current);
    this.order = undefined;
  }

  async #work(piece: () => Promise<void>): Promise<void> {
    const training = this.#training;
    this.#on.failure(undefined);
    this.#become("training");
    try {
      await piece();
      if (training === this.#training) this.#become("paused");
    } catch (error) {
      if (training === this.#training) this.#fail(error, "failed");
    }
  }

  #fail(error: unknown, next: Activity): void {
    this.#on.failure((error as Error).message);
    this.#become(next);
  }

  #become(activity: Activity): void {
    this.activity = activity;
    this.#on.activity();
  }

  #hear(news: News): void {
    this.#hearOfDevice(news);
    const run = this.runs.current;
    if (!run || !this.order) return;
    switch (news.kind) {
      case "steps":
        this.lost = 0;
        run.step = news.first + news.losses.length - 1;
        for (const [i, loss] of news.losses.entries()) run.history.add(news.first + i, { loss });
        if (news.tokensPerSecond !== undefined) run.history.add(run.step, { tokensPerSecond: news.tokensPerSecond });
        break;
      case "look":
        run.history.add(news.step, news.values);
        this.#on.look(news.step, run.history.latest("heldOut"), news.sample);
        break;
      case "flow":
        run.flows = [...run.flows.filter(({ step }) => step < news.flow.step), news.flow];
        this.#on.flow();
        break;
      case "kept":
        this.#on.kept(
          news.problem === undefined
            ? `Kept in this browser at step ${news.step.toLocaleString("en")}.`
            : `This browser keeps no checkpoint: ${news.problem}`,
        );
        break;
      case "recovered":
        this.lost = news.lost;
        if (news.facts) this.#resume(run, news.facts);
        break;
      case "diverged":
        this.#resume(run, news.facts);
        this.#on.failure(news.message);
        break;
    }
  }

  /** Shows a run as it was at the checkpoint that it goes on from. */
  #resume(run: Run, facts: Facts): void {
    this.runs.resume(run, facts);
    this.#on.begun(facts);
    if (this.activity === "paused") this.#become("paused"); // which says its step
  }

  /** What is told of the device, whether something is trained or not. */
  #hearOfDevice(news: News): void {
    const at = (step: number) => `at step ${step.toLocaleString("en")}`;
    if (news.kind === "lost") {
      this.#on.device(`The graphics device was lost${this.order ? ` ${at(news.step)}` : ""}; waiting for it…`);
    } else if (news.kind === "recovered") {
      const becomes = news.facts ? `: ${recovery(news.facts.step, news.lost, this.activity === "training")}` : "";
      this.#on.device(`The graphics device was lost and is there again${becomes}.`);
    } else if (news.kind === "gone") {
      this.#on.device(news.message);
      this.#become("failed");
    }
  }
}

/** What becomes of a training whose device was lost, in words. @param goes whether it goes on by itself. */
function recovery(step: number, lost: number, goes: boolean): string {
  const becomes = goes ? "going on from" : "the training is as it was at";
  const place = step === 0 ? "its start" : `the checkpoint at step ${wholeText(step)}`;
  if (lost === 0) return `${becomes} ${place}`;
  const why = step === 0 ? ", as no later checkpoint had been read" : "";
  const end = goes ? ` ${lost === 1 ? "is" : "are"} trained again` : ` ${lost === 1 ? "was" : "were"} lost`;
  return `${becomes} ${place}${why}; ${stepsText(lost)} that followed${end}`;
}
