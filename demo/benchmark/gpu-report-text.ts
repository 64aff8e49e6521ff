// A report on a machine's GPU, and how it reads.

import { minimum } from "../extremes";
import { figure, limitFigures, percent } from "./figures";
import { isOk, nameOf, problemKey, type Report, type Row } from "./report";
import { environmentLines, kernelLines, rowLines } from "./tables";

export interface GpuReport {
  /** Where WebGPU was. */
  place: "node" | "chromium";
  /** That it took, and that it had. */
  seconds: number;
  limit: number;
  /** Of PyTorch's recordings, by the folder they are in: how many agree, and a line for each that does not. */
  verification: { folder: string; files: number; passed: number; failures: string[] }[];
  /** Null until the adapter was looked at. */
  report: Report | null;
  /** What is not in it, and why. */
  leftOut: string[];
}

/** Markdown, for people. */
export function asMarkdown({ place, seconds, limit, verification, report, leftOut }: GpuReport): string {
  return [
    ...["# What this GPU computes, and how fast", ""],
    ...(report ? [...environmentLines(report.environment), "", ...isSoftware(report), report.environment.date] : []),
    ...[`WebGPU in ${place}; ${figure(seconds)} s of ${figure(limit)} s.`, "", "## PyTorch’s numbers", ""],
    ...verification.flatMap(({ folder, files, passed, failures }) => [
      `- ${folder}: ${passed} of ${files} agree to 1e-4, ${failures.length} do not`,
      ...failures.map((line) => `  - ${line}`),
    ]),
    ...(report ? ofSpeed(report) : []),
    ...["", "## Left out", "", ...(leftOut.length > 0 ? leftOut.map((what) => `- ${what}`) : ["Nothing."]), ""],
  ].join("\n");
}

const isSoftware = ({ environment }: Report): string[] =>
  environment.software ? ["**A software adapter: these figures say nothing of a GPU.**", ""] : [];

const ofSpeed = ({ limits, rows, kernels }: Report): string[] => [
  ...(limits ? ["", "## The adapter’s limits", "", ...table(["", ""], limitFigures(limits))] : []),
  ...(rows.length > 0
    ? [
        ...["", "## Milliseconds a training step", ""],
        "Of tempograd with its share of the adapter’s mul-add peak, of PyTorch with how many times tempograd’s fastest it takes.",
        ...["", ...overview(rows), "", "```", ...rowLines(rows), "```"],
      ]
    : []),
  ...(kernels.length > 0 ? ["", "## Kernel by kernel"] : []),
  ...kernels.flatMap((one) => ["", "```", ...kernelLines(one, limits), "```"]),
];

/** A line a cell and engine, a column a shape. */
function overview(rows: readonly Row[]): string[] {
  const shapes = [...new Set(rows.map(({ shape }) => shape))];
  const lineKey = (row: Row) => `${row.cell}, ${nameOf(row)}`;
  const lines = [...new Set(rows.map(lineKey))].sort();
  const cell = (line: string, shape: string) => {
    const row = rows.find((one) => lineKey(one) === line && one.shape === shape);
    return row ? timeOf(row, rows) : "–";
  };
  return table(
    ["", ...shapes],
    lines.map((line) => [line, ...shapes.map((shape) => cell(line, shape))]),
  );
}

function timeOf(row: Row, rows: readonly Row[]): string {
  if (!isOk(row) || row.medianMs === null) return row.status;
  if (row.engine === "tempograd") return `${figure(row.medianMs)}, ${percent(row.shareOfPeak)}`;
  const own = rows.filter((one) => one.engine === "tempograd" && isOk(one) && problemKey(one) === problemKey(row));
  const fastest = minimum(own.map(({ medianMs }) => medianMs ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(fastest)
    ? `${figure(row.medianMs)}, ${figure(row.medianMs / fastest)}×`
    : figure(row.medianMs);
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`,
  );
