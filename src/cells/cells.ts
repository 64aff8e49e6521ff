// The table of cells for the GPU: a network has one of these, by name, or one of its user's own.

import type { Cell, CellDefinition } from "./cell";
import type { DefinedCell } from "./define-cell";
import { type ElmanOptions, elman } from "./elman";
import { type GruOptions, gru } from "./gru";
import { lstm } from "./lstm";

/** What cells let one choose, each its own. */
export interface CellOptions extends ElmanOptions, GruOptions {}

export const cells = { elman, gru, lstm } satisfies Record<string, CellDefinition<CellOptions>>;

export type CellName = keyof typeof cells;

export const cellNames = Object.keys(cells) as CellName[];

/** A cell by its name, with what it lets one choose, or one that `defineCell` made. */
export interface NamedCell extends CellOptions {
  cell: CellName | DefinedCell;
}

/** What a cell is called. */
export const nameOfCell = ({ cell }: NamedCell): string => (typeof cell === "string" ? cell : cell.name);

const definitionOf = ({ cell }: NamedCell): CellDefinition<CellOptions> =>
  typeof cell === "string" ? cells[cell] : cell;

/** The options that a cell has of its own, and the words that each may be, the default first. */
export const choicesOf = (options: NamedCell) => definitionOf(options).choices;

/** The cell that options name, as the GPU's sweeps need it. */
export const cellOf = (options: NamedCell): Cell => definitionOf(options).gpu(options);
