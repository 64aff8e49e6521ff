// The table of cells: a network has one of these, by name.

import type { Cell, CellDefinition, CellOptions, ReferenceCell } from "./cell";
import { elman } from "./elman";
import { gru } from "./gru";
import { lstm } from "./lstm";

export const cells = { elman, gru, lstm } satisfies Record<string, CellDefinition>;

export type CellName = keyof typeof cells;

export const cellNames = Object.keys(cells) as CellName[];

/** A cell by its name, with what it lets one choose. */
export interface NamedCell extends CellOptions {
  cell: CellName;
}

/** The cell that options name, as the GPU's sweeps need it. */
export const cellOf = (options: NamedCell): Cell => cells[options.cell].gpu(options);

/** The cell that options name, in float64. */
export const referenceCellOf = (options: NamedCell): ReferenceCell => cells[options.cell].reference(options);
