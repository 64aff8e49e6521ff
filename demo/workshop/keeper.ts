// Keeps trainings in the browser from one visit to the next: of each its latest checkpoint, with the data that a visitor
// brought in the same file, so that no two of them can be of different trainings.

import { type CheckpointStore, openCheckpointStore } from "../../src/index";
import { checkedSettings } from "../tasks/address";
import type { Settings } from "../tasks/fields";
import { expectSame, type OwnData } from "../tasks/own-data";
import { isOwn } from "../tasks/settings";
import { keptPrefix } from "./messages";
import type { About } from "./session";

type Bytes = Uint8Array<ArrayBuffer>;

/** A training that is kept. */
export interface Kept {
  /** Of its own among all that are kept. */
  name: string;
  /** When its checkpoint was taken, in milliseconds since 1970; undefined where an older version of this page kept it. */
  time: number | undefined;
  /** What it is of; or why this page cannot go on with it. */
  training: { settings: Settings; step: number; data: string | undefined } | { problem: string };
}

/** What to go on from. */
export interface Opened {
  settings: Settings;
  own: OwnData | undefined;
  file: Bytes;
}

/** What stands before the checkpoint in a file, as JSON behind the number of its bytes. */
interface Head {
  time?: number;
  own?: OwnData | undefined;
}

/** Where earlier versions of this page kept the only training, and its data apart. */
const earlier = { checkpoint: "training", own: "training-data" };
/** Of more than these the oldest goes: few visitors discard any, and their disks are not ours. */
export const mostKept = 20;

export class Keeper {
  #store: Promise<CheckpointStore> | undefined;
  /** The training's data, encoded once: it is saved with each checkpoint. */
  #own: { data: OwnData; json: string } | undefined;

  /** Saves a training under its name. @returns why it could not be saved; undefined where it was. */
  async save(name: string, checkpoint: Bytes, own: OwnData | undefined): Promise<string | undefined> {
    try {
      const store = await this.#open();
      await store.save(name, this.#fileOf(checkpoint, own));
      for (const old of (await this.#names(store)).slice(mostKept)) if (old !== name) await remove(store, old);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** All that is kept, the latest first; nothing where the browser keeps nothing. */
  async list(): Promise<Kept[]> {
    const all: Kept[] = [];
    try {
      const store = await this.#open();
      for (const name of await this.#names(store)) {
        const kept = await look(store, name);
        if (kept) all.push(kept);
      }
    } catch {
      // what cannot be opened keeps nothing, as saving will say
    }
    return all.sort((a, b) => (b.time ?? 0) - (a.time ?? 0));
  }

  /** @throws where it is not there any more. */
  async load(name: string): Promise<Opened> {
    const found = await read(await this.#open(), name);
    if (!found) throw new Error("This training is not there any more: another tab went on with it, or discarded it.");
    const { settings } = await examine(found.checkpoint);
    return { settings, own: found.head.own, file: found.checkpoint };
  }

  async discard(name: string): Promise<void> {
    await remove(await this.#open(), name);
  }

  /** The latest first. */
  async #names(store: CheckpointStore): Promise<string[]> {
    const names = await store.list();
    return names.filter((name) => name === earlier.checkpoint || name.startsWith(keptPrefix)).reverse();
  }

  #fileOf(checkpoint: Bytes, own: OwnData | undefined): Bytes {
    if (own && own !== this.#own?.data) this.#own = { data: own, json: JSON.stringify(own) };
    const said = own ? `,"own":${this.#own!.json}` : "";
    const head = new TextEncoder().encode(`{"time":${Date.now()}${said}}`);
    const file = new Uint8Array(4 + head.length + checkpoint.length);
    new DataView(file.buffer).setUint32(0, head.length, true);
    file.set(head, 4);
    file.set(checkpoint, 4 + head.length);
    return file;
  }

  #open(): Promise<CheckpointStore> {
    this.#store ??= openCheckpointStore();
    return this.#store;
  }
}

async function remove(store: CheckpointStore, name: string): Promise<void> {
  await store.delete(name);
  if (name === earlier.checkpoint) await store.delete(earlier.own);
}

async function read(store: CheckpointStore, name: string): Promise<{ head: Head; checkpoint: Bytes } | undefined> {
  const file = await store.load(name);
  if (!file) return undefined;
  if (name === earlier.checkpoint) return { head: await earlierHead(store, file), checkpoint: file };
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const head: Head = JSON.parse(new TextDecoder().decode(file.subarray(4, 4 + length)));
  return { head, checkpoint: file.slice(4 + length) };
}

/** Its data lay in a file of its own, which another tab may have written over with another training's. */
async function earlierHead(store: CheckpointStore, file: Bytes): Promise<Head> {
  const { settings, about } = await examine(file);
  const data = isOwn(settings) ? await store.load(earlier.own) : undefined;
  if (!data) return {};
  const own: OwnData = JSON.parse(new TextDecoder().decode(data));
  const same = await expectSame(own, about.own).then(
    () => true,
    () => false,
  );
  return same ? { own } : {};
}

/** What a kept file is of; undefined where it went meanwhile. */
async function look(store: CheckpointStore, name: string): Promise<Kept | undefined> {
  let time: number | undefined;
  try {
    const found = await read(store, name);
    if (!found) return undefined;
    const { head, checkpoint } = found;
    time = head.time;
    const { settings, step, about } = await examine(checkpoint);
    return { name, time, training: { settings, step, data: (head.own ?? about.own)?.name } };
  } catch (error) {
    return { name, time, training: { problem: (error as Error).message } };
  }
}

/** What a checkpoint's file is of. @throws where it is none of this page. */
export async function examine(file: Bytes): Promise<{ settings: Settings; step: number; about: Partial<About> }> {
  const { readOurCheckpoint } = await import("../tasks/checkpoints"); // with cells and losses that few files need
  const { about, trainer } = await readOurCheckpoint(file);
  const said = (about ?? {}) as Partial<About>;
  const settings = checkedSettings(said.settings);
  if (!trainer) throw new Error("The file holds a network alone, expected its training too; open another.");
  return { settings, step: trainer.step, about: said };
}
