// The options of `npm run kernels`: read, checked, and explained.

import { parseArgs } from "node:util";
import type { CellName, Precision, Schedule } from "../../src/index";
import { list } from "../benchmark/bench-options";
import { shapes } from "../benchmark/problem";
import { cellsOf, shapeOf, shapeText } from "../benchmark/selection";
import { oneOf } from "../terminal/arguments";
import { type DeviceName, deviceNames, devices } from "./devices";

export interface KernelOptions {
  cells: CellName[];
  shapes: string[];
  schedule: Schedule | undefined;
  precision: Precision;
  tile: string | undefined;
  chip: string;
  device: DeviceName;
  json: boolean;
  grids: boolean;
}

export const help = `npm run kernels -- [options]

Compiles the kernels of a training pass for a GPU that need not be there, with Mesa's compiler for AMD GPUs, and prints
what became of each. Needs Linux x64, and of Debian mesa-vulkan-drivers, gcc and libc6-dev.

  --cell C,…           elman, gru, lstm (default elman)
  --shape S,…          one of these, or BATCHxSTEPSxHIDDENxSYMBOLS such as 8x32x64x64 (default M)
${Object.keys(shapes)
  .map((name) => `                         ${name.padEnd(3)} ${shapeText(name)}`)
  .join("\n")}
  --schedule S         of the recurrences: fused or unrolled (default the one that is taken where nothing is measured)
  --precision P        single or mixed (default single)
  --tile WAY           the way to take wherever there is one of that name (default likewise): shared, narrow row, …
  --device D           which device the work is planned for (default rx6800):
${deviceNames.map((name) => `                         ${name.padEnd(8)} ${devices[name].name}`).join("\n")}
  --chip CHIP          which chip it is compiled for, by Mesa's name: navi21, vega10, … (default navi21)
  --grids              compile nothing: print how many of the device's multiprocessors each dispatch fills
  --json               an array of { label, registers, spilled, workgroupBytes, waves, instructions, latency,
                       inverseThroughput, cyclesPerStep?, workgroups, threads }
  --help

registers and spilled are a thread's; waves, those that a SIMD holds at once. latency is the compiler's estimate of a
wave's cycles, inverse throughput (inv. thr.) what it keeps a SIMD busy for. The compiler counts a loop that it did not
unroll 8 times, one within it 4 times as often, others twice: compare kernels with the same loops. So a sweep has
cycles/step as well: what of its latency lies in the loop over time, taken once, with the loops within it at the length
that they have. Of a loop whose length is not known when it is compiled there is none. These are estimates, good to order
two kernels; a measurement on a GPU they are not.`;

const schedules: Schedule[] = ["fused", "unrolled"];
const precisions: Precision[] = ["single", "mixed"];

/**
 * Reads arguments; answers null where help is asked for.
 * @throws where an option is unknown, lacks its value or names what there is not.
 */
export function readKernelOptions(args: string[]): KernelOptions | null {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ cell: text, shape: text, schedule: text, precision: text, tile: text, device: text, chip: text },
      ...{ grids: flag, json: flag, help: flag },
    },
  });
  if (values.help) return null;
  return {
    cells: list("cell", values.cell ?? "elman", cellsOf),
    shapes: list("shape", values.shape ?? "M", (words) => {
      for (const word of words) shapeOf(word);
      return words;
    }),
    schedule: values.schedule === undefined ? undefined : oneOf("schedule", values.schedule, schedules),
    precision: oneOf("precision", values.precision ?? "single", precisions),
    tile: values.tile,
    chip: values.chip ?? "navi21",
    device: oneOf("device", values.device ?? "rx6800", deviceNames),
    json: values.json ?? false,
    grids: values.grids ?? false,
  };
}
