// The table of cells in float64, by the same names.

import type { ReferenceCell } from "./cell";
import type { CellName, CellOptions, NamedCell } from "./cells";
import { elmanReference } from "./elman";
import { gruReference } from "./gru";
import { lstmReference } from "./lstm";

const referenceCells: Record<CellName, (options: CellOptions) => ReferenceCell> = {
  elman: elmanReference,
  gru: gruReference,
  lstm: lstmReference,
};

/** The cell of options, in float64. */
export const referenceCellOf = (options: NamedCell): ReferenceCell => {
  const { cell } = options;
  return typeof cell === "string" ? referenceCells[cell](options) : cell.reference();
};
