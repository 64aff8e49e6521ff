// What is to be seen of a unit, by the cell's name and those in its equations: what it is called, and what its numbers mean.

export interface UnitWords {
  title: string;
  meaning: string;
  /** The largest it can be, where there is such. */
  most?: 1;
}

const hidden: UnitWords = { title: "hidden state h", meaning: "what the unit tells the next step and the layer above" };

const gate = (title: string, meaning: string): UnitWords => ({ title, meaning, most: 1 });

const candidate = gate("candidate g", "what the input gate may let in, from −1 to 1");
const output = gate("output gate o", "1 shows the cell state in h, 0 hides it");
const kept: UnitWords = { title: "cell state c", meaning: "what is kept from step to step, past all matrices" };

const lstm = {
  i: gate("input gate i", "1 lets the candidate into the cell state, 0 keeps it out"),
  f: gate("forget gate f", "1 keeps the cell state, 0 clears it"),
  g: candidate,
  o: output,
  c: kept,
};

/** Of cells that have gates, or states beside h. */
const words: Readonly<Record<string, Readonly<Record<string, UnitWords>>>> = {
  lstm,
  "peephole-lstm": lstm,
  "coupled-lstm": {
    f: gate("forget gate f", "1 keeps the cell state, 0 puts the candidate in its place"),
    g: gate("candidate g", "what is put into the cell state, from −1 to 1"),
    o: output,
    c: kept,
  },
  slstm: {
    i: gate("input gate i", "how much of the candidate comes in, beside the forget gate: the larger of both is 1"),
    f: gate("forget gate f", "how much of the cell state stays, beside the input gate: the larger of both is 1"),
    z: gate("candidate z", "what the input gate may let in, from −1 to 1"),
    o: output,
    c: { title: "cell state c", meaning: "what is kept from step to step; h shows c / n" },
    n: { title: "normaliser n", meaning: "how much the cell state has gathered" },
    m: { title: "stabiliser m", meaning: "the logarithm by which both gates are scaled" },
  },
  gru: {
    r: gate("reset gate r", "1 lets the candidate see the past, 0 hides it"),
    z: gate("update gate z", "1 keeps h as it was, 0 puts the candidate in its place"),
    n: gate("candidate n", "what is put in the place of h, from −1 to 1"),
  },
  mingru: { z: gate("update gate z", "1 puts the candidate in the place of h, 0 keeps h as it was") },
  minlstm: { f: gate("forget gate f / (f + i)", "1 keeps h as it was, 0 puts the candidate in its place") },
};

/** By name, h first. */
export const unitWords = (cell: string): Readonly<Record<string, UnitWords>> => ({ h: hidden, ...words[cell] });
