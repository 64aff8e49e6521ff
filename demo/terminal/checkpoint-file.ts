// Files that --save writes and --load, --resume and `npm run generate` read: checkpoints, and what they were trained for.

import { constants } from "node:fs";
import { access, lstat, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Checkpoint, NetworkConfig, ParameterValues } from "../../src/index";
import { quotedPath } from "../data/refusal";
import { trainedOn } from "../data/said-trained-on";
import type { TrainedOn } from "../data/trained-on";
import { readOurCheckpoint } from "../tasks/checkpoints";
import type { OwnDataLabel } from "../tasks/own-data";
import { OptionError } from "./arguments";

/** What the terminal says in a file, beside numbers. */
export interface About {
  /** All options of the training, as the command line has them. */
  args: string[];
  /** Of the file that task classify read. */
  own?: OwnDataLabel | undefined;
  trainedOn: TrainedOn;
}

export interface Saved {
  network: NetworkConfig;
  parameters: ParameterValues;
  checkpoint: Checkpoint;
  trainedOn: TrainedOn;
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
    throw new OptionError(`--save is ${quotedPath(file)}, which cannot be written (${(error as Error).message})`);
  }
}

const partOf = (place: string) => `${place}.${process.pid}.part`;

/**
 * Writes beside the file and then takes its place: what was there is lost only once all is written, on the disk.
 * @param place as `placeToSave` found it.
 * @throws where that fails, and leaves what was there, and nothing beside it.
 */
export async function save(place: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(partOf(place), bytes, { flush: true });
    await rename(partOf(place), place);
  } catch (error) {
    await rm(partOf(place), { force: true });
    throw error;
  }
}

/**
 * What the terminal or the training page saved.
 * @throws where the file cannot be read, is no checkpoint, or does not say what its network was trained on.
 */
export async function load(option: string, file: string): Promise<Saved> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new OptionError(`--${option} is ${quotedPath(file)}, which cannot be read (${error.message})`);
  });
  const checkpoint = await readOurCheckpoint(bytes);
  const { network, parameters, about } = checkpoint;
  try {
    return { network, parameters, checkpoint, trainedOn: trainedOn(about, network) };
  } catch (error) {
    throw new OptionError(`--${option} is ${quotedPath(file)}. ${(error as Error).message}`);
  }
}
