// Reads the file that --data names.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { quotedPath } from "../data/refusal";
import { expectReadable, readText } from "../data/text-file";
import type { OwnData } from "../tasks/own-data";
import { OptionError } from "./arguments";

/** Says how its bytes were read, where they do not say so themselves. @throws where it cannot be read, or holds no text. */
export async function readData(path: string): Promise<OwnData> {
  const name = basename(path);
  const unreadable = (error: Error) => {
    throw new OptionError(`--data is ${quotedPath(path)}, which cannot be read (${error.message})`);
  };
  const { size } = await stat(path).catch(unreadable);
  expectReadable(name, size);
  const { text, said } = readText(name, await readFile(path).catch(unreadable));
  if (said.length > 0) console.error(`${name}: ${said.join(", ")}`);
  return { name, text };
}
