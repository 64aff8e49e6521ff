// What a run measures: cells, shapes and engines, from the words that name them.

import { type CellName, cellNames } from "../../src/index";
import type { EngineName, Work } from "./engines/names";
import { type Shape, shapes } from "./problem";
import { nameOf } from "./report";

export interface Selection {
  work: Work;
  cells: CellName[];
  /** Names of `shapes`, or BATCHxSTEPSxHIDDENxSYMBOLS. */
  shapes: string[];
  engines: EngineName[];
  /** Seconds that a row may take. */
  limit: number;
  /** Whether to time each of this library's dispatches as well. */
  kernels: boolean;
}

/** Seconds that a row may take unless told otherwise. */
export const defaultLimit = 60;

const named: Record<string, Shape> = shapes;
const mostOfShape = 1 << 16;

/** @throws where the text is neither a name of `shapes` nor four sizes. */
export function shapeOf(text: string): Shape {
  const known = Object.hasOwn(named, text) ? named[text] : undefined;
  if (known) return known;
  const sizes = text.split(/[x×]/).map(Number);
  const [batch, steps, hidden, symbols] = sizes;
  if (sizes.length !== 4 || !sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= mostOfShape)) {
    throw new Error(
      `shape is "${text}", expected ${Object.keys(named).join(", ")} or BATCHxSTEPSxHIDDENxSYMBOLS such as 32x64x128x64`,
    );
  }
  return { batch: batch!, steps: steps!, hidden: hidden!, symbols: symbols! };
}

/** A shape in words, for people. */
export function shapeText(text: string): string {
  const { batch, steps, hidden, symbols } = shapeOf(text);
  return `batch ${batch}, ${steps} steps, hidden ${hidden}, ${symbols} symbols`;
}

/** The parts of a list such as "S,M", each once. */
export const listed = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  ),
];

/** @throws where a word is no cell. */
export function cellsOf(words: readonly string[]): CellName[] {
  return words.map((word) => {
    const cell = cellNames.find((name) => name === word);
    if (!cell) throw new Error(`cell is "${word}", expected ${cellNames.join(", ")}`);
    return cell;
  });
}

/**
 * The engines that words name: "TF.js" all its backends, "TF.js/webgpu" one of them, "tempograd/webgpu/fused" one of
 * its schedules, "all" every engine.
 * @throws where a word names none.
 */
export function enginesOf(words: readonly string[], known: readonly EngineName[]): EngineName[] {
  const chosen = words.map((word) => {
    const found = known.filter(
      (one) => word === "all" || `${nameOf(one)}/`.toLowerCase().startsWith(`${word.toLowerCase()}/`),
    );
    if (found.length === 0) {
      throw new Error(`engine is "${word}", expected all, ${[...new Set(known.map(nameOf))].join(", ")}`);
    }
    return found;
  });
  return [...new Set(chosen.flat())];
}
