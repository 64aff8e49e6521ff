// What the training's worker does for the page: opens the GPU, holds one session, keeps checkpoints of it in the browser,
// and goes on from the latest where the device is lost.

import {
  type Batch,
  type Checkpoint,
  type CheckpointStore,
  type Gpu,
  openCheckpointStore,
  openGpu,
  readCheckpoint,
} from "../../src/index";
import { type Unrolled, Unroller } from "../through-time/unroll";
import { type OwnData, problemOf } from "./problem";
import { type About, type Facts, type Live, type Looks, type Report, Session } from "./session";
import { checkedSettings, effective, isOwn, type Settings } from "./settings";

/** What is told to the page as it happens. */
export type News =
  | Report
  /** A checkpoint is kept in the browser, or why it could not be. */
  | { kind: "kept"; step: number; problem: string | undefined }
  /** The device was lost at a step. */
  | { kind: "lost"; step: number; reason: string }
  /** It is there again, and the training as it was at the latest checkpoint. */
  | { kind: "recovered"; facts: Facts };

/** What to train. */
export interface Order {
  settings: Settings;
  own: OwnData | undefined;
  /** The bytes of a checkpoint, to go on from. */
  from: Uint8Array<ArrayBuffer> | undefined;
  /** How often the network is looked at; without it, every few seconds. */
  looks?: Looks;
  /** False: no checkpoint is kept in the browser. */
  keep?: false;
}

/** A training that an earlier visit left. */
export interface Kept {
  settings: Settings;
  step: number;
  own: OwnData | undefined;
  file: Uint8Array<ArrayBuffer>;
}

/** The names of what the store keeps. */
const places = { checkpoint: "training", own: "training-data" };
const keepMilliseconds = 10_000;
const reopeningTries = 8;
const reopeningMilliseconds = 250;

export class Workshop {
  #tell: (news: News) => void = () => {};
  #gpu: Gpu | undefined;
  #session: Session | undefined;
  #unroller: Unroller | undefined;
  #order: Order | undefined;
  /** Counts trainings: what waited for an earlier one has nothing to do any more. */
  #training = 0;
  /** Where the session can be gone on with; undefined: at its beginning. */
  #latest: Uint8Array<ArrayBuffer> | undefined;
  #step = 0;
  #keptAt = Number.NEGATIVE_INFINITY;
  #recovery: Promise<void> | undefined;
  #store: Promise<CheckpointStore> | undefined;

  /** @throws where there is no GPU. */
  async open(tell: (news: News) => void): Promise<{ description: string; software: boolean }> {
    this.#tell = tell;
    const { description, software } = await this.#openGpu();
    return { description, software };
  }

  /** Begins a training, or goes on with one, in place of the one before. @throws with what the visitor can do. */
  async begin(order: Order): Promise<Facts> {
    this.#training++;
    this.#close();
    this.#order = order;
    this.#latest = order.from;
    this.#session = await this.#make(order);
    if (order.own && order.keep !== false)
      await this.#save(places.own, new TextEncoder().encode(JSON.stringify(order.own)));
    return this.#session.facts;
  }

  /** Trains until `pause()` or the step to pause at; where the device is lost meanwhile, goes on once it is there again. */
  train(): Promise<void> {
    return this.#withDevice((session) => session.train(() => this.#keep(keepMilliseconds)));
  }

  trainOne(): Promise<void> {
    return this.#withDevice((session) => session.trainOne());
  }

  async pause(): Promise<void> {
    await this.#session?.pause();
  }

