// Times the dispatches of a program, each by itself, with the device's own clock.
//
// WebGPU promises little of that clock: its nanoseconds are the implementation's own, may be rounded (to 65.5 or 100 µs in
// browsers), stand still, or be reset in the middle. So its steps are looked at first; a dispatch is repeated between two
// stamps until they lie many steps apart; what no time can be is thrown away; and the median of the rest is told.

import { TempogradError } from "../errors";
import type { Gpu } from "./device";
import { expectKind } from "./lifetime";
import type { CopyStep, DispatchStep, Program } from "./program";
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
 * Runs a program `runs` times, and up to 8 times more until its dispatches last long enough for the device's clock, and
 * times each by itself: the median, in milliseconds, in the order of `describe().lines`; of a line that is dispatched
 * several times in a run, the median of all. A dispatch that is too short is repeated, and what it had written is put back.
 * So what a run computes is computed once, with all its effects.
 * @returns undefined where the device has no "timestamp-query"; and in place of the time of a dispatch that the clock
 * cannot measure: one that stands still, runs backwards, or has steps too long for it.
 * @throws where the device has no room to keep what a repeated dispatch writes or was lost, or the program was destroyed.
 */
export async function timePlan(program: Program, runs: number): Promise<(number | undefined)[] | undefined> {
  expectKind("timePlan", "program", typeof program?.encodeDispatch === "function", program, "such as pass.program");
  program.lifetime.expect("timePlan");
  const { gpu } = program;
  if (!Number.isInteger(runs) || runs < 1) {
    throw new TempogradError("option", `timePlan: runs is ${runs}, expected an integer from 1 up.`);
  }
  if (!gpu.device.features.has("timestamp-query")) return undefined;
  const all = program.describe().lines.map((): Timed => ({ repeats: 1, expected: 0, found: [] }));
  const stamps = new Stamps(gpu, mostTimed);
  const kept = new Kept(gpu);
  try {
    const clock = await clockStep(gpu, stamps);
    if (clock === undefined) return all.map(() => undefined);
    const settled = (timed: Timed) => timed.found.length >= runs;
    for (let run = 0; run < runs + moreRuns && !all.every(settled); run++) {
      for (const group of groups(program, all)) {
        await kept.makeRoom(
          group.map((step) => (step.kind === "dispatch" && repeatsOf(step, all) > 1 ? bytesWritten(step) : 0)),
        );
        const encoder = gpu.device.createCommandEncoder({ label: "timing" });
        const timed: Timed[] = [];
        for (const step of group) {
          if (step.kind !== "dispatch") {
            program.encodeCopy(encoder, step);
            continue;
          }
          const repeats = repeatsOf(step, all);
          if (repeats > 1) {
            dispatch(encoder.beginComputePass(), program, step, 1);
            kept.copy(encoder, step, "away");
          }
          dispatch(stamps.begin(encoder, timed.length), program, step, repeats);
          if (repeats > 1) kept.copy(encoder, step, "back");
          timed.push(all[step.line]!);
        }
        const { stamps: told, elapsed } = await stamps.read(encoder, timed.length);
        for (const [pair, one] of timed.entries()) {
          const span = Number(told[2 * pair + 1]! - told[2 * pair]!) / 1e6; // from ns
          if (span < 2 * elapsed + submitMilliseconds) take(one, span, leastSteps * clock); // else the clock leapt
        }
      }
    }
    return all.map(({ found }) => (found.length > 0 && 2 * found.length >= runs ? median(found) : undefined));
  } finally {
    stamps.destroy();
    kept.destroy();
  }
}

type Encoded = DispatchStep | CopyStep;

const repeatsOf = (step: Encoded, all: readonly Timed[]): number =>
  step.kind === "dispatch" ? all[step.line]!.repeats : 1;

/** What a run encodes, in groups of one submit each. */
function* groups(program: Program, all: readonly Timed[]): Generator<Encoded[]> {
  let group: Encoded[] = [];
  let [dispatches, milliseconds] = [0, 0];
  for (const step of program.steps()) {
    const expected = step.kind === "dispatch" ? all[step.line]!.expected : 0;
    if (dispatches === mostTimed || (dispatches > 0 && milliseconds + expected > submitMilliseconds)) {
      yield group;
      [group, dispatches, milliseconds] = [[], 0, 0];
    }
    group.push(step);
    if (step.kind === "dispatch") dispatches++;
    milliseconds += expected;
  }
  if (dispatches > 0) yield group;
}

function dispatch(pass: GPUComputePassEncoder, program: Program, step: DispatchStep, times: number): void {
  for (let i = 0; i < times; i++) program.encodeDispatch(pass, step);
  pass.end();
}

/** Takes what the stamps told where they lie `least` milliseconds apart; else has the dispatch repeated until they do. */
function take(timed: Timed, span: number, least: number): void {
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

const bytesWritten = ({ written }: DispatchStep): number => written.reduce((sum, { size }) => sum + size, 0);

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

  copy(encoder: GPUCommandEncoder, { written }: DispatchStep, way: "away" | "back"): void {
    let at = 0;
    for (const { buffer, offset, size } of written) {
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
