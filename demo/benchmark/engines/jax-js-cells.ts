// The cells forward through all steps, in jax-js's operations: what does not wait for another step is outside the loop,
// which is unrolled, for jax-js has no scan.

import { nn, numpy as np } from "@jax-js/jax";
import type { CellName } from "../../../src/index";

/** What a sweep works on; x.ref everywhere, as each is used again. */
export interface Layer {
  inputWeight: np.Array;
  recurrentWeight: np.Array;
  bias: np.Array;
  recurrentBias: np.Array | undefined;
  /** Rows of a table [symbols, n], by the tokens of all steps: [steps · batch, n]. */
  rowsOf(table: np.Array): np.Array;
  batch: number;
  steps: number;
}

/** As one chain of operations, which jit puts behind the product that it follows; np.tanh uses its argument twice. */
export const tanh = (x: np.Array) => nn.sigmoid(x.mul(2)).mul(2).sub(1);
export const one = (x: np.Array) => x.ref.mul(-1).add(1);
export const times = (x: np.Array, y: np.Array) => np.matmul(x.ref, y.ref);
export const columns = (x: np.Array, block: number, width: number, blocks = 1) =>
  x.ref.slice([], [block * width, (block + blocks) * width]);

/** Eight at a time, and those eight at a time: np.concatenate would copy the first of many again and again. */
export function joined(rows: np.Array[]): np.Array {
  if (rows.length === 1) return rows[0]!;
  const groups = Array.from({ length: Math.ceil(rows.length / 8) }, (_, i) => rows.slice(8 * i, 8 * i + 8));
  return joined(groups.map((group) => (group.length === 1 ? group[0]! : np.concatenate(group.map((x) => x.ref)))));
}

export const stepOf = (x: np.Array, t: number, { batch }: Layer) => x.ref.slice([t * batch, (t + 1) * batch]);

export function elman(layer: Layer) {
  const { inputWeight, recurrentWeight: U, bias, rowsOf, steps } = layer;
  const a = rowsOf(inputWeight.ref.add(bias.ref));
  const h: np.Array[] = [];
  for (let t = 0; t < steps; t++) {
    const past = h.at(-1);
    const at = stepOf(a, t, layer);
    h.push(tanh(past ? times(past, U).add(at) : at));
  }
  return { h };
}

const quarter = (z: np.Array, block: number) => columns(z, block, z.shape[1]! / 4);
export const lstmGate = (z: np.Array, block: number) => nn.sigmoid(quarter(z, block));
export const lstmCandidate = (z: np.Array) => tanh(quarter(z, 2));

export function lstm(layer: Layer) {
  const { inputWeight, recurrentWeight: U, bias, rowsOf, batch, steps } = layer;
  const width = U.shape[0]!;
  const a = rowsOf(inputWeight.ref.add(bias.ref));
  // What two kernels need is written to memory by a third, unless each has it by an expression of its own. A product
  // is written anyway; if it were used once, it would take what is added to it into its kernel, with the step's place:
  // a long kernel to compile for each step.
  const [ps, cs, hs]: [np.Array[], np.Array[], np.Array[]] = [[], [], []];
  for (let t = 0; t < steps; t++) {
    const [past, before] = [hs.at(-1), cs.at(-1)];
    const p = past ? times(past, U) : np.zeros([batch, 4 * width]);
    const z = p.ref.add(stepOf(a, t, layer));
    const written = lstmGate(z, 0).mul(lstmCandidate(z));
    const c = before ? lstmGate(z, 1).mul(before.ref).add(written) : written;
    ps.push(p);
    cs.push(c);
    hs.push(lstmGate(p.ref.add(stepOf(a, t, layer)), 3).mul(tanh(c.ref)));
  }
  return { a, p: ps, c: cs, h: hs };
}

/** Of h·U + [a_r, a_z, b_r] and a_n. */
export function gruGates(p: np.Array, candidate: np.Array) {
  const width = candidate.shape[1]!;
  const [r, z, m] = [nn.sigmoid(columns(p, 0, width)), nn.sigmoid(columns(p, 1, width)), columns(p, 2, width)];
  return { r, z, m, n: tanh(r.ref.mul(m.ref).add(candidate.ref)) };
}

export function gru(layer: Layer) {
  const { inputWeight, recurrentWeight: U, bias, recurrentBias, rowsOf, steps } = layer;
  const width = U.shape[0]!;
  const symbols = inputWeight.shape[0]!;
  const table = inputWeight.ref.add(bias.ref);
  // h·U + [a_r, a_z, b_r] in one product: a_n comes after the reset.
  const rest = np.broadcastTo(recurrentBias!.ref, [symbols, width]);
  const inside = rowsOf(np.concatenate([columns(table, 0, width, 2), rest], 1));
  const candidates = rowsOf(columns(table, 2, width));
  const [ps, hs]: [np.Array[], np.Array[]] = [[], []];
  for (let t = 0; t < steps; t++) {
    const past = hs.at(-1);
    const at = stepOf(inside, t, layer);
    const p = past ? times(past, U).add(at) : at;
    const { z, n } = gruGates(p, stepOf(candidates, t, layer));
    ps.push(p);
    hs.push(past ? n.ref.add(z.mul(past.ref.sub(n.ref))) : n.mul(one(z)));
  }
  return { candidates, p: ps, h: hs };
}

/** Each as the lists of what it computed, an array a step; h among them. */
export const cells: Record<CellName, (layer: Layer) => { h: np.Array[] }> = { elman, gru, lstm };
