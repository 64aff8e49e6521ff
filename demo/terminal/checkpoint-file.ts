// Files that --save writes and --load reads: parameters under PyTorch's names, and what they were trained for.

import { constants, existsSync } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  fromPyTorch,
  type NetworkOptions,
  type ParameterValues,
  readSafetensors,
  toPyTorch,
  writeSafetensors,
} from "../../src/index";

import { OptionError } from "./options";

export interface Saved {
  task: string;
  network: NetworkOptions;
  /** The vocabulary's symbols, in the order of their tokens. */
  symbols: string[];
  parameters: ParameterValues;
}

/** @throws where a file could not be written, before there is anything to lose. */
export async function expectWritable(file: string): Promise<void> {
  try {
    await access(existsSync(file) ? file : dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new OptionError(`--save is "${file}", which cannot be written (${(error as Error).message})`);
  }
}

/** @throws where the file cannot be written. */
export async function save(file: string, { task, network, symbols, parameters }: Saved): Promise<void> {
  const metadata = { format: "tempograd", task, network: JSON.stringify(network), symbols: JSON.stringify(symbols) };
  await writeFile(file, writeSafetensors(toPyTorch(parameters, network), metadata));
}

/** @throws where the file cannot be read, is no safetensors file, or was not written by `save` for this task. */
export async function load(file: string, task: string): Promise<Saved> {
  const { metadata, tensors } = readSafetensors(await readFile(file));
  if (metadata.format !== "tempograd" || metadata.task !== task) {
    const got = metadata.format === "tempograd" ? `for task "${metadata.task}"` : `of format "${metadata.format}"`;
    throw new Error(`--load: ${file} is ${got}, expected a file that --save wrote for task "${task}".`);
  }
  const network = JSON.parse(metadata.network ?? "null") as NetworkOptions | null;
  const symbols = JSON.parse(metadata.symbols ?? "null") as string[] | null;
  if (!network || !Array.isArray(symbols)) {
    throw new Error(`--load: ${file} lacks the metadata "network" or "symbols", expected both; save it anew.`);
  }
  return { task, network, symbols, parameters: fromPyTorch(tensors, network) };
}
