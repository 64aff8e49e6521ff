// The two sweeps through time, whatever the cell: forward along the steps or against them, and back.

import type { CellState, CellWeights, ReferenceCell } from "../cells/cell";
import type { Numbers } from "./matmul";

/** A sequence of length n lives in steps 1 … n; in other steps states and gradients are passed on unchanged. */
export interface SweepShape {
  cell: ReferenceCell;
  steps: number;
  batch: number;
  hidden: number;
  /** [B] */
  lengths: Numbers;
  /** Whether the sweep goes from step T to step 1. */
  reverse: boolean;
}

/** h [T + 1, B, H] and the states beside it [T + 1, B, S·H], in the order of the sweep: slab 0 is what it starts from. */
export interface SweepStates {
  hidden: Float64Array;
  cell: Float64Array;
}

export interface SweepGradients {
  /** dL/da [T, B, G·H], in the order of time */
  preactivation: Float64Array;
  /** dL/dh by all paths [T + 1, B, H], in the order of the sweep: slab 0 is for the initial state */
  hidden: Float64Array;
  /** Likewise of the states beside it [T + 1, B, S·H] */
  cell: Float64Array;
  /** dL/dU [H, G·H] */
  recurrentWeight: Float64Array;
  /** dL/db_hn [H]; empty where there is none */
  recurrentBias: Float64Array;
  /** Of the parameters of a number a unit [P·H] */
  unitParameters: Float64Array;
}

/**
 * Every state of a sweep.
 * @param preactivation a [T, B, G·H], in the order of time
 * @param initial h_0 [B, H], and of the states beside it [B, S·H]
 */
export function recurrenceForward(
  shape: SweepShape,
  preactivation: Numbers,
  weights: CellWeights,
  initial: CellState,
): SweepStates {
  const { cell, steps, batch } = shape;
  const states = statesOf(shape);
  states.hidden.set(initial.hidden);
  states.cell.set(initial.cell);
  const a = rowsOf(Float64Array.from(preactivation), cell.gates * shape.hidden);
  for (let slab = 1; slab <= steps; slab++) {
    const step = stepOf(shape, slab);
    for (let b = 0; b < batch; b++) {
      const before = stateAt(shape, states, slab - 1, b);
      const live = step <= shape.lengths[b]!;
      const after = live ? cell.forward(a((step - 1) * batch + b), before, weights) : before;
      const now = stateAt(shape, states, slab, b);
      now.hidden.set(after.hidden);
      now.cell.set(after.cell);
    }
  }
  return states;
}

/**
 * Back through every step of a sweep.
 * @param dOutput [T, B, H], in the order of time: dL/dh_t without the path through later steps
 * @param dFinal [B, H]: dL/d(the state after the sweep) by what reads it
 */
export function recurrenceBackward(
  shape: SweepShape,
  preactivation: Numbers,
  weights: CellWeights,
  states: SweepStates,
  dOutput: Float64Array,
  dFinal: Float64Array,
): SweepGradients {
  const { cell, steps, batch, hidden } = shape;
  const gradients: SweepGradients = {
    preactivation: new Float64Array(preactivation.length),
    ...statesOf(shape),
    recurrentWeight: new Float64Array(weights.recurrentWeight.length),
    recurrentBias: new Float64Array(weights.recurrentBias.length),
    unitParameters: new Float64Array(weights.unitParameters.length),
  };
  const a = rowsOf(Float64Array.from(preactivation), cell.gates * hidden);
  const da = rowsOf(gradients.preactivation, cell.gates * hidden);
  const dRead = rowsOf(dOutput, hidden);
  gradients.hidden.set(dFinal, steps * batch * hidden);
  for (let slab = steps; slab >= 1; slab--) {
    const step = stepOf(shape, slab);
    for (let b = 0; b < batch; b++) {
      const row = (step - 1) * batch + b;
      const dAfter = stateAt(shape, gradients, slab, b);
      const dBefore = stateAt(shape, gradients, slab - 1, b);
      const live = step <= shape.lengths[b]!;
      if (live) {
        for (let j = 0; j < hidden; j++) dAfter.hidden[j]! += dRead(row)[j]!;
        const before = stateAt(shape, states, slab - 1, b);
        const back = cell.backward(a(row), before, weights, dAfter, gradients);
        da(row).set(back.preactivation);
        dBefore.hidden.set(back.hidden);
        dBefore.cell.set(back.cell);
      } else {
        dBefore.hidden.set(dAfter.hidden);
        dBefore.cell.set(dAfter.cell);
      }
    }
  }
  return gradients;
}

/** The time step, from 1, after which the sweep is in a slab. */
const stepOf = ({ steps, reverse }: SweepShape, slab: number) => (reverse ? steps + 1 - slab : slab);

/** Zeros. */
function statesOf({ cell, steps, batch, hidden }: SweepShape): SweepStates {
  const length = (steps + 1) * batch * hidden;
  return { hidden: new Float64Array(length), cell: new Float64Array(cell.states * length) };
}

/** The rows of an array, as views. */
const rowsOf = (values: Float64Array, width: number) => (row: number) =>
  values.subarray(row * width, (row + 1) * width);

/** The state of one row in a slab, as views. */
function stateAt({ cell, batch, hidden }: SweepShape, states: SweepStates, slab: number, b: number): SweepStates {
  const row = slab * batch + b;
  return { hidden: rowsOf(states.hidden, hidden)(row), cell: rowsOf(states.cell, cell.states * hidden)(row) };
}
