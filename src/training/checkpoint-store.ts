// A browser's own place for checkpoints, which stays when the page is left: its private file system (OPFS), or IndexedDB.

import { createStore, del, get, keys, set } from "idb-keyval";
import { TempogradError } from "../errors";

/** Checkpoints, or other bytes, by name. A name has 1 to 100 of: letters A to Z and a to z, digits, space . _ and -. */
export interface CheckpointStore {
  readonly kind: "opfs" | "indexeddb";
  /** Saves one byte or more, in place of what the name had. @throws where that fails; what it had is then still there. */
  save(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** What was saved under a name; undefined where nothing was. */
  load(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** All names, sorted. */
  list(): Promise<string[]>;
  /** Deletes what was saved under a name; where nothing was, does nothing. */
  delete(name: string): Promise<void>;
}

/**
 * Opens the store of this page's origin. What one kind keeps, the other does not see.
 * @param kind Without it, "opfs" where the browser writes and reads its files, which is tried, else "indexeddb".
 * @throws where the browser does not have that kind; without a kind, where it has neither.
 * @example
 * ```ts browser
 * import { openCheckpointStore, saveNetwork } from "tempograd";
 *
 * const store = await openCheckpointStore();
 * await store.save("my network", await saveNetwork(network));
 * console.log(await store.list(), await store.load("my network"));
 * ```
 */
export async function openCheckpointStore(kind?: CheckpointStore["kind"]): Promise<CheckpointStore> {
  const places = { opfs: openFiles, indexeddb: openDatabase };
  if (kind !== undefined && !Object.hasOwn(places, kind)) {
    throw new TempogradError(
      "option",
      `openCheckpointStore: kind is ${JSON.stringify(kind)}, expected "opfs" or "indexeddb".`,
    );
  }
  const kinds = kind === undefined ? (["opfs", "indexeddb"] as const) : [kind];
  const failures: unknown[] = [];
  for (const each of kinds) {
    try {
      return storeOf(each, await places[each]());
    } catch (error) {
      failures.push(error);
    }
  }
  const got = kinds.map((each, i) => `"${each}" is not there (${messageOf(failures[i])})`).join(", and ");
  const cure = "allow this site to keep data, or use another browser";
  throw new TempogradError("unsupported", `openCheckpointStore: ${got}, expected it to be; ${cure}.`, {
    cause: failures.at(-1),
  });
}

function storeOf(kind: CheckpointStore["kind"], place: Place): CheckpointStore {
  return {
    kind,
    async save(name, bytes) {
      checkName("save", name);
      if (bytes.length === 0) {
        throw new TempogradError(
          "option",
          `CheckpointStore.save: "${name}" got 0 bytes, expected 1 or more; use delete to be rid of it.`,
        );
      }
      try {
        await place.save(name, bytes);
      } catch (error) {
        const got = `${bytes.length} bytes as "${name}" were not written (${messageOf(error)})`;
        const cure = "delete others to make room, and save again";
        throw new TempogradError("unsupported", `CheckpointStore.save: ${got}, expected them to be; ${cure}.`, {
          cause: error,
        });
      }
    },
    async load(name) {
      checkName("load", name);
      return place.load(name);
    },
    list: async () => (await place.list()).sort(),
    async delete(name) {
      checkName("delete", name);
      await place.delete(name);
    },
  };
}

type Place = Omit<CheckpointStore, "kind">;

const ending = ".safetensors";

/** An empty file is none: it is what a first save leaves that was cut short. */
async function openFiles(): Promise<Place> {
  if (!globalThis.navigator?.storage?.getDirectory)
    throw new TempogradError("unsupported", "no navigator.storage.getDirectory");
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("tempograd", { create: true });
  await tryFile(folder);
  return {
    save: (name, bytes) => writeFile(folder, name + ending, bytes),
    async load(name) {
      const handle = await folder.getFileHandle(name + ending).catch(undefinedWhereMissing);
      const file = await handle?.getFile();
      return file && file.size > 0 ? new Uint8Array(await file.arrayBuffer()) : undefined;
    },
    async list() {
      const names: string[] = [];
      for await (const [name, handle] of folder.entries()) {
        if (!(name.endsWith(ending) && handle instanceof FileSystemFileHandle)) continue;
        if ((await handle.getFile()).size > 0) names.push(name.slice(0, -ending.length));
      }
      return names;
    },
    delete: async (name) => folder.removeEntry(name + ending).catch(undefinedWhereMissing),
  };
}

async function writeFile(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const handle = await folder.getFileHandle(name, { create: true });
  const file = await handle.createWritable(); // a copy, which takes the file's place when it is closed
  try {
    await file.write(bytes);
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.close();
}

/** Writes a file and reads it: some browsers have the functions, and refuse. Its name is of no checkpoint, nor another page's. */
async function tryFile(folder: FileSystemDirectoryHandle): Promise<void> {
  const name = `try ${Math.random()}`;
  try {
    await writeFile(folder, name, Uint8Array.of(1));
    const { size } = await (await folder.getFileHandle(name)).getFile();
    if (size !== 1) throw new TempogradError("unsupported", `a file of 1 byte has ${size} when it is read`);
  } finally {
    await folder.removeEntry(name).catch(() => {}); // there may be none
  }
}

function undefinedWhereMissing(error: unknown): undefined {
  if ((error as Error).name !== "NotFoundError") throw error;
}

async function openDatabase(): Promise<Place> {
  const store = createStore("tempograd", "checkpoints");
  await keys(store); // opens it
  return {
    save: (name, bytes) => set(name, bytes.slice(), store), // a view would be stored with all of its buffer
    load: (name) => get(name, store),
    list: () => keys(store),
    delete: (name) => del(name, store),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));

function checkName(method: string, name: string): void {
  if (!/^[A-Za-z0-9 ._-]{1,100}$/.test(name)) {
    const expected = "1 to 100 letters, digits, spaces, dots, underscores or hyphens";
    throw new TempogradError(
      "option",
      `CheckpointStore.${method}: name is ${JSON.stringify(name)}, expected ${expected}; choose another.`,
    );
  }
}
