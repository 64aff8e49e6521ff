// Every matrix of a round by its name in the equations: what was computed, and what the stages' equations make of it.

import { blockOf, blocksOf, cells } from "./cells";
import type { Round } from "./engine";
import { completed, type Matrices, type Matrix } from "./equations";
import { type Example, letters, type Numbers } from "./example";
import { stagesOf } from "./stages";

export function matricesOf(example: Example, round: Round, learningRate: number): Matrices {
  const lines = stagesOf(example).flatMap((stage) => stage.lines);
  return completed(givenOf(example, round, learningRate), lines);
}

type Labels = readonly string[];

/** What an engine computed; `α`, and 1 for the right answer. */
export function givenOf(
  { words, vocabulary, classes, target, cell, config, batch }: Example,
  { parameters, values, after }: Round,
  learningRate: number,
): Matrices {
  const matrices: Matrices = new Map();
  const units = Array.from({ length: config.hidden }, (_, i) => String(i + 1));
  const one = [""];
  const add = (name: string, rows: Labels, columns: Labels, from: ArrayLike<number>) =>
    void matrices.set(name, { rows, columns, values: from, given: true });
  const gates = blocksOf(cells[cell]);
  /** A matrix by its blocks of columns, one for each gate. */
  const addBlocks = (name: (gate: string | undefined) => string, rows: Labels, from: Numbers) => {
    for (const [i, gate] of gates.entries()) {
      const columns = rows.map((_, row) => {
        const start = (row * gates.length + i) * units.length;
        return Array.from(from.subarray(start, start + units.length));
      });
      add(name(gate), rows, units, columns.flat());
    }
  };

  const ofGates: Record<string, Labels> = { W: vocabulary, Wʰ: units, b: one };
  const others: Record<string, [Labels, Labels]> = { bʰ: [one, units], V: [units, classes], b_output: [one, classes] };
  for (const [name, letter] of Object.entries(letters)) {
    const own = parameters[name];
    if (!own) continue;
    for (const [before, from, behind] of [
      ["", own, ""],
      ["d", values.gradients[name]!, ""],
      ["", after[name]!, "′"],
    ] as const) {
      const rows = ofGates[letter];
      if (rows) addBlocks((gate) => `${before}${blockOf(letter, gate)}${behind}`, rows, from);
      else add(`${before}${letter}${behind}`, ...others[letter]!, from);
    }
  }

  const slab = (states: Numbers, t: number, width = units.length) => states.subarray(t * width, (t + 1) * width);
  const { hidden, cellStates, dHidden, kept } = values;
  for (let t = 0; t <= words.length; t++) {
    add(`h_${t}`, one, units, slab(hidden, t));
    if (cellStates) add(`c_${t}`, one, units, slab(cellStates, t));
    if (t === 0) continue;
    add(`x_${t}`, one, vocabulary, slab(batch.inputs, t - 1, vocabulary.length));
    add(`dh_${t}`, one, units, slab(dHidden, t));
    if (!kept) continue;
    const width = gates.length * units.length;
    addBlocks((gate) => blockOf("da", gate, t), one, slab(kept.dPreactivation, t - 1, width));
    if (gates.length > 1) addBlocks((gate) => `${gate}_${t}`, one, slab(kept.gates, t - 1, width));
    if (!kept.candidate) continue;
    add(`m_${t}`, one, units, slab(kept.candidate, t - 1));
    add(`dm_${t}`, one, units, slab(kept.dCandidate!, t - 1));
  }
  add("o", one, classes, values.logits);
  add("ŷ", one, classes, values.probabilities);
  add("ŷ_y", one, one, values.probabilities.slice(target, target + 1));
  add(
    "y",
    one,
    classes,
    classes.map((_, i) => Number(i === target)),
  );
  add("do", one, classes, values.dLogits);
  add("L", one, one, values.loss);
  add("α", one, one, [learningRate]);
  return matrices;
}

/** How far a matrix is from the reference's. */
export interface Check {
  /** The largest difference of two numbers. */
  difference: number;
  agrees: boolean;
}

/** Within float32's rounding: |a − b| ≤ 1e-5 + 1e-4·|b|. */
export function check({ values }: Matrix, { values: reference }: Matrix): Check {
  let difference = 0;
  let agrees = true;
  for (let i = 0; i < values.length; i++) {
    const distance = Math.abs(values[i]! - reference[i]!);
    difference = Math.max(difference, distance);
    agrees &&= distance <= 1e-5 + 1e-4 * Math.abs(reference[i]!);
  }
  return { difference, agrees };
}
