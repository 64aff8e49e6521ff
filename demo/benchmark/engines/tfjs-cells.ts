// The cells forward through all steps, in TF.js's operations: what does not wait for another step is outside the loop.

import {
  add,
  concat,
  mul,
  type Rank,
  reshape,
  sigmoid,
  slice,
  split,
  sub,
  type Tensor1D,
  type Tensor2D,
  tanh,
  tile,
} from "@tensorflow/tfjs-core";
import type { CellName } from "../../../src/index";

export interface Layer {
  inputWeight: Tensor2D;
  recurrentWeight: Tensor2D;
  bias: Tensor1D;
  recurrentBias: Tensor1D | undefined;
  /** Rows of a table [symbols, n], by the tokens of all steps: [steps · batch, n]. */
  rowsOf(table: Tensor2D): Tensor2D;
  /** x·U + term */
  through(x: Tensor2D, U: Tensor2D, term: Tensor2D): Tensor2D;
  steps: number;
}

export const columns = (x: Tensor2D, from: number, count: number) => slice(x, [0, from], [x.shape[0], count]);
export const parts = (x: Tensor2D, count: number, axis = 0) => split<Tensor2D>(x, count, axis);
export const one = (x: Tensor2D) => sub<Tensor2D>(1, x);

/** Adds what was computed at a step to the lists of all steps. */
function push<Name extends string>(all: Record<Name, Tensor2D[]>, step: Record<Name, Tensor2D>): void {
  for (const name in step) all[name].push(step[name]);
}

export function elman({ inputWeight, recurrentWeight: U, bias, rowsOf, through, steps }: Layer) {
  const h: Tensor2D[] = [];
  for (const a of parts(rowsOf(add(inputWeight, bias)), steps)) {
    const past = h.at(-1);
    h.push(tanh(past ? through(past, U, a) : a));
  }
  return { h };
}

export function lstm({ inputWeight, recurrentWeight: U, bias, rowsOf, through, steps }: Layer) {
  type Name = "i" | "f" | "g" | "o" | "c" | "tanhC" | "h";
  const all: Record<Name, Tensor2D[]> = { i: [], f: [], g: [], o: [], c: [], tanhC: [], h: [] };
  for (const a of parts(rowsOf(add(inputWeight, bias)), steps)) {
    const past = all.h.at(-1);
    const [ai, af, ag, ao] = parts(past ? through(past, U, a) : a, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const [i, f, g, o] = [sigmoid(ai), sigmoid(af), tanh(ag), sigmoid(ao)];
    const before = all.c.at(-1);
    const c = before ? add<Tensor2D>(mul(f, before), mul(i, g)) : mul<Tensor2D>(i, g);
    const tanhC = tanh(c);
    push(all, { i, f, g, o, c, tanhC, h: mul<Tensor2D>(o, tanhC) });
  }
  return all;
}

export function gru({ inputWeight, recurrentWeight: U, bias, recurrentBias, rowsOf, through, steps }: Layer) {
  const width = U.shape[0];
  const symbols = inputWeight.shape[0];
  const table = add<Tensor2D>(inputWeight, bias);
  // h·U + [a_r, a_z, b_r] in one product: a_n comes after the reset.
  const rest = tile(reshape<Rank.R2>(recurrentBias!, [1, width]), [symbols, 1]);
  const inside = parts(rowsOf(concat([columns(table, 0, 2 * width), rest], 1)), steps);
  const candidates = parts(rowsOf(columns(table, 2 * width, width)), steps);
  const all: Record<"r" | "z" | "m" | "n" | "h", Tensor2D[]> = { r: [], z: [], m: [], n: [], h: [] };
  for (const [t, a] of inside.entries()) {
    const past = all.h.at(-1);
    const [ar, az, m] = parts(past ? through(past, U, a) : a, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const [r, z] = [sigmoid(ar), sigmoid(az)];
    const n = tanh(add<Tensor2D>(candidates[t]!, mul(r, m)));
    const h = past ? add<Tensor2D>(n, mul(z, sub(past, n))) : mul<Tensor2D>(one(z), n);
    push(all, { r, z, m, n, h });
  }
  return all;
}

/** Each as the lists of what it computed, a tensor a step; h among them. */
export const cells: Record<CellName, (layer: Layer) => { h: Tensor2D[] }> = { elman, gru, lstm };
