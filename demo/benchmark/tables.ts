// The benchmark's report in the terminal.

import { maximum } from "../extremes";
import { kernelFigures, kernelHeadings, limitFigures, rowFigures, rowHeadings } from "./figures";
import type { AdapterLimits, Environment, KernelTable, Row } from "./report";
import { shapeText } from "./selection";

/** Columns as wide as they must be: `words` of them to the left, the others to the right but for the last `tail`. */
export function table(rows: readonly (readonly string[])[], words: number, tail: number): string[] {
  const widths = rows[0]!.map((_, column) => maximum(rows.map((row) => [...row[column]!].length)));
  const cell = (text: string, column: number) => {
    const space = " ".repeat(widths[column]! - [...text].length);
    return column < words || column >= widths.length - tail ? text + space : space + text;
  };
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}

export function environmentLines(environment: Environment): string[] {
  const { adapter, software, browser, platform, commit, versions, timerUs } = environment;
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${adapter}${software ? " (software: it computes on the processor)" : ""}, ${browser}, ${platform}`,
    `${others.join(", ")}, commit ${commit}, timer ${timerUs} µs`,
  ];
}

export const limitLines = (limits: AdapterLimits): string[] => table(limitFigures(limits), 1, 1);

export function rowLines(rows: readonly Row[]): string[] {
  const shapes = [...new Set(rows.map(({ shape }) => shape))].map((shape) => `${shape}: ${shapeText(shape)}`);
  return [...table([rowHeadings, ...rows.map(rowFigures)], 4, 2), "", ...shapes];
}

/** @param limits what the shares are of */
export function kernelLines(kernels: KernelTable, limits: AdapterLimits | null): string[] {
  const { cell, shape, schedule, status } = kernels;
  const title = `${cell} ${shape} ${schedule}, dispatch by dispatch`;
  if (!kernels.kernels) return [`${title}: ${status}`];
  const rows = kernels.kernels.map((kernel) => kernelFigures(kernel, kernels, limits));
  return [`${title}:`, ...table([kernelHeadings, ...rows], 2, 0)];
}
