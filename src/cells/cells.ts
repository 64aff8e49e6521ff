// The table of cells for the GPU: a network has one of these, by name.

import type { Cell, CellDefinition } from "./cell";
import { type ElmanOptions, elman } from "./elman";
import { type GruOptions, gru } from "./gru";
import { lstm } from "./lstm";

/** What cells let one choose, each its own. */
export interface CellOptions extends ElmanOptions, GruOptions {}

export const cells = { elman, gru, lstm } satisfies Record<string, CellDefinition<CellOptions>>;

export type CellName = keyof typeof cells;

export const cellNames = Object.keys(cells) as CellName[];

/** A cell by its name, with what it lets one choose. */
export interface NamedCell extends CellOptions {
  cell: CellName;
}

const definitionOf = ({ cell }: NamedCell): CellDefinition<CellOptions> => cells[cell];

/** The options that a cell has of its own, and the words that each may be, the default first. */
export const choicesOf = (options: NamedCell) => definitionOf(options).choices;

/** The cell that options name, as the GPU's sweeps need it. */
export const cellOf = (options: NamedCell): Cell => definitionOf(options).gpu(options);
