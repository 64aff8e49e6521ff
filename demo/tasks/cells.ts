// The cells by name, the same in the pages and the terminal. Those that are no words of the library load when asked for.

import type { CellName, DefinedCell } from "../../src/index";

interface CellDescription {
  /** On the page's form. */
  label: string;
  /** How much more than an Elman cell it takes of the learning rate, in tasks that do not say it. */
  rate: number;
  /** Whether its units do not meet: it has no matrix U. */
  apart?: true;
}

/** A new one is described here, and its value stands in defined-cells.ts. */
export const cells = {
  elman: { label: "Elman", rate: 1 },
  gru: { label: "GRU", rate: 2 },
  lstm: { label: "LSTM", rate: 4 },
  "peephole-lstm": { label: "LSTM with peepholes", rate: 4 },
  "coupled-lstm": { label: "LSTM, input and forget gate coupled", rate: 4 },
  slstm: { label: "sLSTM, exponential gates", rate: 1 },
  indrnn: { label: "IndRNN, units apart", rate: 1, apart: true },
  mingru: { label: "minGRU, gates of the input alone", rate: 1, apart: true },
  minlstm: { label: "minLSTM, gates of the input alone", rate: 1, apart: true },
} satisfies Record<string, CellDescription>;

export type CellWord = keyof typeof cells;

export const cellWords = Object.keys(cells) as CellWord[];

export const cellsApart: readonly CellWord[] = cellWords.filter((word) => "apart" in cells[word]);

const isNamed = (word: CellWord): word is CellName => word === "elman" || word === "gru" || word === "lstm";

/** The cell that a word names, for the option `cell` of a network. */
export async function cellOf(word: CellWord): Promise<CellName | DefinedCell> {
  return isNamed(word) ? word : (await import("./defined-cells")).definedCells[word];
}

/** All that are not the library's own words: files that hold one are read with them. */
export const definedCells = async (): Promise<DefinedCell[]> =>
  Object.values((await import("./defined-cells")).definedCells);