  change(live: Live): void {
    if (this.#order) this.#order = { ...this.#order, settings: { ...this.#order.settings, ...live } };
    this.#session?.change(live);
  }

  /** The training's checkpoint as a file. @throws where nothing is trained. */
  async file(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#recovery;
    if (!this.#session) throw new Error("There is no training to save: start one.");
    return this.#session.checkpoint();
  }

  /** The held-out example taken through the network and back. @param target the step whose loss alone counts. */
  async unroll(target: number | "last" | undefined): Promise<Unrolled | undefined> {
    await this.#recovery;
    if (!this.#session) return undefined;
    const { batch, ...said } = this.#session.problem.example;
    this.#unroller ??= await Unroller.create(this.#session.network, said.labels.length);
    return this.#unroller.unroll(batch, { ...said, target: target === "last" ? lastTarget(batch) : target });
  }

  /** What a checkpoint's file is of. @throws where it is none of this page. */
  async examine(file: Uint8Array<ArrayBuffer>): Promise<{ settings: Settings; step: number }> {
    const { about, trainer } = await readCheckpoint(file);
    const settings = checkedSettings((about as Partial<About> | undefined)?.settings);
    if (!trainer) throw new Error("The file holds a network alone, expected its training too; open another.");
    return { settings, step: trainer.step };
  }

  /** What an earlier visit left in the browser. */
  async kept(): Promise<Kept | undefined> {
    try {
      const store = await this.#open();
      const file = await store.load(places.checkpoint);
      if (!file) return undefined;
      const { settings, step } = await this.examine(file);
      const data = isOwn(settings) ? await store.load(places.own) : undefined;
      if (isOwn(settings) && !data) return undefined;
      return { settings, step, own: data && JSON.parse(new TextDecoder().decode(data)), file };
    } catch {
      return undefined; // of another version of this page, or the browser keeps nothing
    }
  }

  async discard(): Promise<void> {
    const store = await this.#open();
    for (const place of Object.values(places)) await store.delete(place);
  }

  /** Frees what lives on the GPU, and the device. */
  close(): void {
    this.#training++;
    this.#close();
    this.#gpu?.destroy();
    this.#gpu = undefined;
  }

  #close(): void {
    this.#unroller?.destroy();
    this.#unroller = undefined;
    this.#session?.destroy();
    this.#session = undefined;
    this.#step = 0;
  }

  async #make({ settings, own, from, looks }: Order): Promise<Session> {
    if (!this.#gpu) await this.#openGpu();
    const holding = effective(settings);
    const problem = await problemOf(holding, own);
    const checkpoint: Checkpoint | undefined = from && (await readCheckpoint(from));
    const session = await Session.create(this.#gpu!, problem, holding, (report) => this.#pass(report), checkpoint);
    if (looks) session.looks = looks;
    this.#step = session.facts.step;
    return session;
  }

  #pass(report: Report): void {
    if (report.kind === "steps") this.#step = report.first + report.losses.length - 1;
    this.#tell(report);
  }

  async #openGpu(): Promise<Gpu> {
    const gpu = await openGpu();
    this.#gpu = gpu;
    void gpu.device.lost.then(({ reason, message }) => {
      if (gpu !== this.#gpu || reason === "destroyed") return;
      this.#gpu = undefined;
      this.#tell({ kind: "lost", step: this.#step, reason: message });
      this.#recovery = this.#recover().finally(() => {
        this.#recovery = undefined;
      });
      this.#recovery.catch(() => {}); // whoever waits for the device hears of it
    });
    return gpu;
  }

  /** Opens the GPU again and makes the session anew from its latest checkpoint. @throws where it does not come back. */
  async #recover(): Promise<void> {
    const order = this.#order;
    this.#close();
    for (let attempt = 0; !this.#gpu; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, reopeningMilliseconds * 2 ** Math.min(attempt, 4)));
      await this.#openGpu().catch((error) => {
        if (attempt + 1 < reopeningTries) return;
        const message = "The graphics device was lost and does not come back. Reload the page: the training is kept.";
        throw new Error(message, { cause: error });
      });
    }
    if (!order) return;
    this.#session = await this.#make({ ...order, from: this.#latest });
    this.#tell({ kind: "recovered", facts: this.#session.facts });
  }

  /** Lets the session do a piece of training and keeps what comes of it; begins again where the device is lost meanwhile. */
  async #withDevice(work: (session: Session) => Promise<void>): Promise<void> {
    const training = this.#training;
    for (;;) {
      await this.#recovery;
      const session = this.#session;
      const gpu = this.#gpu;
      if (!session || !gpu) throw new Error("There is no training: start one.");
      try {
        await work(session);
        return await this.#keep(0);
      } catch (error) {
        if (training !== this.#training) return;
        // What fails first, the work or the news of the loss, is not said.
        const lost = await Promise.race([gpu.device.lost, new Promise((resolve) => setTimeout(resolve, 1000))]);
        if (!lost) throw error;
      }
    }
  }

  /** Takes a checkpoint, to go on from; and keeps it in the browser, unless what is kept there is younger than that. */
  async #keep(milliseconds: number): Promise<void> {
    if (!this.#session) return;
    this.#latest = await this.#session.checkpoint();
    if (this.#order?.keep === false || performance.now() - this.#keptAt < milliseconds) return;
    this.#keptAt = performance.now();
    await this.#save(places.checkpoint, this.#latest);
  }

  async #save(place: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const step = this.#step;
    try {
      await (await this.#open()).save(place, bytes);
      this.#tell({ kind: "kept", step, problem: undefined });
    } catch (error) {
      this.#tell({ kind: "kept", step, problem: (error as Error).message });
    }
  }

  #open(): Promise<CheckpointStore> {
    this.#store ??= openCheckpointStore();
    return this.#store;
  }
}

/** The last step that has a target; undefined where the sequence has one target. */
function lastTarget({ targets }: Batch): number | undefined {
  return targets.length > 1 ? targets.length - 1 : undefined;
}
