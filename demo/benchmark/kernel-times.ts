// The time of each dispatch of one training step, by the adapter's own timestamps.

import { Network, openGpu, sgd, Trainer, timePlan } from "../../src/index";
import type { OwnSchedule } from "./engines/names";
import { optionsOf } from "./engines/tempograd";
import { networkOf, type Problem } from "./problem";
import type { KernelTime } from "./report";

const runs = 10;

/** @returns null where the adapter has no timestamps. */
export async function timeKernels(problem: Problem, schedule: string): Promise<KernelTime[] | null> {
  const { cell, shape, inputs, targets, learningRate } = problem;
  const { steps, batch } = shape;
  const options = optionsOf(schedule as OwnSchedule);
  const gpu = await openGpu(options.gpu);
  try {
    const network = await Network.create(gpu, networkOf(cell, shape));
    const optimizer = sgd({ learningRate });
    const trainer = await Trainer.create(network, { steps, batch, optimizer, ...options.trainer });
    for await (const _ of trainer.train([{ inputs, targets }])); // so that the numbers are those of training
    const { program } = trainer.pass;
    const times = await timePlan(program, runs);
    if (!times) return null;
    return together(program.describe().lines.map((line, i) => ({ ...line, count: 1, ms: times[i] ?? null })));
  } finally {
    gpu.destroy();
  }
}

/** Adds up dispatches that differ in nothing but the time step that their label names, as unrolled sweeps have them. */
export function together(lines: readonly KernelTime[]): KernelTime[] {
  const found = new Map<string, KernelTime>();
  for (const line of lines) {
    const label = line.label.replace(/\d+/g, "t");
    const key = JSON.stringify([label, line.kernel, line.workgroups]);
    const same = found.get(key);
    if (!same) found.set(key, { ...line });
    else {
      same.label = label;
      for (const name of ["count", "flops", "bytes"] as const) same[name] += line[name];
      same.ms = same.ms === null || line.ms === null ? null : same.ms + line.ms;
    }
  }
  return [...found.values()];
}
