// The kernels of training passes, each compiled once for a chip, with the cycles of a time step where it sweeps through time.

import { shapeOf } from "../benchmark/selection";
import { OptionError } from "../terminal/arguments";
import { devices } from "./devices";
import { cyclesPerStep } from "./loops";
import type { KernelOptions } from "./options";
import { choosing, isCalled, threadsOf, trainingPass, type Work, workgroupsOf, workOf } from "./planned";
import { type Compiled, compileFor } from "./radv";

/** A dispatch, and what became of its kernel. */
export interface Kernel extends Omit<Compiled, "text"> {
  readonly label: string;
  /** Of a sweep, where the compiler's listing tells. */
  readonly cyclesPerStep?: number | undefined;
  readonly workgroups: number;
  readonly threads: number;
}

/** A dispatch of a pass, in words that tell it from others. */
export interface Planned extends Work {
  readonly label: string;
}

type Planning = Pick<KernelOptions, "cells" | "shapes" | "schedule" | "precision" | "tile" | "device">;

/** What passes dispatch. @throws where no choice has a way of the name that is asked for. */
export function plannedWork({ cells, shapes, schedule, precision, tile, device }: Planning): Planned[] {
  const names = new Set<string>();
  const chosen = choosing(tile, names);
  const work = cells.flatMap((cell) =>
    shapes.flatMap((shape) => {
      const { nodes } = trainingPass(devices[device].traits, cell, shapeOf(shape), schedule, precision);
      return [...workOf(nodes, chosen)].map((one) => ({ ...one, label: `${cell} ${shape}: ${wordsOf(one)}` }));
    }),
  );
  if (tile !== undefined && !work.some(({ way }) => way && isCalled(way.name, tile))) {
    throw new OptionError(`--tile is "${tile}", expected ${[...names].join(", ")}`);
  }
  return work;
}

const wordsOf = ({ dispatch, way }: Work): string => `${dispatch.label}${way ? ` (${way.name})` : ""}`;

/** Compiles what passes dispatch. @throws as `plannedWork` and `compileFor`. */
export async function kernelsOf({ chip, ...planning }: Planning & Pick<KernelOptions, "chip">): Promise<Kernel[]> {
  const work = plannedWork(planning);
  const sweeps = await compiledOf(chip, work.filter(isSweep), true);
  const others = await compiledOf(
    chip,
    work.filter((one) => !isSweep(one)),
    false,
  ); // listings take long
  return work.map((one) => {
    const { dispatch, repeated, label } = one;
    const code = dispatch.shader.text();
    const { text, ...figures } = (isSweep(one) ? sweeps : others).get(code)!;
    return {
      label,
      ...figures,
      ...(isSweep(one) && { cyclesPerStep: cyclesPerStep(text, figures.latency, !repeated) }),
      workgroups: workgroupsOf(dispatch),
      threads: threadsOf(code),
    };
  });
}

const isSweep = ({ way }: Work): boolean => way?.topic === "recurrence";

async function compiledOf(chip: string, work: readonly Work[], listing: boolean): Promise<Map<string, Compiled>> {
  const shaders = [...new Set(work.map(({ dispatch }) => dispatch.shader.text()))];
  const compiled = await compileFor(chip, shaders, listing);
  return new Map(shaders.map((shader, i) => [shader, compiled[i]!]));
}
