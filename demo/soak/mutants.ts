// Gives mutants to what reads: each must be answered, or refused in words, soon. As a worker, the half of `npm run fuzz` that may
// hang or run out of memory.

import { parentPort, workerData } from "node:worker_threads";
import { TempogradError } from "../../src/index";
import { drawsOf, mutantOfBytes, mutantOfText } from "./mutate";
import { type Target, targets } from "./targets";

/** What went wrong with a mutant. */
export interface Problem {
  mutant: number;
  target: string;
  what: string;
}

/** How often what was read. */
export type Counts = Record<string, { answered: number; refused: number }>;

const mostMilliseconds = 5000; // for one, on a busy machine
const mostCharacters = 700;

/** What is wrong with an error; undefined where it is one that says what is wrong. */
function wrongWith(error: unknown): string | undefined {
  const kinds: unknown[] = [Error.prototype, TempogradError.prototype];
  if (!kinds.includes(Object.getPrototypeOf(error)))
    return `threw ${String((error as Error)?.stack ?? error).slice(0, 600)}`;
  const { message } = error as Error;
  if (message.length < 8 || message.length > mostCharacters)
    return `was refused in ${message.length} characters: ${message.slice(0, 200)}`;
  return undefined;
}

/** The mutant of a number, and who reads it. */
export function mutantOf(
  all: readonly Target[],
  seed: number,
  mutant: number,
): { target: Target; input: string | Uint8Array } {
  const draw = drawsOf(seed, mutant);
  const target = all[mutant % all.length]!;
  const { right } = target;
  const at = draw(right.length);
  const input = isOfTexts(right) ? mutantOfText(right[at]!, right, draw) : mutantOfBytes(right[at]!, right, draw);
  return { target, input };
}

const isOfTexts = (right: Target["right"]): right is readonly string[] => typeof right[0] === "string";

/**
 * Tries mutants one after the other.
 * @param begun called with the number of each before it is read.
 */
export async function tryMutants(
  all: readonly Target[],
  { seed, first, count }: { seed: number; first: number; count: number },
  begun: (mutant: number) => void = () => {},
): Promise<{ counts: Counts; problems: Problem[] }> {
  const counts: Counts = Object.fromEntries(all.map(({ name }) => [name, { answered: 0, refused: 0 }]));
  const problems: Problem[] = [];
  for (let mutant = first; mutant < first + count; mutant++) {
    begun(mutant);
    const { target, input } = mutantOf(all, seed, mutant);
    const begin = performance.now();
    let what: string | undefined;
    try {
      await (target.read as (input: unknown) => unknown)(input);
      counts[target.name]!.answered++;
    } catch (error) {
      what = wrongWith(error);
      counts[target.name]!.refused++;
    }
    const taken = performance.now() - begin;
    if (taken > mostMilliseconds) what = `took ${Math.round(taken)} ms`;
    if (what !== undefined) problems.push({ mutant, target: target.name, what });
  }
  return { counts, problems };
}

/** As a worker: a message for each chunk; `begun` is shared, so that it can be read while this one hangs. */
export async function main([seed, first, end]: string[]): Promise<number> {
  const begun = new Int32Array(workerData as SharedArrayBuffer);
  const all = await targets();
  const chunk = 1000;
  for (let at = Number(first); at < Number(end); at += chunk) {
    const count = Math.min(chunk, Number(end) - at);
    parentPort?.postMessage(
      await tryMutants(all, { seed: Number(seed), first: at, count }, (mutant) => Atomics.store(begun, 0, mutant)),
    );
  }
  return 0;
}
