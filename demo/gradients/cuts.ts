// Truncated backpropagation through time: the sequence in windows, each beginning with the state that the one before it
// ended with, and what their gradient lacks.

import { gradientNorm, type Numbers, type Traced } from "./engine";
import { hidden, type Work } from "./networks";
import { norm } from "./spectrum";

/**
 * A sequence cut every so many steps: its windows side by side, rows of one batch, which begin with the states that the whole
 * sequence went through. Their common loss is the sequence's; what differs is the gradient, which stays in its window.
 * @param states h [T + 1, H] of the whole.
 */
export function cutWork({ config, parameters, batch, shape, steps }: Work, every: number, states: Numbers): Work {
  const rows = shape.steps; // as many windows as there may be, of any length; those past the end have no target
  const inputs = new Float32Array(shape.steps * rows);
  const targets = new Int32Array(shape.steps * rows).fill(-1);
  const lengths = new Int32Array(rows).fill(1);
  const initialState = new Float32Array(rows * hidden);
  for (let t = 0; t < steps; t++) {
    const [row, step] = [Math.floor(t / every), t % every];
    if (step === 0) initialState.set(states.subarray(t * hidden, (t + 1) * hidden), row * hidden);
    inputs[step * rows + row] = batch.inputs[t]!;
    targets[step * rows + row] = batch.targets[t]!;
    lengths[row] = step + 1;
  }
  return {
    ...{ config, parameters, steps },
    batch: { inputs, targets, lengths, initialState },
    shape: { ...shape, batch: rows, initialState: true },
  };
}

/** What the gradient of the windows lacks of that of the whole. */
export interface Loss {
  /** ‖dθ‖ of both, and the cosine between them */
  whole: number;
  cut: number;
  cosine: number;
  /** Of each step [T]: ‖dL/dh_t‖ of the whole, and ‖what the windows lack of it‖ as a share of that */
  norms: number[];
  lost: number[];
}

/** @param cut of `cutWork`. */
export function lossOf(whole: Traced, cut: Traced, every: number, steps: number): Loss {
  const rows = whole.dHidden.length / hidden - 1; // as many as there are steps at most
  const norms: number[] = [];
  const lost: number[] = [];
  for (let t = 1; t <= steps; t++) {
    const row = (((t - 1) % every) + 1) * rows + Math.floor((t - 1) / every);
    const dh = whole.dHidden.subarray(t * hidden, (t + 1) * hidden);
    const rest = Array.from(dh, (value, i) => value - cut.dHidden[row * hidden + i]!);
    const all = norm(dh);
    norms.push(all);
    lost.push(all === 0 ? 0 : norm(rest) / all);
  }
  let product = 0;
  for (const name of Object.keys(whole.gradients)) {
    const [a, b] = [whole.gradients[name]!, cut.gradients[name]!];
    for (let i = 0; i < a.length; i++) product += a[i]! * b[i]!;
  }
  const [of, ofCut] = [gradientNorm(whole.gradients), gradientNorm(cut.gradients)];
  return { whole: of, cut: ofCut, cosine: product / (of * ofCut), norms, lost };
}
