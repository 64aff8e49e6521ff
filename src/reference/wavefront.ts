// The sweeps through time of all layers of a stack, in plain order: a layer after the other.

import type { CellState, CellWeights } from "../cells/cell";
import { matmul, matmulTransposeB, type Numbers } from "./matmul";
import {
  recurrenceBackward,
  recurrenceForward,
  type SweepGradients,
  type SweepShape,
  type SweepStates,
} from "./recurrence";

/** What one layer multiplies the layer below with, W [H, G·H] and b [G·H], and its own past. */
export interface LayerWeights extends CellWeights {
  inputWeight: Numbers;
  bias: Numbers;
}

export interface LayerStates extends SweepStates {
  /** a = x·W + b [T, B, G·H] */
  preactivation: Numbers;
}

/**
 * Every state of every layer, from the lowest to the highest.
 * @param preactivation a of the lowest layer [T, B, G·H]
 * @param initial h_0 and c_0 of each layer
 */
export function wavefrontForward(
  shape: SweepShape,
  preactivation: Numbers,
  layers: readonly LayerWeights[],
  initial: readonly CellState[],
): LayerStates[] {
  const { cell, steps, batch, hidden } = shape;
  const states: LayerStates[] = [];
  for (const [l, weights] of layers.entries()) {
    const x = states.at(-1)?.hidden.slice(batch * hidden);
    const { inputWeight: W, bias } = weights;
    const a = x ? matmul(x, W, steps * batch, hidden, cell.gates * hidden, bias) : preactivation;
    states.push({ preactivation: a, ...recurrenceForward(shape, a, weights, initial[l]!) });
  }
  return states;
}

/**
 * Back through every step of every layer.
 * @param dOutput [T, B, H]: dL/dh_t of the highest layer without the path through later steps
 * @param dFinal [B, H]: likewise of the state after its sweep
 */
export function wavefrontBackward(
  shape: SweepShape,
  layers: readonly LayerWeights[],
  states: readonly LayerStates[],
  dOutput: Float64Array,
  dFinal: Float64Array,
): SweepGradients[] {
  const { cell, steps, batch, hidden } = shape;
  const gradients: SweepGradients[] = [];
  let dHidden = dOutput;
  let dEnd = dFinal;
  for (const [l, weights] of [...layers.entries()].reverse()) {
    const { preactivation, ...swept } = states[l]!;
    const back = recurrenceBackward(shape, preactivation, weights, swept, dHidden, dEnd);
    gradients.unshift(back);
    if (l > 0) {
      dHidden = matmulTransposeB(back.preactivation, weights.inputWeight, steps * batch, cell.gates * hidden, hidden);
    }
    dEnd = new Float64Array(dFinal.length);
  }
  return gradients;
}
