// `npm run fuzz`: a million mutants of all that is read, by a seed; each is answered or refused in words, soon and in little memory.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { integer } from "../terminal/arguments";
import type { Counts, Problem } from "./mutants";

const help = `npm run fuzz -- [options]

Spoils files, addresses and vocabularies at random, and gives them to what reads them. Each mutant must be answered, or refused by an error
that says what is wrong: within 5 s, with a heap of 512 MB. Exit code 1 where one is not.

  --mutants N   how many (default 1000000)
  --seed N      of the mutants (default 1)
  --first N     the number of the first: what went wrong is named by its number (default 0)
  --help`;

/** A heap that no reader of small files needs. */
const resourceLimits = { maxOldGenerationSizeMb: 512 };
const mostMegabytes = 2000; // of the process
const hangSeconds = 20;

export async function main(args: string[]): Promise<number> {
  let seed: number;
  let first: number;
  let mutants: number;
  try {
    const text = { type: "string" } as const;
    const options = { mutants: text, seed: text, first: text, help: { type: "boolean" } as const };
    const { values } = parseArgs({ args, options });
    if (values.help) {
      console.log(help);
      return 0;
    }
    mutants = integer("mutants", values.mutants ?? "1000000", 1, 2 ** 30);
    seed = integer("seed", values.seed ?? "1", 0, 2 ** 31 - 1);
    first = integer("first", values.first ?? "0", 0, 2 ** 30);
  } catch (error) {
    console.error(`fuzz: ${(error as Error).message}; see npm run fuzz -- --help.`);
    return 2;
  }
  const begin = performance.now();
  const counts: Counts = {};
  const problems: Problem[] = [];
  let memory = 0;
  const end = first + mutants;
  for (let at = first; at < end; ) {
    const ended = await tryThem(seed, at, end, (done) => {
      memory = Math.max(memory, process.memoryUsage().rss);
      for (const problem of done.problems) {
        console.log(`mutant ${problem.mutant}, ${problem.target}: ${problem.what}`);
        problems.push(problem);
      }
      for (const [name, { answered, refused }] of Object.entries(done.counts)) {
        counts[name] ??= { answered: 0, refused: 0 };
        counts[name].answered += answered;
        counts[name].refused += refused;
      }
    });
    if (ended.what !== undefined) {
      console.log(`mutant ${ended.mutant}: ${ended.what}`);
      problems.push({ mutant: ended.mutant, target: "", what: ended.what });
    }
    at = ended.mutant + 1;
  }
  for (const [name, { answered, refused }] of Object.entries(counts)) {
    console.log(`${name.padEnd(36)} ${answered + refused} mutants, ${answered} answered, ${refused} refused`);
  }
  const seconds = Math.round((performance.now() - begin) / 1000);
  const megabytes = Math.round(memory / 1e6);
  console.log(
    `${mutants} mutants in ${seconds} s, ${megabytes} MB at most, seed ${seed}: ${problems.length} went wrong`,
  );
  return problems.length === 0 && megabytes < mostMegabytes ? 0 : 1;
}

type Done = { counts: Counts; problems: Problem[] };

/** Tries mutants in a worker, until one of them ends it. @returns the last mutant, and what it did, if that was wrong. */
function tryThem(
  seed: number,
  first: number,
  end: number,
  tell: (done: Done) => void,
): Promise<{ mutant: number; what?: string }> {
  const shared = new SharedArrayBuffer(4);
  const begun = new Int32Array(shared);
  begun[0] = first;
  const run = resolve(import.meta.dirname, "../terminal/run.mjs");
  const argv = ["demo/soak/mutants.ts", `${seed}`, `${first}`, `${end}`];
  const worker = new Worker(run, { argv, workerData: shared, resourceLimits });
  return new Promise((answer) => {
    let last = -1;
    let seconds = 0;
    const watch = setInterval(() => {
      const now = Atomics.load(begun, 0);
      seconds = now === last ? seconds + 1 : 0;
      last = now;
      if (seconds < hangSeconds) return;
      finish(`took more than ${hangSeconds} s`);
      void worker.terminate();
    }, 1000);
    const finish = (what?: string) => {
      clearInterval(watch);
      const mutant = Atomics.load(begun, 0);
      answer({ mutant: what === undefined ? end : mutant, ...(what !== undefined && { what }) });
    };
    worker.on("message", tell);
    worker.on("error", (error) => finish(`ended the process that read it: ${error.message}`));
    worker.on("exit", (code) => finish(code === 0 ? undefined : `ended the process that read it, with code ${code}`));
  });
}
