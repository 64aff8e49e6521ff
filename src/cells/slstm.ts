// The sLSTM: gates i f z o, i and f exponential; n counts what c has gathered, m keeps both in range.

import { exp, max, sigmoid, tanh } from "../expressions/functions";
import { type DefinedCell, defineCell } from "./define-cell";

/**
 * The sLSTM of xLSTM, of one head, for the option `cell`. Beside h it has the states c, n and m, zero at first: the true
 * cell and its normaliser are c·eᵐ and n·eᵐ. Initial states that one gives have an n above zero, or c and n zero.
 *
 * Source: equations 8 to 18 of Beck et al., "xLSTM: Extended Long Short-Term Memory", 2024, with the exponential forget gate.
 */
export const slstm: DefinedCell = /* @__PURE__ */ defineCell({
  name: "slstm",
  gates: ["i", "f", "z", "o"],
  states: ["h", "c", "n", "m"],
  step({ i, f, z, o }, { c, n, m }) {
    const past = f.plus(m).named("past");
    const largest = max(past, i);
    const input = exp(i.minus(largest)).named("input");
    const forget = exp(past.minus(largest)).named("forget");
    const cell = forget.times(c).plus(input.times(tanh(z)));
    const normaliser = forget.times(n).plus(input);
    return { h: sigmoid(o).times(cell).over(normaliser), c: cell, n: normaliser, m: largest };
  },
});
