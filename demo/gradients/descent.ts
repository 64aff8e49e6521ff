// How a gradient goes back from step to step: its norm, and the two factors that each step multiplies it by.

import type { Traced } from "./engine";
import { blockOf, hidden, type Work } from "./networks";
import { norm } from "./spectrum";

/** A gradient on its way back, and its two factors; from where it exploded on back, ∞, and no factors. */
export interface Descent {
  /** ‖dL/ds_t‖ of the states s_1 … s_T [T] */
  norms: number[];
  /**
   * What the step from t back to t − 1 multiplies by, for t = 2 … T [T − 1]: `local` with what the cell does by itself (the
   * slope of tanh; the forget gate), `recurrent` with what comes through Wʰ. Their product is the ratio of the norms. NaN
   * where there is no gradient, or none that is a number.
   */
  local: number[];
  recurrent: number[];
}

type Row = Float64Array;

/** The state after step t, of a batch of one. */
const rowOf = (values: ArrayLike<number>, t: number): Row =>
  Float64Array.from({ length: hidden }, (_, i) => values[t * hidden + i]!);

const times = (a: Row, b: Row): Row => a.map((value, i) => value * b[i]!);
const slopeOfTanh = (h: Row): Row => h.map((value) => 1 - value * value);

/** a·U [G·H] */
const into = (row: Row, weight: ArrayLike<number>): Row => {
  const columns = weight.length / row.length;
  return Float64Array.from({ length: columns }, (_, j) =>
    row.reduce((sum, value, i) => sum + value * weight[i * columns + j]!, 0),
  );
};

/** a·Uᵀ */
const backInto = (row: Row, weight: ArrayLike<number>): Row =>
  row.map((_, i) => row.reduce((sum, value, j) => sum + value * weight[i * row.length + j]!, 0));

/** From where a norm is no number on back, whatever came of it further down, it exploded. */
function exploded(norms: readonly number[]): number[] {
  const last = norms.findLastIndex((value) => !Number.isFinite(value));
  return norms.map((value, i) => (i <= last ? Number.POSITIVE_INFINITY : value));
}

const ratio = (above: number, below: number): number => (Number.isFinite(above / below) ? above / below : Number.NaN);

/** dh_{t−1} = (dh_t ⊙ (1 − h_t²))·Wʰᵀ: how the network's dL/dh_t go back, and each step's two factors, multiplied out of them. */
export function elmanDescent({ hidden: h, dHidden }: Traced, { parameters, steps }: Work): Descent {
  const weight = parameters["layer0.recurrentWeight"]!;
  const norms = exploded(Array.from({ length: steps }, (_, i) => norm(rowOf(dHidden, i + 1))));
  const factors = Array.from({ length: steps - 1 }, (_, i) => {
    const t = i + 2;
    const dh = rowOf(dHidden, t);
    const da = times(dh, slopeOfTanh(rowOf(h, t)));
    const kept = norms[i] === Number.POSITIVE_INFINITY ? Number.NaN : 1;
    return { local: kept * ratio(norm(da), norm(dh)), recurrent: kept * ratio(norm(backInto(da, weight)), norm(da)) };
  });
  return { norms, local: factors.map(({ local }) => local), recurrent: factors.map(({ recurrent }) => recurrent) };
}

/**
 * The LSTM's highway: dc_t = f_{t+1} ⊙ dc_{t+1} + dh_t ⊙ o_t ⊙ (1 − tanh² c_t), with dL/dh_t and the states as the network
 * has them.
 */
export function lstmDescent({ hidden: h, cell: c, dHidden }: Traced, { parameters, batch, steps }: Work): Descent {
  const gate = (t: number, index: number): Row => {
    const block = (name: string) => blockOf(parameters[`layer0.${name}`]!, index);
    const ofState = into(rowOf(h, t - 1), block("recurrentWeight"));
    return ofState.map((sum, i) => {
      const column = index * hidden + i;
      const own =
        batch.inputs[t - 1]! * parameters["layer0.inputWeight"]![column]! + parameters["layer0.bias"]![column]!;
      return 1 / (1 + Math.exp(-sum - own));
    });
  };
  const [forgetGate, outputGate] = [1, 3];
  const descent: Descent = { norms: [], local: [], recurrent: [] };
  let kept: Row = new Float64Array(hidden); // f_{t+1} ⊙ dc_{t+1}
  for (let t = steps; t >= 1; t--) {
    const slope = slopeOfTanh(rowOf(c!, t).map(Math.tanh));
    const read = times(times(rowOf(dHidden, t), gate(t, outputGate)), slope);
    const dc = read.map((value, i) => value + kept[i]!);
    if (t < steps) descent.recurrent.unshift(ratio(norm(dc), norm(kept)));
    descent.norms.unshift(norm(dc));
    kept = times(dc, gate(t, forgetGate));
    if (t > 1) descent.local.unshift(ratio(norm(kept), norm(dc)));
  }
  return { ...descent, norms: exploded(descent.norms) };
}

/** What each factor alone makes of the gradient at the last step, on its way back [T]. */
export function alone(norms: readonly number[], factors: readonly number[]): number[] {
  const line = [norms.at(-1)!];
  for (const factor of factors.toReversed()) line.unshift(line[0]! * factor);
  return line;
}

/** The factor of a step in the mean: of a product, the geometric one, of those that are numbers. */
export function meanFactor(factors: readonly number[]): number {
  const logarithms = factors.filter((factor) => factor > 0).map(Math.log);
  return Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length);
}

/** The worst relative difference between the ratio of two norms and the product of the factors between them. */
export function worstStep({ norms, local, recurrent }: Descent): number {
  return local.reduce((worst, factor, i) => {
    const got = norms[i]! / norms[i + 1]!;
    const difference = Math.abs((factor * recurrent[i]!) / got - 1);
    return difference > worst ? difference : worst;
  }, 0);
}
