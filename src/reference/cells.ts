// The table of cells.

import type { Cell } from "./cell";
import { elman } from "./elman";
import { gru } from "./gru";
import { lstm } from "./lstm";

/** A cell by its name, with what it lets one choose. */
export interface CellOptions {
  cell: "elman" | "gru" | "lstm";
  /** Elman's f. Default "tanh". */
  activation?: "tanh" | "relu";
  /** Whether the GRU resets its past after the product with U_n, as PyTorch does, or before it. Default "after". */
  reset?: "after" | "before";
}

const cells: Record<CellOptions["cell"], (options: CellOptions) => Cell> = {
  elman: ({ activation = "tanh" }) => elman(activation),
  gru: ({ reset = "after" }) => gru(reset),
  lstm: () => lstm,
};

export const cellOf = (options: CellOptions): Cell => cells[options.cell](options);
