// What a command line asks to be learned: the task's data, and the network of the file that it begins or goes on with.

import type { Checkpoint, NetworkOptions, ParameterValues } from "../../src/index";
import { brief, quotedPath } from "../data/refusal";
import { answers, type TrainedOn } from "../data/trained-on";
import { networkOptionsOf } from "../tasks/library-options";
import { isSame, labelOf, type OwnData, type OwnDataLabel } from "../tasks/own-data";
import { readers } from "../tasks/readers";
import { taskOf } from "../tasks/settings";
import type { Problem } from "../tasks/task";
import { OptionError } from "./arguments";
import type { About, Saved } from "./checkpoint-file";
import { readData } from "./data-file";
import { expectRoom, type TrainOptions } from "./options";
import { expectKnown } from "./prompt";

export interface Asked {
  problem: Problem;
  network: NetworkOptions;
  /** Of the file that --data names. */
  own: OwnDataLabel | undefined;
  /** From the file that --load or --resume names. */
  parameters: ParameterValues | undefined;
  /** All of the file that --resume names. */
  checkpoint: Checkpoint | undefined;
}

/** Rows of a held-out batch. Each costs a round trip: few and large ones, as long as their steps leave room. */
const heldOutRows = (steps: number) => Math.min(128, Math.max(1, Math.floor(32768 / steps)));

/**
 * Reads a task's data.
 * @param saved what --load or --resume names.
 * @throws where it cannot be read or learned from, or does not go with what was saved.
 */
export async function problemOf(options: TrainOptions, saved?: Saved): Promise<Asked> {
  const { settings, device, data, encoding, resume } = options;
  if (saved) expectAnswer(options, saved.trainedOn);
  const own = data === undefined ? undefined : await readData(data, encoding);
  if (own && resume !== undefined) await expectSame(own, options, saved!);
  const make = await readers[settings.task](own, settings);
  const problem = asSaved(options, saved, (trained) => make(settings, { trained, heldOutRows }));
  if (problem.vocabulary) expectKnown(problem.vocabulary, settings.prompt);
  const steps = Math.max(problem.steps, problem.translation?.sourceSteps ?? 0);
  expectRoom({ settings: { ...settings, steps }, device });
  return {
    problem,
    network: saved?.network ?? (await networkOptionsOf(settings, problem.network)),
    own: own && (await labelOf(own)),
    parameters: saved?.parameters,
    checkpoint: resume === undefined ? undefined : saved?.checkpoint,
  };
}

/** @throws where a file's network does another thing than the task's. */
function expectAnswer({ settings, load, resume }: TrainOptions, { answer }: TrainedOn): void {
  const expected = taskOf(settings).answer;
  if (answer === expected) return;
  const option = load === undefined ? `--resume is ${quotedPath(resume)}` : `--load is ${quotedPath(load)}`;
  throw new OptionError(
    `${option}, whose network ${answers[answer]}, expected one that ${answers[expected]}, as --task ${settings.task} does`,
  );
}

/** Lays data out as the network of a file was trained. @throws where they do not go together. */
function asSaved<T>({ resume }: TrainOptions, saved: Saved | undefined, lay: (trained?: TrainedOn) => T): T {
  if (!saved) return lay();
  try {
    return lay(saved.trainedOn);
  } catch (error) {
    const option = resume === undefined ? "load" : "resume";
    throw new OptionError(`--${option} does not go with the data: ${(error as Error).message}`);
  }
}

/** @throws where a training is to go on with another file than it began with. */
async function expectSame(own: OwnData, { data }: TrainOptions, { checkpoint }: Saved): Promise<void> {
  const { own: expected } = (checkpoint.about ?? {}) as Partial<About>;
  if (!expected || (await isSame(own, expected))) return;
  throw new OptionError(
    `--resume does not go with ${quotedPath(data)}, which is not as it was trained on (${brief(String(expected.name))}, ` +
      `${expected.length} characters): put that file there, or begin with --load`,
  );
}
