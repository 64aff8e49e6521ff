// `npm run gpu-report`: what this machine's GPU computes and how fast, unattended and within a budget of seconds: PyTorch's
// recordings, then training steps of all cells and shapes, dispatch by dispatch, with PyTorch beside them where it is.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { complaintOf, numberFrom, OptionError, oneOf } from "../terminal/arguments";
import { verifyingOn } from "../terminal/backends";
import { openNodeGpu } from "../terminal/node-gpu";
import { described, verdictOf } from "../terminal/verdict";
import { type EngineName, programNames } from "./engines/names";
import { pyTorch } from "./engines/pytorch";
import { asMarkdown, type GpuReport } from "./gpu-report-text";
import { shapes } from "./problem";
import { isOk, nameOf } from "./report";
import { addRows, beginReport, endReport } from "./run";
import { runOn } from "./run-on";
import { cellsOf, listed, shapeOf } from "./selection";

const places = ["node", "chromium"] as const;

interface Options {
  cells: ReturnType<typeof cellsOf>;
  shapes: string[];
  /** Seconds for all of it. */
  limit: number;
  out: string;
  /** Where it is given; else where a GPU is found. */
  on: (typeof places)[number] | undefined;
}

const help = `npm run gpu-report -- [options]

Computes PyTorch's recordings and times training steps on this machine's GPU, and writes gpu-report.json and gpu-report.md.
What does not fit into its seconds is named there.

  --out FOLDER         where to (default gpu-report)
  --limit SECONDS      for all of it, shared out (default 420)
  --cell C,…           default elman,lstm,gru
  --shape S,…          as npm run bench has them (default ${Object.keys(shapes).join(",")})
  --on node|chromium   default node where it finds a GPU, else chromium, whatever its adapter
  --help`;

const own: readonly EngineName[] = [
  { engine: "tempograd", backend: "webgpu", schedule: "fused" },
  { engine: "tempograd", backend: "webgpu", schedule: "measured" },
];
/** Of the seconds, at most; the rest is for the problems. */
const shareOfVerification = 0.25;

export async function main(args: string[]): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(complaintOf("gpu-report", error));
    return 2;
  }
  if (!options) {
    console.log(help);
    return 0;
  }
  const found = await makeReport(options, (what) => console.error(`${what} …`));
  console.log(`${options.out}/gpu-report.md, ${options.out}/gpu-report.json`);
  if (found.leftOut.length > 0) console.log(`left out, as they say by name: ${found.leftOut.length}`);
  const wrong = found.verification.flatMap(({ failures }) => failures).length;
  const rows = found.report?.rows.filter((row) => row.engine === "tempograd" && !isOk(row) && !isLate(row)) ?? [];
  for (const row of rows) console.log(`${row.cell} ${row.shape} ${nameOf(row)}: ${row.status}`);
  return wrong === 0 && rows.length === 0 ? 0 : 1;
}

function readOptions(args: string[]): Options | null {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: { out: text, limit: text, cell: text, shape: text, on: text, help: { type: "boolean" } },
  });
  if (values.help) return null;
  try {
    const chosen = listed(values.shape ?? Object.keys(shapes).join(","));
    for (const shape of chosen) shapeOf(shape);
    const cells = cellsOf(listed(values.cell ?? "elman,lstm,gru"));
    if (chosen.length === 0 || cells.length === 0) throw new Error("cell or --shape is empty, expected a name");
    return {
      ...{ cells, shapes: chosen, out: values.out ?? "gpu-report" },
      limit: numberFrom("limit", values.limit ?? "420", 1e-3, 1e6),
      on: values.on === undefined ? undefined : oneOf("on", values.on, places),
    };
  } catch (error) {
    throw error instanceof OptionError ? error : new OptionError(`--${(error as Error).message}`);
  }
}

async function makeReport(
  { cells, shapes, limit, out, on }: Options,
  doing: (what: string) => void,
): Promise<GpuReport> {
  const begin = performance.now();
  const left = () => limit - (performance.now() - begin) / 1000;
  const place = on ?? (await placeOfGpu());
  const found: GpuReport = { place, seconds: 0, limit, verification: [], report: null, leftOut: [] };
  await mkdir(out, { recursive: true });
  /** After each part, so that what ends it early costs no more than that part. */
  const write = async () => {
    found.seconds = (performance.now() - begin) / 1000;
    await writeFile(join(out, "gpu-report.json"), `${JSON.stringify(found, null, 2)}\n`);
    await writeFile(join(out, "gpu-report.md"), asMarkdown(found));
  };
  await verify(found, () => left() > (1 - shareOfVerification) * limit, doing);
  await write();
  const engines = [...own, ...(await programsHere(found.leftOut))];
  await runOn(place, own, async (opened) => {
    const listener = { doing, found() {} };
    const report = await beginReport(opened, listener);
    found.report = report;
    await write();
    const problems = shapes.flatMap((shape) => cells.map((cell) => ({ cell, shape })));
    for (const [i, { cell, shape }] of problems.entries()) {
      if (left() <= 0) {
        found.leftOut.push(`${cell} ${shape}: no time was left`);
        continue;
      }
      const until = left() - left() / (problems.length - i);
      /** Of the problem's share, what its earlier rows have left. */
      const secondsFor = () => Number(Math.max(left() - until, 1e-3).toPrecision(3));
      const selection = { work: "train" as const, cells: [cell], shapes: [shape], engines, limit, kernels: true };
      await addRows(report, selection, opened.perform, listener, { secondsFor });
      await write();
    }
    await endReport(report, opened.perform, listener);
    for (const row of report.rows.filter(isLate)) {
      found.leftOut.push(`${row.cell} ${row.shape} ${nameOf(row)}: ${row.status}`);
    }
  });
  await write();
  return found;
}

const isLate = ({ status }: { status: string }): boolean => status.startsWith("timed out");

/** Node where it finds a GPU: that needs no browser. */
async function placeOfGpu(): Promise<(typeof places)[number]> {
  try {
    (await openNodeGpu("gpu")).close();
    return "node";
  } catch {
    return "chromium";
  }
}

/** Those that are here; of the others, why they are not is added to what is left out. */
async function programsHere(leftOut: string[]): Promise<EngineName[]> {
  const here: EngineName[] = [];
  for (const name of programNames) {
    try {
      (await pyTorch(name.backend as "cpu" | "cuda")).end();
      here.push(name);
    } catch (error) {
      leftOut.push(`${nameOf(name)}: ${(error as Error).message}`);
    }
  }
  return here;
}

/** PyTorch's recordings on the place's adapter, as long as there is time. */
async function verify(
  { place, verification, leftOut }: GpuReport,
  hasTime: () => boolean,
  doing: (what: string) => void,
) {
  const test = resolve(import.meta.dirname, "../../test");
  for (const folder of ["recordings", "models"]) {
    const names = (await readdir(join(test, folder))).filter((name) => name.endsWith(".safetensors")).sort();
    const found = { folder, files: names.length, passed: 0, failures: [] as string[] };
    verification.push(found);
    doing(`Computing ${names.length} of PyTorch’s ${folder}`);
    await verifyingOn(place, "fused", async (compute) => {
      for (const [i, name] of names.entries()) {
        if (!hasTime()) {
          for (const one of names.slice(i)) leftOut.push(`${folder}/${one}: no time was left to verify it`);
          return;
        }
        const { passed, line } = described(await verdictOf(join(test, folder, name), compute));
        if (passed) found.passed++;
        else found.failures.push(`${basename(name, ".safetensors")} ${line.trim()}`);
      }
    });
  }
}
