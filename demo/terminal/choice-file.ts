// Remembers in a file which kernels were measured to be the fastest on a device.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { ChoiceStore } from "../../src/index";

const cacheFolder = (): string => process.env.XDG_CACHE_HOME || join(homedir(), ".cache");

/** One file for all devices; without a path, in the user's cache folder. */
export function choiceFile(path: string = join(cacheFolder(), "tempograd", "choices.json")): ChoiceStore {
  const read = async () => JSON.parse(await readFile(path, "utf8")) as Record<string, Record<string, string>>;
  return {
    load: async (device) => (await read())[device],
    async save(device, choices) {
      const others = await read().catch(() => ({}));
      await mkdir(dirname(path), { recursive: true });
      const whole = `${path}.${process.pid}`; // a reader never meets half a file
      await writeFile(whole, `${JSON.stringify({ ...others, [device]: choices }, null, 2)}\n`);
      await rename(whole, path);
    },
  };
}
