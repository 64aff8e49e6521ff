// Where things are in the pictures, in CSS pixels: columns of time that all of them share.

import { svg } from "../page";

/** Room for names at the left of the first column, and past the last. */
export const left = 28;
export const right = 4;

/** The least width of a column is a finger's; the widest keeps a short sequence together. */
const [leastColumn, mostColumn] = [24, 80];
const characterWidth = 9;

/** Between neighbouring cells. */
export const gap = 6;

export interface Columns {
  steps: number;
  width: number;
}

/** Columns that fill a width, as far as they may. @param longest characters of the longest label. */
export function columnsIn(available: number, steps: number, longest: number): Columns {
  const least = Math.max(leastColumn, characterWidth * longest + gap);
  const fitting = Math.floor((available - left - right) / steps);
  return { steps, width: Math.max(least, Math.min(mostColumn, fitting)) };
}

/** The left edge of a column, and its middle. */
export const edge = ({ width }: Columns, step: number): number => left + step * width;
export const middle = ({ width }: Columns, step: number): number => left + (step + 0.5) * width;

export const totalWidth = ({ steps, width }: Columns): number => left + steps * width + right;

/** A frame around the column of the step whose loss alone counts. */
export const marked = (columns: Columns, step: number, height: number): SVGElement =>
  svg("rect", {
    class: "target",
    x: edge(columns, step) + 1,
    y: 1,
    width: columns.width - 2,
    height: height - 1,
    rx: 3,
  });
