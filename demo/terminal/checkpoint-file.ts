// Files that --save writes and --load reads: parameters under PyTorch's names, and what they were trained for.

import { readFile, writeFile } from "node:fs/promises";
import {
  fromPyTorch,
  type NetworkOptions,
  type ParameterValues,
  readSafetensors,
  toPyTorch,
  writeSafetensors,
} from "../../src/index";

export interface Saved {
  task: string;
  network: NetworkOptions;
  /** The vocabulary's symbols, in the order of their tokens. */
  symbols: string[];
  parameters: ParameterValues;
}

/** @throws where the file cannot be written. */
export async function save(file: string, { task, network, symbols, parameters }: Saved): Promise<void> {
  const metadata = { format: "tempograd", task, network: JSON.stringify(network), symbols: JSON.stringify(symbols) };
  await writeFile(file, writeSafetensors(toPyTorch(parameters), metadata));
}

/** @throws where the file cannot be read, is no safetensors file, or was not written by `save` for this task. */
export async function load(file: string, task: string): Promise<Saved> {
  const { metadata, tensors } = readSafetensors(await readFile(file));
  if (metadata.format !== "tempograd" || metadata.task !== task) {
    const got = metadata.format === "tempograd" ? `for task "${metadata.task}"` : `of format "${metadata.format}"`;
    throw new Error(`--load: ${file} is ${got}, expected a file that --save wrote for task "${task}".`);
  }
  const network = JSON.parse(metadata.network ?? "null") as NetworkOptions;
  const symbols = JSON.parse(metadata.symbols ?? "null") as string[];
  return { task, network, symbols, parameters: fromPyTorch(tensors) as ParameterValues };
}
