// Keeps a training in the browser from one visit to the next: its latest checkpoint, and the data that a visitor brought.

import { type CheckpointStore, openCheckpointStore, readCheckpoint } from "../../src/index";
import type { Settings } from "./fields";
import { expectSame, type OwnData } from "./own-data";
import type { About } from "./session";
import { checkedSettings, isOwn } from "./settings";

/** A training that an earlier visit left. */
export interface Kept {
  settings: Settings;
  step: number;
  own: OwnData | undefined;
  file: Uint8Array<ArrayBuffer>;
}

/** The names of what the store keeps. */
const places = { checkpoint: "training", own: "training-data" };

export class Keeper {
  #store: Promise<CheckpointStore> | undefined;
  /** What was saved last, which need not be saved with each checkpoint. */
  #own: OwnData | undefined;

  /** @returns why it could not be saved; undefined where it was. */
  async save(checkpoint: Uint8Array<ArrayBuffer>, own: OwnData | undefined): Promise<string | undefined> {
    try {
      const store = await this.#open();
      if (own && own !== this.#own) {
        await store.save(places.own, new TextEncoder().encode(JSON.stringify(own)));
        this.#own = own;
      }
      await store.save(places.checkpoint, checkpoint);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** What was saved last; undefined where nothing was, or by another version of this page, or the browser keeps nothing. */
  async load(): Promise<Kept | undefined> {
    try {
      const store = await this.#open();
      const file = await store.load(places.checkpoint);
      if (!file) return undefined;
      const { settings, step, about } = await examine(file);
      const data = isOwn(settings) ? await store.load(places.own) : undefined;
      const own: OwnData | undefined = data && JSON.parse(new TextDecoder().decode(data));
      await expectSame(own, about.own);
      return { settings, step, own, file };
    } catch {
      return undefined;
    }
  }

  async discard(): Promise<void> {
    const store = await this.#open();
    for (const place of Object.values(places)) await store.delete(place);
    this.#own = undefined;
  }

  #open(): Promise<CheckpointStore> {
    this.#store ??= openCheckpointStore();
    return this.#store;
  }
}

/** What a checkpoint's file is of. @throws where it is none of this page. */
export async function examine(
  file: Uint8Array<ArrayBuffer>,
): Promise<{ settings: Settings; step: number; about: Partial<About> }> {
  const { about, trainer } = await readCheckpoint(file);
  const said = (about ?? {}) as Partial<About>;
  const settings = checkedSettings(said.settings);
  if (!trainer) throw new Error("The file holds a network alone, expected its training too; open another.");
  return { settings, step: trainer.step, about: said };
}
