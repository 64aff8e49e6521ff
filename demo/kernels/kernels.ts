// `npm run kernels`: what the compiler of a GPU that need not be there makes of the kernels of a training pass.

import { table } from "../benchmark/tables";
import { complaintOf } from "../terminal/arguments";
import { gridLines } from "./grids";
import { type Kernel, kernelsOf, plannedWork } from "./kernels-of";
import { help, type KernelOptions, readKernelOptions } from "./options";

export async function main(args: string[]): Promise<number> {
  try {
    const options = readKernelOptions(args);
    if (!options) console.log(help);
    else if (options.grids) console.log(gridLines(plannedWork(options), options.device).join("\n"));
    else await compile(options);
    return 0;
  } catch (error) {
    console.error(complaintOf("kernels", error));
    return 2;
  }
}

async function compile({ json, ...options }: KernelOptions): Promise<void> {
  const kernels = await kernelsOf(options);
  console.log(json ? JSON.stringify(kernels) : table([headings, ...kernels.map(figures)], 1, 0).join("\n"));
}

const headings = [
  ...["kernel", "registers", "spilled", "bytes shared", "waves", "instructions", "latency", "inv. thr."],
  ...["cycles/step", "workgroups", "threads"],
];

function figures(kernel: Kernel): string[] {
  const { label, registers, spilled, workgroupBytes, waves, instructions, latency, inverseThroughput } = kernel;
  const { cyclesPerStep, workgroups, threads } = kernel;
  const numbers = [registers, spilled, workgroupBytes, waves, instructions, latency, inverseThroughput];
  return [
    label,
    ...[...numbers, cyclesPerStep, workgroups, threads].map((number) => number?.toLocaleString("en") ?? ""),
  ];
}
