// `npm run bench`: training steps or predictions of this library and its peers, beside the adapter's own limits.

import { isOptionError } from "../terminal/arguments";
import { type BenchOptions, help, readBenchOptions } from "./bench-options";
import { isOk, type Report } from "./report";
import { runBenchmark } from "./run";
import { runOn } from "./run-on";
import { environmentLines, kernelLines, limitLines, rowLines } from "./tables";

export async function main(args: string[]): Promise<number> {
  let options: BenchOptions | null;
  try {
    options = readBenchOptions(args);
  } catch (error) {
    if (!isOptionError(error)) throw error;
    console.error(`bench: ${error.message}; see npm run bench -- --help.`);
    return 2;
  }
  if (!options) {
    console.log(help);
    return 0;
  }
  const { json, on, ...selection } = options;
  const listener = { doing: (what: string) => console.error(`${what} …`), found() {} };
  const report = await runOn(on, selection.engines, (place) => runBenchmark(selection, place, listener));
  console.log(json ? JSON.stringify(report) : describe(report));
  // A peer that fails is a row of the report; a row of our own is a failure.
  return report.rows.every((row) => row.engine !== "tempograd" || isOk(row)) ? 0 : 1;
}

function describe({ environment, limits, rows, kernels }: Report): string {
  const parts = [environmentLines(environment), limits ? limitLines(limits) : [], rowLines(rows)];
  for (const table of kernels) parts.push(kernelLines(table, limits));
  return parts.map((lines) => `\n${lines.join("\n")}`).join("\n");
}
