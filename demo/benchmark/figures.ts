// How the benchmark's numbers are written, on the page and in the terminal.

import type { AdapterLimits, KernelTable, KernelTime, Row } from "./report";

/** Three digits that count, without an exponent; a dash where there is no number. */
export function figure(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return "–";
  return value.toLocaleString(
    "en",
    Math.abs(value) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}

export const percent = (share: number | null | undefined): string =>
  share == null || !Number.isFinite(share) ? "–" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/** Limits in words, each with its figure and unit. */
export function limitFigures(limits: AdapterLimits): [name: string, figure: string][] {
  const { mulAddGflops, mulAddGflopsAtBegin, mulAddGflopsAtEnd } = limits;
  const both = `${figure(mulAddGflopsAtBegin)} at the beginning, ${figure(mulAddGflopsAtEnd)} at the end`;
  return [
    ["Mul-add peak", `${figure(mulAddGflops)} Gflop/s (${both})`],
    ["Copying, read and write", `${figure(limits.copyGBs)} GB/s`],
    ["A dispatch", `${figure(limits.dispatchUs)} µs`],
    ["A dispatch that needs the last one", `${figure(limits.dependentDispatchUs)} µs`],
    ["A barrier of 256 threads", `${figure(limits.barrierUs)} µs`],
    ["A submit", `${figure(limits.submitUs)} µs`],
    ["A readback", `${figure(limits.readbackUs)} µs`],
  ];
}

export const rowHeadings = [
  ...["Work", "Cell", "Shape", "Engine", "First step, ms", "Step, ms", "5% to 95%", "Tokens/s", "Gflop/s", "Of peak"],
  ...["MB", "Dispatches", "Losses", "Status"],
] as const;

/** In the order of `rowHeadings`. */
export function rowFigures(row: Row): string[] {
  const { work, cell, shape, engine, backend, schedule, p5Ms, p95Ms, bytes, losses } = row;
  return [
    work,
    cell,
    shape,
    [engine, backend, schedule].filter(Boolean).join(" "),
    figure(row.firstMs),
    figure(row.medianMs),
    p5Ms === null ? "–" : `${figure(p5Ms)} – ${figure(p95Ms)}`,
    figure(row.tokensPerSecond && Math.round(row.tokensPerSecond)),
    figure(row.gflops),
    percent(row.shareOfPeak),
    figure(bytes && bytes / 1e6),
    figure(row.dispatches),
    losses.map((loss) => loss?.toFixed(4) ?? "none").join(" ") || "–",
    row.status,
  ];
}

export const kernelHeadings = [
  ...["Computes", "Kernel", "Dispatches", "ms", "Of step"],
  ...["Gflop/s", "Of peak", "GB/s", "Of copying"],
] as const;

/** In the order of `kernelHeadings`. What a share is of is not known where a part of it is not measurable. */
export function kernelFigures(kernel: KernelTime, { kernels }: KernelTable, limits: AdapterLimits | null): string[] {
  const { label, count, ms, flops, bytes } = kernel;
  const known = (kernels ?? []).every((one) => one.ms !== null);
  const total = (kernels ?? []).reduce((sum, one) => sum + (one.ms ?? 0), 0);
  const perMs = (amount: number) => (ms === null ? null : amount / ms / 1e6);
  const [gflops, rate] = [perMs(flops), perMs(bytes)];
  return [
    label,
    kernel.kernel,
    String(count),
    ms === null ? "not measurable" : figure(ms),
    percent(known && ms !== null ? ms / total : null),
    figure(gflops),
    percent(limits && gflops !== null ? gflops / limits.mulAddGflops : null),
    figure(rate),
    percent(limits && rate !== null ? rate / limits.copyGBs : null),
  ];
}
