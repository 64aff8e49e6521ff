// Files that --save writes and --load, --resume and `npm run generate` read: checkpoints, and what they were trained for.

import { constants, existsSync } from "node:fs";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Checkpoint, type NetworkOptions, type ParameterValues, readCheckpoint } from "../../src/index";
import { OptionError, type TrainOptions } from "./options";

/** What the terminal tells of a checkpoint. */
export interface About {
  task: TrainOptions["task"];
  /** The vocabulary's symbols, in the order of their tokens. */
  symbols: readonly string[];
  /** All options of the training. */
  options: TrainOptions;
}

export interface Saved extends About {
  network: NetworkOptions;
  parameters: ParameterValues;
  checkpoint: Checkpoint;
}

/** @throws where a file could not be written, before there is anything to lose. */
export async function expectWritable(file: string): Promise<void> {
  try {
    await access(existsSync(file) ? file : dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new OptionError(`--save is "${file}", which cannot be written (${(error as Error).message})`);
  }
}

/** Writes beside the file and then takes its place: what was there is lost only once all is written. */
export async function save(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${file}.part`, bytes);
  await rename(`${file}.part`, file);
}

/**
 * @param task what the file must be for; without it, any.
 * @throws where the file cannot be read, is no checkpoint, or was not written by `npm run train` for this task.
 */
export async function load(option: string, file: string, task?: string): Promise<Saved> {
  const checkpoint = await readCheckpoint(await readFile(file));
  const about = (checkpoint.about ?? {}) as Partial<About>;
  if (!about.task || !Array.isArray(about.symbols) || !about.options || (task ?? about.task) !== about.task) {
    const got = about.task ? `for task "${about.task}"` : "not of npm run train";
    const wanted = task ? `for task "${task}"` : "of a task of npm run train";
    throw new Error(`--${option}: ${file} is ${got}, expected a file that --save wrote ${wanted}.`);
  }
  const { network, parameters } = checkpoint;
  return { task: about.task, symbols: about.symbols, options: about.options, network, parameters, checkpoint };
}
