// Times the dispatches of a plan, each by itself, with the device's own clock.
//
// WebGPU promises little of that clock: its nanoseconds are the implementation's own, may be rounded (to 65.5 or 100 µs in
// browsers), stand still, or be reset in the middle. So its steps are looked at first; a dispatch is repeated between two
// stamps until they lie many steps apart; what no time can be is thrown away; and the median of the rest is told.

import type { Gpu } from "./device";
import type { Plan } from "./plan";
import { clockStep, Stamps } from "./stamps";

/** How many of the clock's steps two stamps must lie apart: each may be one wrong. */
const leastSteps = 20;
const mostRepeats = 4096;
/** Runs beside those asked for, to find out how often a dispatch must be repeated. */
const moreRuns = 8;
/** Dispatches of a submit: a query set has room for 4096 stamps. */
const mostTimed = 2048;
/** Of a submit, and of repetitions, as far as known: long ones get a device reset on some systems. */
const submitMilliseconds = 100;
const repeatedMilliseconds = 200;

/** What is known of a dispatch. */
interface Timed {
  /** How often it is dispatched between two stamps, and about how many milliseconds that takes. */
  repeats: number;
  expected: number;
  /** Milliseconds of one, each time that the stamps told. */
  readonly found: number[];
}

/**
 * Runs a compiled plan `runs` times, and up to 8 times more until its dispatches last long enough for the device's clock,
 * and times each by itself: the median, in milliseconds, in the order of `plan.describe().lines` (behind those of parts,
 * which are not run). A dispatch that is too short is repeated, and what it had written is put back. So what a run computes
 * is computed once: the plan of a trainer updates the parameters at each run.
 * @returns undefined where the device has no "timestamp-query"; and in place of the time of a dispatch that the clock
 * cannot measure: one that stands still, runs backwards, or has steps too long for it.
 * @throws where the device has no room to keep what a repeated dispatch writes or was lost, or the plan was destroyed.
 */
export async function timePlan(plan: Plan, runs: number): Promise<(number | undefined)[] | undefined> {
  const { gpu } = plan;
  plan.lifetime.expect("timePlan");
  if (!gpu.device.features.has("timestamp-query")) return undefined;
  const all = Array.from({ length: plan.length }, (): Timed => ({ repeats: 1, expected: 0, found: [] }));
  const stamps = new Stamps(gpu, mostTimed);
  const kept = new Kept(gpu);
  try {
    const step = await clockStep(gpu, stamps);
    if (step === undefined) return all.map(() => undefined);
    for (let run = 0; run < runs + moreRuns && all.some(({ found }) => found.length < runs); run++) {
      for (let first = 0; first < all.length; ) {
        const here = fitting(all, first);
        await kept.makeRoom(here.map(({ repeats }, i) => (repeats > 1 ? bytesWritten(plan, first + i) : 0)));
        const encoder = gpu.device.createCommandEncoder({ label: "timing" });
        for (const [pair, { repeats }] of here.entries()) {
          const index = first + pair;
          if (repeats > 1) {
            dispatch(encoder.beginComputePass(), plan, index, 1);
            kept.copy(encoder, plan, index, "away");
          }
          dispatch(stamps.begin(encoder, pair), plan, index, repeats);
          if (repeats > 1) kept.copy(encoder, plan, index, "back");
        }
        const { stamps: told, elapsed } = await stamps.read(encoder, here.length);
        for (const [pair, timed] of here.entries()) {
          const span = Number(told[2 * pair + 1]! - told[2 * pair]!) / 1e6; // from ns
          if (span < 2 * elapsed + submitMilliseconds) learn(timed, span, leastSteps * step); // else the clock leapt
        }
        first += here.length;
      }
    }
    return all.map(({ found }) => (found.length > 0 && 2 * found.length >= runs ? median(found) : undefined));
  } finally {
    stamps.destroy();
    kept.destroy();
  }
}

/** The dispatches from `first` on that go in one submit: one at least. */
function fitting(all: readonly Timed[], first: number): readonly Timed[] {
  let milliseconds = 0;
  let end = first;
  do milliseconds += all[end++]!.expected;
  while (end < all.length && end < first + mostTimed && milliseconds + all[end]!.expected <= submitMilliseconds);
  return all.slice(first, end);
}

function dispatch(pass: GPUComputePassEncoder, plan: Plan, index: number, times: number): void {
  for (let i = 0; i < times; i++) plan.encodeDispatch(pass, index);
  pass.end();
}

/** Takes what the stamps told where they lie `least` milliseconds apart; else has the dispatch repeated until they do. */
function learn(timed: Timed, span: number, least: number): void {
  if (span < 0) return; // the clock was reset, or runs backwards
  timed.expected = span;
  if (span >= least) timed.found.push(span / timed.repeats);
  else if (least <= repeatedMilliseconds) {
    const more = Math.min(16, Math.max(2, (1.5 * least) / span));
    timed.repeats = Math.min(mostRepeats, Math.ceil(timed.repeats * more));
    timed.expected = 1.5 * least;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  return (below + above) / 2;
}

const bytesWritten = (plan: Plan, index: number): number =>
  plan.writtenBy(index).reduce((sum, { size }) => sum + size, 0);

/** A place for what a dispatch has written, while it is repeated. */
class Kept {
  readonly #gpu: Gpu;
  #buffer: GPUBuffer | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Makes room for the largest of several dispatches. */
  async makeRoom(bytes: readonly number[]): Promise<void> {
    const most = bytes.reduce((a, b) => Math.max(a, b), 0);
    if (most <= (this.#buffer?.size ?? 0)) return;
    this.destroy();
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#buffer = await this.#gpu.checked("timePlan", () => this.#gpu.createBuffer("kept", most, usage));
  }

  copy(encoder: GPUCommandEncoder, plan: Plan, index: number, way: "away" | "back"): void {
    let at = 0;
    for (const { buffer, offset, size } of plan.writtenBy(index)) {
      if (way === "away") encoder.copyBufferToBuffer(buffer, offset, this.#buffer!, at, size);
      else encoder.copyBufferToBuffer(this.#buffer!, at, buffer, offset, size);
      at += size;
    }
  }

  destroy(): void {
    if (this.#buffer) this.#gpu.destroyBuffer(this.#buffer);
    this.#buffer = undefined;
  }
}
