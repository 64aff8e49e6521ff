// Reads the file that --data names.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { quotedPath } from "../data/refusal";
import { type Encoding, encodings, expectReadable, readText } from "../data/text-file";
import type { OwnData } from "../tasks/own-data";
import { OptionError, oneOf } from "./arguments";

/** Says how its bytes were read, where they do not say so themselves. @throws where it cannot be read, or holds no text. */
export async function readData(path: string, encoding?: Encoding): Promise<OwnData> {
  const name = basename(path);
  const unreadable = (error: Error) => {
    throw new OptionError(`--data is ${quotedPath(path)}, which cannot be read (${error.message})`);
  };
  const { size } = await stat(path).catch(unreadable);
  expectReadable(name, size);
  const { text, said } = readText(name, await readFile(path).catch(unreadable), encoding);
  if (said.length > 0) console.error(`${name}: ${said.join(", ")}`);
  return { name, text };
}

/** The encoding that --encoding names. @throws where there is none of that name. */
export const encodingNamed = (said: string | undefined): Encoding | undefined =>
  said === undefined ? undefined : oneOf("encoding", said.toLowerCase(), Object.keys(encodings) as Encoding[]);
