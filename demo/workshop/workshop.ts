// What the training's worker does for a page: opens the GPU, holds one session, keeps checkpoints of it in the browser,
// and goes on from the latest where the device is lost. Where there is no GPU, the processor computes.

import { type Gpu, openGpu } from "../../src/index";
import type { Judged } from "../data/kinds";
import { findAdapter, whyNoWebGpu } from "../no-webgpu";
import type { Answer, Tested } from "../tasks/asking";
import type { Live, Settings } from "../tasks/fields";
import type { OwnData } from "../tasks/own-data";
import type { Unrolled } from "../through-time/unroll";
import type { AnswerSaliency } from "./asked";
import type { Keeper, Kept, Opened } from "./keeper";
import { makeSession } from "./make-session";
import { keptPrefix, type News, type Order } from "./messages";
import type { Outline } from "./outline";
import { type Facts, isNotFinite, type Session } from "./session";
import type { Sample } from "./surprise";
import type { Survey } from "./survey";

const keepMilliseconds = 10_000;
/** After the last key of a prompt. */
const rewriteMilliseconds = 300;
const reopeningTries = 8;
const reopeningMilliseconds = 250;
const gone = "The graphics device was lost and does not come back. Reload the page";

/** What computes: a graphics adapter, or the processor, and why that. */
export type Place = { kind: "gpu"; description: string; software: boolean } | { kind: "processor"; why: string };

export class Workshop {
  #listener: (news: News) => void | Promise<void> = () => {};
  /** Resolves once the page has taken what it was told last, and all before that. */
  #told: void | Promise<void> = undefined;
  #gpu: Gpu | undefined;
  #onProcessor = false;
  #session: Session | undefined;
  /** What is trained, from its latest checkpoint on. */
  #order: Order | undefined;
  /** The step of that checkpoint, and the name under which the training is kept. */
  #fromStep = 0;
  #name = "";
  #step = 0;
  /** What was begun for an earlier training has nothing to do any more. */
  #training = new AbortController();
  #pausing = false;
  /** When it was kept in the browser last, and at which step. */
  #keptAt = Number.NEGATIVE_INFINITY;
  #rewriting: ReturnType<typeof setTimeout> | undefined;
  #kept: { step: number; bytes: Uint8Array<ArrayBuffer> } | undefined;
  #saving: Promise<void> = Promise.resolve();
  #recovery: Promise<void> | undefined;
  /** The checkpoint before the latest. */
  #earlier: { step: number; bytes: Uint8Array<ArrayBuffer> | undefined } | undefined;
  #keeper: Promise<Keeper> | undefined;

  /** @param tell where it answers with a promise, news are taken in their order. */
  async open(tell: (news: News) => void | Promise<void>): Promise<Place> {
    this.#listener = tell;
    try {
      const { description, software } = await this.#openGpu();
      return { kind: "gpu", description, software };
    } catch (error) {
      this.#onProcessor = true;
      return { kind: "processor", why: (await findAdapter()) ? (error as Error).message : whyNoWebGpu() };
    }
  }

  /**
   * Begins a training, or goes on with a saved one, in place of the one before, which stays where this throws.
   * @throws with what the visitor can do, or where `end` or another `begin` came in between.
   */
  async begin(order: Order): Promise<Facts> {
    const training = this.#another();
    const session = await this.#withGpu((gpu) => this.#make(gpu, order, training));
    if (training !== this.#training) {
      session.destroy();
      throw training.signal.reason;
    }
    this.#close();
    this.#order = order;
    this.#session = session;
    this.#keptAt = Number.NEGATIVE_INFINITY;
    this.#kept = undefined;
    this.#name = newName();
    const { facts } = session;
    this.#step = facts.step;
    this.#fromStep = facts.step;
    this.#earlier = undefined;
    await this.#told; // of the one before: afterwards it would be of this one
    return facts;
  }

