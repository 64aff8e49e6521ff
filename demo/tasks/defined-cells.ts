// The cells of cells.ts that are no words of the library but values, given by their equations.

import {
  type CellName,
  coupledLstm,
  type DefinedCell,
  indrnn,
  minGru,
  minLstm,
  peepholeLstm,
  slstm,
} from "../../src/index";
import type { CellWord } from "./cells";

export const definedCells: Readonly<Record<Exclude<CellWord, CellName>, DefinedCell>> = {
  "peephole-lstm": peepholeLstm,
  "coupled-lstm": coupledLstm,
  slstm,
  indrnn,
  mingru: minGru,
  minlstm: minLstm,
};
