// Files that --save writes and --load, --resume and `npm run generate` read: checkpoints, and what they were trained for.

import { constants } from "node:fs";
import { access, lstat, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Checkpoint, type NetworkOptions, type ParameterValues, readCheckpoint } from "../../src/index";
import { isTask, OptionError, type TrainOptions } from "./options";

/** What the terminal tells of a checkpoint. */
export interface About {
  task: TrainOptions["task"];
  /** The vocabulary's symbols, in the order of their tokens. */
  symbols: readonly string[];
  /** All options of the training, as the command line has them. */
  args: string[];
}

export interface Saved extends About {
  network: NetworkOptions;
  parameters: ParameterValues;
  checkpoint: Checkpoint;
}

/**
 * Finds the place of a file that is to be saved: behind links, where it is one.
 * @throws where it is no file, or could not be written, before there is anything to lose.
 */
export async function placeToSave(file: string): Promise<string> {
  try {
    if (file === "") throw new Error("it is not a file");
    const there = await lstat(file).catch(() => undefined);
    const place = there ? await realpath(file) : resolve(file);
    if (there && !(await stat(place)).isFile()) throw new Error("it is not a file");
    if (there) await access(place, constants.W_OK);
    await writeFile(partOf(place), "", { flag: "wx" });
    await rm(partOf(place));
    return place;
  } catch (error) {
    throw new OptionError(`--save is "${file}", which cannot be written (${(error as Error).message})`);
  }
}

const partOf = (place: string) => `${place}.${process.pid}.part`;

/**
 * Writes beside the file and then takes its place: what was there is lost only once all is written.
 * @param place as `placeToSave` found it.
 */
export async function save(place: string, bytes: Uint8Array): Promise<void> {
  await writeFile(partOf(place), bytes);
  await rename(partOf(place), place);
}

/**
 * @param task what the file must be for; without it, any.
 * @throws where the file cannot be read, is no checkpoint, or was not written by `npm run train` for this task.
 */
export async function load(option: string, file: string, task?: string): Promise<Saved> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new OptionError(`--${option} is "${file}", which cannot be read (${error.message})`);
  });
  const checkpoint = await readCheckpoint(bytes);
  const about = (checkpoint.about ?? {}) as Partial<Record<keyof About, unknown>>;
  const { symbols } = about;
  const refuse = (got: string, wanted = "") => {
    throw new OptionError(`--${option} is "${file}", ${got}, expected a file that npm run train --save wrote${wanted}`);
  };
  const own = isTask(about.task) && Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === "string");
  if (!own) refuse("not of npm run train");
  if (task !== undefined && about.task !== task) refuse(`for task "${about.task}"`, ` for task "${task}"`);
  const { network, parameters } = checkpoint;
  return { ...(about as About), network, parameters, checkpoint };
}