  /**
   * Trains until `pause()` or the step to pause at; where the device is lost meanwhile, goes on once it is there again.
   * Resolves when the page has taken all that was told of it.
   */
  train(): Promise<void> {
    return this.#work((session) => session.train(() => this.#keep(keepMilliseconds)));
  }

  trainOne(): Promise<void> {
    return this.#work((session) => session.trainOne());
  }

  async pause(): Promise<void> {
    this.#pausing = true;
    await this.#session?.pause();
  }

  /** Ends the training and frees what it has on the GPU. */
  async end(): Promise<void> {
    this.#another();
    await this.pause();
    this.#close();
    this.#order = undefined;
  }

  change(live: Live): void {
    if (this.#order) this.#order = { ...this.#order, settings: { ...this.#order.settings, ...live } };
    const session = this.#session;
    if (!session) return;
    const { prompt, temperature } = session.live;
    session.change(live);
    if (prompt === live.prompt && temperature === live.temperature) return;
    clearTimeout(this.#rewriting);
    const again = () => void session.writeAgain().catch(() => {}); // a lost device is told elsewhere
    this.#rewriting = setTimeout(again, rewriteMilliseconds);
  }

  /** The training as a file; where its device is lost, as it was at its latest checkpoint. @throws where nothing is trained. */
  async file(): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> }> {
    for (;;) {
      const [session, order] = [this.#session, this.#order];
      if (!order) throw new Error("There is no training to save: start one.");
      try {
        if (session) return await session.checkpoint();
      } catch (error) {
        if (!(await isLost(session!.learner.gpu))) throw error;
      }
      if (order.from) return { step: this.#fromStep, bytes: order.from };
      await this.#recovery; // lost before its first checkpoint
    }
  }

  /**
   * The held-out example taken through the network and back; undefined where there is none.
   * @param target the step whose loss alone counts.
   * @param series whether gates and states beside h are told too.
   */
  async unroll(target: number | "last" | undefined, series = false): Promise<Unrolled | undefined> {
    await this.#recovery;
    return this.#session?.asked.unroll(target, series);
  }

  /** Someone types a question, or is about to. */
  attend(): void {
    this.#session?.asked.attend();
  }

  /** What the network answers; undefined where nothing is trained, or another question overtakes this one. @throws where the question cannot be read, with what to do. */
  async ask(question: string): Promise<{ step: number; answer: Answer } | undefined> {
    await this.#recovery;
    return this.#session?.asked.ask(question);
  }

  /** What of a text speaks for an answer, the likeliest unless it is named; undefined where nothing is trained, it reads no text, or another is asked. */
  async saliency(question: string, about?: string): Promise<AnswerSaliency | undefined> {
    await this.#recovery;
    return this.#session?.asked.saliency(question, about);
  }

  /** A held-out question, by its place. */
  example(at: number): string | undefined {
    return this.#session?.problem.asking.example(at);
  }

  /** What becomes of all that is held out, where that has answers that are right or wrong. */
  async test(): Promise<{ step: number; tested: Tested } | undefined> {
    await this.#recovery;
    return this.#session?.asked.test();
  }

  /** A text and what the network writes after it; undefined where it does not write. */
  async write(text: string): Promise<Sample | undefined> {
    await this.#recovery;
    return this.#session?.write(text);
  }

  /** What one needs to know to use the training's file elsewhere; undefined where nothing is trained. */
  outline(): Outline | undefined {
    return this.#session?.asked.outline;
  }

  /** The network as an ONNX model; undefined where nothing is trained. */
  async onnx(): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> } | undefined> {
    await this.#recovery;
    return this.#session?.asked.onnx();
  }

  /** What a visitor's file is judged to be, and why. */
  async judge({ name, text }: OwnData): Promise<Judged> {
    return (await import("../data/file-kind")).judge(name, text);
  }

  /** How data is read by these settings, and what is wrong with it; what is trained goes on. */
  async survey(order: Pick<Order, "settings" | "own">): Promise<Survey> {
    return (await import("./survey")).survey(order);
  }

  /** What a checkpoint's file is of. @throws where it is none of this page. */
  async examine(file: Uint8Array<ArrayBuffer>): Promise<{ settings: Settings; step: number }> {
    return (await import("./keeper")).examine(file);
  }

  /** What earlier visits and other tabs left in the browser. */
  async kept(): Promise<Kept[]> {
    return (await this.#openKeeper()).list();
  }

  /** @throws where it is not there any more. */
  async openKept(name: string): Promise<Opened> {
    return (await this.#openKeeper()).load(name);
  }

  async discard(name: string): Promise<void> {
    await (await this.#openKeeper()).discard(name);
  }

  /** Loaded where something is kept, or was. */
  #openKeeper(): Promise<Keeper> {
    this.#keeper ??= import("./keeper").then(({ Keeper }) => new Keeper());
    return this.#keeper;
  }

  #tell(news: News): void {
    this.#told = this.#listener(news);
  }

  #another(): AbortController {
    this.#training.abort(new Error("Another training was begun."));
    this.#training = new AbortController();
    return this.#training;
  }

  #close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #make(gpu: Gpu | undefined, order: Order, { signal }: AbortController): Promise<Session> {
    return makeSession(gpu, order, signal, (report) => {
      if (report.kind === "steps") this.#step = report.first + report.losses.length - 1;
      this.#tell(report);
    });
  }

  async #openGpu(): Promise<Gpu> {
    const gpu = await openGpu();
    this.#gpu = gpu;
    void gpu.device.lost.then(() => {
      if (gpu !== this.#gpu) return;
      this.#gpu = undefined;
      this.#tell({ kind: "lost", step: this.#step });
      void this.#save(); // whatever becomes of the device
      if (this.#recovery) return; // which finds this one lost too
      this.#recovery = this.#recover().finally(() => {
        this.#recovery = undefined;
      });
      this.#recovery.catch(() => {}); // whoever waits for the device hears of it
    });
    return gpu;
  }

