// Times the ways to do the same on a device, and chooses.

import { Allocation } from "./allocation";
import { byDefault, type Chooser, leaves } from "./describe";
import type { Gpu } from "./device";
import { Lifetime } from "./lifetime";
import type { Choice, Plan } from "./plan";
import { Program } from "./program";

const budgetMilliseconds = 800; // for one plan, compiling included: then defaults serve, until the next time
const sampleMilliseconds = 4;
/** A sample is that many times as long as what a submit and its answer cost by themselves. */
const waitsOfSample = 2;
const mostRuns = 64; // of a sample
/** Runs by which ways are dropped that are far off. */
const singles = 3;
/** Rounds in which the other ways take turns, to find the one that may beat the default, and in which these two do. */
const heats = 2;
const finals = 7;
/** What another way's least time must be below, as a share of the default's. */
const leastGain = 0.95;
/** Of the finals, how many it must win: of two ways that are as fast, one does by chance once in sixteen times. */
const leastWins = 6;

/** Of a choice that stays undecided: then the default serves, until the device is opened again. */
const mostTries = 5;

/** Milliseconds of `count` runs of a program in one submit. */
export type TimeRuns = (program: Program, count: number) => Promise<number>;

/** Choices that nobody has made, each behind those that are part of it. */
export function openChoices(plan: Plan, chosen: Chooser, isOpen: (choice: Choice) => boolean): Choice[] {
  const open: Choice[] = [];
  for (const { node } of leaves(plan.nodes)) {
    if (node.kind !== "choice") continue;
    for (const inner of openChoices(node.way(chosen(node)), chosen, isOpen)) open.push(inner);
    if (node.names.length > 1 && isOpen(node)) open.push(node);
  }
  return open;
}

/**
 * Times the ways of open choices on the tensors that they would work on, and remembers the fastest of each; a choice that
 * noise or lack of time leaves undecided stays open, and the default serves.
 * @param open each behind those that are part of it.
 * @param allocation of the plan that the choices are of.
 * @param time what times them; it may be another, in tests.
 * @returns whether any choice was made.
 */
export async function measureChoices(
  gpu: Gpu,
  open: readonly Choice[],
  allocation: Allocation,
  time: TimeRuns = timeRuns,
): Promise<boolean> {
  const end = performance.now() + budgetMilliseconds;
  const found = new Set<string>();
  for (const choice of open) {
    const { key } = choice;
    if (performance.now() > end) break;
    const tries = gpu.choices.undecided.get(key) ?? 0;
    if (found.has(key) || tries >= mostTries) continue;
    const best = await fastest(gpu, choice, allocation, end, time);
    if (best === undefined) {
      gpu.choices.undecided.set(key, tries + 1);
      continue;
    }
    gpu.choices.take(key, best); // already in what is timed next
    found.add(key);
  }
  if (found.size > 0) await gpu.choices.remember(gpu);
  return found.size > 0;
}

/** A way that is timed. */
interface Contestant {
  readonly name: string;
  readonly program: Program;
  /** The least time of its samples. */
  least: number;
}

/** The fastest of several ways, of which the first is the default; undefined where that could not be told. */
async function fastest(
  gpu: Gpu,
  choice: Choice,
  outer: Allocation,
  end: number,
  time: TimeRuns,
): Promise<string | undefined> {
  const all: Contestant[] = [];
  const chosen = (inner: Choice) => gpu.choices.of(inner) ?? byDefault(inner);
  const { key, names, fallback } = choice;
  try {
    for (const name of [fallback, ...names.filter((name) => name !== fallback)]) {
      const own = new Allocation(gpu, outer);
      try {
        const make = () => new Program(choice.way(name), gpu, new Lifetime("program", gpu.lifetime), own, chosen);
        all.push({ name, program: await gpu.checked(key, make), least: Number.POSITIVE_INFINITY });
      } catch {
        own.destroy(); // refused here: no way
      }
    }
    const compiled = await Promise.allSettled(all.map(({ program }) => program.compile()));
    const [standard, ...others] = all.filter((_, i) => compiled[i]!.status === "fulfilled");
    return standard && (await winner(standard, others, time, end));
  } finally {
    for (const { program } of all) program.destroy();
  }
}

/**
 * The default stands unless another way is faster by what noise does not do: in the least of several samples, which noise
 * only ever lengthens, and in nearly all of the rounds in which they take turns, which a change of the machine's speed
 * between them does not move.
 * @returns undefined where time did not suffice, or the signs disagree.
 */
async function winner(
  standard: Contestant,
  others: readonly Contestant[],
  time: TimeRuns,
  end: number,
): Promise<string | undefined> {
  const tooLate = (milliseconds = 0) => performance.now() + milliseconds > end;
  let wait = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) wait = Math.min(wait, await time(standard.program, 0));
  const sample = Math.max(sampleMilliseconds, waitsOfSample * wait);
  let runs = 1;
  const race = async (contestant: Contestant) => {
    const milliseconds = await time(contestant.program, runs);
    contestant.least = Math.min(contestant.least, milliseconds);
    return milliseconds;
  };
  for (const contestant of [standard, ...others]) {
    for (let i = 0; i < singles && !tooLate(); i++) await race(contestant); // the first warms it
    // What takes too long for the rest of the time leaves it to other choices.
    const most = (heats * others.length + 2 * finals) * Math.max(sample, standard.least);
    if (tooLate(contestant === standard ? singles * others.length * standard.least + most : 0)) return undefined;
  }
  const able = others.filter(({ least }) => least < 2 * standard.least + sample); // others are far off
  runs = Math.min(mostRuns, Math.ceil(sample / Math.max(standard.least - wait, sample / mostRuns)));
  for (const contestant of [standard, ...able]) contestant.least = Number.POSITIVE_INFINITY;
  for (let heat = 0; heat < heats; heat++) {
    for (const contestant of able) {
      if (tooLate()) return undefined;
      await race(contestant);
    }
  }
  const [challenger, ...rest] = [...able].sort((a, b) => a.least - b.least);
  if (!challenger) return standard.name;
  challenger.least = Number.POSITIVE_INFINITY; // of many, it may have been the luckiest
  let wins = 0;
  for (let round = 0; round < finals; round++) {
    if (tooLate()) return undefined;
    const first = round % 2 === 0 ? await race(standard) : undefined;
    const challenge = await race(challenger);
    if (challenge < (first ?? (await race(standard)))) wins++;
  }
  const faster = ({ least }: Contestant) => least < leastGain * standard.least;
  if (![challenger, ...rest].some(faster)) return standard.name;
  return faster(challenger) && wins >= leastWins ? challenger.name : undefined;
}

/** Milliseconds, with what a submit and its answer cost. */
async function timeRuns(program: Program, count: number): Promise<number> {
  const { device } = program.gpu;
  const encoder = device.createCommandEncoder({ label: program.plan.label });
  for (let i = 0; i < count; i++) program.encode(encoder);
  const begin = performance.now();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  return performance.now() - begin;
}
