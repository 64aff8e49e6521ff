// The two sweeps through time of an Elman layer, as the textbook has them.

import type { Numbers } from "./matmul";

export interface SweepShape {
  steps: number;
  batch: number;
  hidden: number;
  activation: "tanh" | "relu";
}

/**
 * h_t = f(a_t + h_{t−1}·U). A sequence of length n lives in steps 1 … n; after it h stays as it is.
 * @param preactivation a [T, B, H]
 * @param recurrentWeight U [H, H]
 * @param lengths [B]
 * @param initial h_0 [B, H]
 * @returns h [T + 1, B, H], slab 0 is h_0
 */
export function recurrenceForward(
  { steps, batch, hidden, activation }: SweepShape,
  preactivation: Numbers,
  recurrentWeight: Numbers,
  lengths: Numbers,
  initial: Numbers,
): Float64Array {
  const h = new Float64Array((steps + 1) * batch * hidden);
  h.set(initial);
  for (let t = 1; t <= steps; t++) {
    for (let b = 0; b < batch; b++) {
      const now = (t * batch + b) * hidden;
      const before = now - batch * hidden;
      for (let j = 0; j < hidden; j++) {
        if (t > lengths[b]!) {
          h[now + j] = h[before + j]!;
          continue;
        }
        let a = preactivation[before + j]!;
        for (let k = 0; k < hidden; k++) a += h[before + k]! * recurrentWeight[k * hidden + j]!;
        h[now + j] = activation === "tanh" ? Math.tanh(a) : Math.max(a, 0);
      }
    }
  }
  return h;
}

const dTanh = (h: number) => 1 - h * h;
const dRelu = (h: number) => (h > 0 ? 1 : 0);

/**
 * dh_t = dOutput_t + da_{t+1}·Uᵀ and da_t = dh_t ⊙ f′(h_t), from T back to 1.
 * @param h [T + 1, B, H]
 * @param dOutput [T, B, H]: dL/dh_t without the path through later steps
 * @returns dPreactivation [T, B, H], and dHidden [T + 1, B, H]: dL/dh_t by all paths, slab 0 for h_0
 */
export function recurrenceBackward(
  { steps, batch, hidden, activation }: SweepShape,
  h: Numbers,
  dOutput: Numbers,
  recurrentWeight: Numbers,
  lengths: Numbers,
): { dPreactivation: Float64Array; dHidden: Float64Array } {
  const dActivation = activation === "tanh" ? dTanh : dRelu;
  const slab = batch * hidden;
  const dPreactivation = new Float64Array(steps * slab);
  const dHidden = new Float64Array((steps + 1) * slab);
  for (let t = steps; t >= 0; t--) {
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < hidden; j++) {
        const at = t * slab + b * hidden + j;
        let dh = t > 0 ? dOutput[at - slab]! : 0;
        if (t < steps) {
          const later = t * slab + b * hidden; // da_{t+1} is slab t of dPreactivation
          for (let k = 0; k < hidden; k++) dh += dPreactivation[later + k]! * recurrentWeight[j * hidden + k]!;
        }
        dHidden[at] = dh;
        if (t > 0 && t <= lengths[b]!) dPreactivation[at - slab] = dh * dActivation(h[at]!);
      }
    }
  }
  return { dPreactivation, dHidden };
}