  /** Opens the GPU again and makes the session anew from its latest checkpoint. @throws where it does not come back. */
  async #recover(): Promise<void> {
    const [lostTraining, reached] = [this.#training, this.#step];
    this.#close();
    let cause: unknown;
    for (let attempt = 0; attempt < reopeningTries; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, reopeningMilliseconds * 2 ** Math.min(attempt, 4)));
      try {
        const gpu = this.#gpu ?? (await this.#openGpu());
        const training = this.#training;
        const session = this.#order && (await this.#make(gpu, this.#order, training));
        if (training !== this.#training) session?.destroy();
        else this.#session = session;
        const facts = this.#resumed();
        const lost = facts && lostTraining === this.#training ? reached - facts.step : 0;
        this.#tell({ kind: "recovered", facts, lost });
        return;
      } catch (error) {
        cause = error; // lost again, perhaps
      }
    }
    await this.#saving;
    const lost = this.#order && reached > 0 ? `; the training is lost with it, after step ${whole(reached)}.` : ".";
    const message = gone + (this.#kept ? `: the training is kept at step ${whole(this.#kept.step)}.` : lost);
    this.#tell({ kind: "gone", message });
    throw new Error(message, { cause });
  }

  /** What the page needs to know of a session that was made anew from the latest checkpoint. */
  #resumed(): Facts | undefined {
    const facts = this.#session?.facts;
    if (facts) this.#step = facts.step;
    return facts;
  }

  /** Does something with the device; once more where that is lost meanwhile. On the processor there is none. */
  async #withGpu<T>(work: (gpu: Gpu | undefined) => Promise<T>): Promise<T> {
    if (this.#onProcessor) return work(undefined);
    for (let again = true; ; again = false) {
      await this.#recovery;
      const gpu = this.#gpu ?? (await this.#openGpu());
      try {
        return await work(gpu);
      } catch (error) {
        if (!again || !(await isLost(gpu))) throw error;
      }
    }
  }

  /** News and answers reach a page by ways of their own: an answer waits for the news before it. */
  #work(piece: (session: Session) => Promise<void>): Promise<void> {
    return this.#do(piece).finally(() => this.#told);
  }

  /** Lets the session do a piece of training and keeps what comes of it; begins again where the device is lost meanwhile. */
  async #do(piece: (session: Session) => Promise<void>): Promise<void> {
    const training = this.#training;
    this.#pausing = false;
    for (;;) {
      await this.#recovery;
      if (training !== this.#training || this.#pausing) return;
      const session = this.#session;
      if (!session) throw new Error(this.#gpu || this.#onProcessor ? "There is no training: start one." : `${gone}.`);
      try {
        await piece(session);
        if (training !== this.#training) return;
        return await this.#keep(0);
      } catch (error) {
        if (training !== this.#training) return;
        if (session !== this.#session) continue; // the loss of its device ended it
        if (isNotFinite(error)) return await this.#stepBack(session);
        if (!(await isLost(session.learner.gpu))) throw error;
      }
    }
  }

  /** Makes a session whose numbers are none any more anew: from its latest checkpoint that something finite came of. */
  async #stepBack(session: Session): Promise<void> {
    const [training, bad] = [this.#training, session.facts.step + 1];
    if (this.#earlier && bad <= this.#fromStep + 1) {
      this.#order = { ...this.#order!, from: this.#earlier.bytes };
      this.#fromStep = this.#earlier.step;
    }
    const order = this.#order!;
    this.#close();
    const made = await this.#withGpu((gpu) => this.#make(gpu, order, training));
    if (training !== this.#training) return made.destroy();
    this.#session = made;
    void this.#save(); // in the place of one that nothing finite came of
    const facts = this.#resumed()!;
    const message = `The loss of step ${whole(bad)} or its gradients are not finite: the steps are too large. The training is as it was at step ${whole(facts.step)}: lower the learning rate and go on, or reset it and clip gradients by a smaller norm.`;
    this.#tell({ kind: "diverged", message, facts });
  }

  /** Takes a checkpoint, to go on from; and keeps it in the browser, unless what is kept there is younger than that. */
  async #keep(milliseconds: number): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const { step, bytes } = await session.checkpoint();
    if (session !== this.#session) return;
    if (step > this.#fromStep) this.#earlier = { step: this.#fromStep, bytes: this.#order!.from };
    this.#order = { ...this.#order!, from: bytes };
    this.#fromStep = step;
    if (performance.now() - this.#keptAt >= milliseconds) await this.#save();
  }

  /** Keeps the latest checkpoint in the browser, one after the other. */
  #save(): Promise<void> {
    const [order, name, step] = [this.#order, this.#name, this.#fromStep];
    if (!order?.from || order.keep === false || step === 0 || order.from === this.#kept?.bytes) return this.#saving; // nothing was learned yet at step 0
    this.#keptAt = performance.now();
    const { from, own, kept } = order;
    this.#saving = this.#saving.then(async () => {
      const keeper = await this.#openKeeper();
      const problem = await keeper.save(name, from, own);
      if (problem === undefined && name === this.#name) this.#kept = { step, bytes: from };
      if (problem === undefined && kept !== undefined) await keeper.discard(kept).catch(() => {}); // it is offered again
      this.#tell({ kind: "kept", step, problem });
    });
    return this.#saving;
  }
}

/** A name under which a training that begins is kept; the later, the further behind in the alphabet. */
function newName(): string {
  const random = Math.random().toString(36).slice(2, 8);
  return `${keptPrefix}${new Date().toISOString().replaceAll(":", ".")} ${random}`;
}

const whole = (value: number): string => value.toLocaleString("en");

/** Whether a device is lost. What failed of it may be told a little before its loss is. */
async function isLost(gpu: Gpu | undefined): Promise<boolean> {
  if (!gpu) return false;
  const { device } = gpu;
  const soon = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
  return (await Promise.race([device.lost, soon])) !== undefined;
}
