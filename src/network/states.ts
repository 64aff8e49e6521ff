// The way of initial states into the sweeps through time, and of final states out of them: copies of rows.

import { matrixOf, roundUp, type Tensor } from "../gpu/tensor";
import type { Layer } from "./layer";

/** The states [L·D, B, H] outside: row r begins at `offset` + r · `stride` bytes. */
export interface StateRows {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly stride: number;
}

/** The rows of a tensor [L·D, B, H]. */
export const rowsOf = (state: Tensor): StateRows => ({ ...state, stride: 4 * matrixOf(state).storedWidth });

/** h, or an LSTM's c. */
export type StateKind = "hidden" | "cellState";

/**
 * Encodes the copies of h_0 or c_0 from `rows` to where the sweeps begin, or from where they end to `rows`.
 * @param way the other way round where it is given so
 */
export function copyStates(
  encoder: GPUCommandEncoder,
  layers: readonly Layer[],
  kind: StateKind,
  end: "initial" | "final",
  { buffer, offset, stride }: StateRows,
  way: "in" | "out" = end === "initial" ? "in" : "out",
): void {
  for (const { tensor, slab, part, index } of slabsOf(layers, kind, end)) {
    const [, batch = 0, width = 0] = tensor.shape;
    const { parts = 1 } = tensor;
    const stored = 4 * roundUp(width / parts, 4);
    const merged = parts === 1 && stride === stored; // all rows lie as they do outside
    const bytes = merged ? batch * stored : Math.min(stored, stride);
    for (let b = 0; b < (merged ? 1 : batch); b++) {
      const inside = tensor.offset + ((slab * batch + b) * parts + part) * stored;
      const outside = offset + (index * batch + b) * stride;
      if (way === "in") encoder.copyBufferToBuffer(buffer, outside, tensor.buffer, inside, bytes);
      else encoder.copyBufferToBuffer(tensor.buffer, inside, buffer, outside, bytes);
    }
  }
}

/** Encodes h_0 = 0 and, for an LSTM, c_0 = 0, for layers of one direction. */
export function clearStates(encoder: GPUCommandEncoder, layers: readonly Layer[]): void {
  for (const kind of ["hidden", "cellState"] as const) {
    for (const { tensor } of slabsOf(layers, kind, "initial")) {
      const [, batch = 0, width = 0] = tensor.shape;
      encoder.clearBuffer(tensor.buffer, tensor.offset, batch * 4 * roundUp(width, 4));
    }
  }
}

/** Where each state is kept, in the order of [L·D]: the slab of a tensor, and which part of its width. */
function* slabsOf(layers: readonly Layer[], kind: StateKind, end: "initial" | "final") {
  let index = 0;
  for (const { hidden, directions } of layers) {
    for (const [part, { gate, cellState }] of directions.entries()) {
      const steps = gate.shape[0]!;
      const tensor: Tensor | undefined = kind === "hidden" ? hidden : cellState;
      if (!tensor) return;
      // `hidden` is in the order of time: the reverse sweep begins past its end.
      const [first, last] = kind === "hidden" && part === 1 ? [steps + 1, 1] : [0, steps];
      yield { tensor, slab: end === "initial" ? first : last, part: kind === "hidden" ? part : 0, index: index++ };
    }
  }
}
