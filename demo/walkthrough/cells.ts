// The cells that can be walked through: their gates, and what of them the picture shows.

export interface WalkCell {
  title: string;
  /** Letters of the blocks that W, Wʰ and b have, in their order; none where there is one block. */
  gates: readonly string[];
  /** What is drawn of a time step, from the top to the word: hidden state, cell state, gates, input. */
  rows: readonly Row[];
  /** What goes from one to the next of these, upwards. */
  upward: Readonly<Record<string, string>>;
  /** What goes from a time step to the next within a row, and how it is weighed. */
  carried?: { row: Row; by: string };
}

export type Row = "h" | "c" | "g" | "x";

export const cells = {
  elman: {
    title: "Elman",
    gates: [],
    rows: ["h", "x"],
    upward: { x: "W" },
  },
  lstm: {
    title: "LSTM",
    gates: ["i", "f", "g", "o"],
    rows: ["h", "c", "g", "x"],
    upward: { x: "W", g: "i ⊙ g", c: "o ⊙ tanh" },
    carried: { row: "c", by: "⊙ f" },
  },
  gru: {
    title: "GRU",
    gates: ["r", "z", "n"],
    rows: ["h", "g", "x"],
    upward: { x: "W", g: "⊙ (1 − z)" },
    carried: { row: "h", by: "⊙ z" },
  },
} as const satisfies Record<string, WalkCell>;

export type CellName = keyof typeof cells;

/** Where a word and the hidden state before it go in: the gates, or without any the hidden state. */
export const entryOf = ({ gates }: WalkCell): Row => (gates.length > 0 ? "g" : "h");

/** A gate's own block of a matrix, at a time step: `W_i`, `a_{i,1}`; of one block `W`, `a_1`. */
export const blockOf = (letter: string, gate: string | undefined, t?: number): string => {
  if (gate === undefined) return t === undefined ? letter : `${letter}_${t}`;
  return t === undefined ? `${letter}_${gate}` : `${letter}_{${gate},${t}}`;
};

/** The gates, or undefined for the one block. */
export const blocksOf = ({ gates }: WalkCell): readonly (string | undefined)[] =>
  gates.length > 0 ? gates : [undefined];
