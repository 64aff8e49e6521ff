// The table of cells for the GPU: a network has one of these, by name, or one of its user's own.

import type { Cell, CellDefinition, CellFacts } from "./cell";
import type { DefinedCell } from "./define-cell";
import { type ElmanOptions, elman } from "./elman";
import { type GruOptions, gru } from "./gru";
import { lstm } from "./lstm";

/** What cells let one choose, each its own. */
export interface CellOptions extends ElmanOptions, GruOptions {}

export const cells = { elman, gru, lstm } satisfies Record<string, CellDefinition<CellOptions>>;

/** The cells that have a name of their own: elman, gru, lstm. */
export type CellName = keyof typeof cells;

/** All of these names. */
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

/** The cell that options name. */
export const cellOf = (options: NamedCell): CellFacts => definitionOf(options).gpu(options);

/** The shaders of those in the table. */
const shaders: Readonly<Record<CellName, () => Promise<{ default: string }>>> = {
  elman: () => import("../../shaders/elman.wgsl?raw"),
  gru: () => import("../../shaders/gru.wgsl?raw"),
  lstm: () => import("../../shaders/lstm.wgsl?raw"),
};

/** Loads the shaders of those of some cells that are in the table. @returns any of those cells, as the GPU's sweeps need it. */
export async function loadCells(named: readonly NamedCell[]): Promise<(options: NamedCell) => Cell> {
  const names = cellNames.filter((name) => named.some(({ cell }) => cell === name));
  const loaded = await Promise.all(names.map(async (name) => [name, (await shaders[name]()).default] as const));
  const sources = new Map(loaded);
  return (options) =>
    typeof options.cell === "string" ? { ...cellOf(options), source: sources.get(options.cell)! } : options.cell.gpu();
}
