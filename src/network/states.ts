// The way of initial states into the sweeps through time, and of final states out of them: copies of rows.

import type { Moves, Plan } from "../gpu/plan";
import { type AnyBuffer, matrixOf, type PlannedGroup, type PlannedTensor, roundUp } from "../gpu/tensor";
import type { Layer } from "./layer";

/** The states [L·D, B, H] or [L·D·S, B, H] outside: row r begins at `offset` + r · `stride` bytes. */
export interface StateRows<Buffer extends AnyBuffer = AnyBuffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly stride: number;
}

/** The rows of a tensor like that. */
export const rowsOf = <Buffer extends AnyBuffer>(state: { buffer: Buffer } & PlannedTensor): StateRows<Buffer> => ({
  buffer: state.buffer,
  offset: state.offset,
  stride: 4 * matrixOf(state).storedWidth,
});

/** h, or the states beside it. */
export type StateKind = "hidden" | "cellState";

/** Where a layer's and direction's state lies in the sweep's tensor, and outside: `count` rows of `bytes` each. */
interface Rows {
  readonly tensor: PlannedTensor;
  readonly inside: { readonly offset: number; readonly stride: number };
  readonly outside: { readonly offset: number; readonly stride: number };
  readonly count: number;
  readonly bytes: number;
}

/** The rows of all layers and directions, with those outside beside them. */
export function stateRows(
  layers: readonly Layer[],
  kind: StateKind,
  end: "initial" | "final",
  { offset, stride }: Omit<StateRows, "buffer">,
): Rows[] {
  return [...slabsOf(layers, kind, end)].map(({ tensor, slab, part, index }): Rows => {
    const [, batch = 0, width = 0] = tensor.shape;
    const { parts = 1 } = tensor;
    const stored = 4 * roundUp(width / parts, 4);
    const merged = parts === 1 && stride === stored; // all rows lie as they do outside
    return {
      tensor,
      inside: { offset: tensor.offset + (slab * batch * parts + part) * stored, stride: parts * stored },
      outside: { offset: offset + index * batch * stride, stride },
      count: merged ? 1 : batch,
      bytes: merged ? batch * stored : Math.min(stored, stride),
    };
  });
}

/**
 * Adds the copies of h_0 or c_0 from `rows` to where the sweeps begin, or from where they end to `rows`.
 * @param way the other way round where it is given so
 */
export function copyStates(
  plan: Plan,
  layers: readonly Layer[],
  kind: StateKind,
  end: "initial" | "final",
  rows: StateRows & { readonly moves?: Moves },
  way: "in" | "out" = end === "initial" ? "in" : "out",
): void {
  for (const { tensor, inside, outside, count, bytes } of stateRows(layers, kind, end, rows)) {
    const copy = (moving: (stride: number) => Moves) => {
      const moves = [...moving(outside.stride), ...(rows.moves ?? [])];
      const sweep = { buffer: tensor.buffer, offset: inside.offset, moves: moving(inside.stride) };
      const other = { buffer: rows.buffer, offset: outside.offset, moves };
      if (way === "in") plan.copy(other, sweep, bytes);
      else plan.copy(sweep, other, bytes);
    };
    if (count === 1) copy(() => []);
    else plan.repeat(count, (index) => copy((stride) => [{ index, bytes: stride }]));
  }
}

/** Likewise of h and, where there are any, the states beside it, by the names that a batch gives them. */
export function copyAllStates(
  plan: Plan,
  layers: readonly Layer[],
  end: "initial" | "final",
  { tensors }: PlannedGroup,
  way?: "in" | "out",
): void {
  for (const [kind, name] of [
    ["hidden", "initialState"],
    ["cellState", "initialCellState"],
  ] as const) {
    const state: PlannedTensor | undefined = tensors[name];
    if (state) copyStates(plan, layers, kind, end, rowsOf(state), way);
  }
}

/** Adds h_0 = 0 and, where there are states beside it, zeros for them, for layers of one direction. */
export function clearStates(plan: Plan, layers: readonly Layer[]): void {
  for (const kind of ["hidden", "cellState"] as const) {
    for (const { tensor, slab } of slabsOf(layers, kind, "initial")) {
      const [, batch = 0, width = 0] = tensor.shape;
      const bytes = batch * 4 * roundUp(width, 4);
      plan.clear({ ...tensor, offset: tensor.offset + slab * bytes }, bytes);
    }
  }
}

/** Where each state is kept, in the order of [L·D] or [L·D·S]: the slab of a tensor, and which part of its width. */
export function* slabsOf(layers: readonly Layer[], kind: StateKind, end: "initial" | "final") {
  let index = 0;
  for (const { cell, hidden, directions } of layers) {
    for (const [part, { gate, cellState }] of directions.entries()) {
      const steps = gate.shape[0]!;
      if (kind === "hidden") {
        // It is in the order of time: the reverse sweep begins past its end.
        const [first, last] = part === 1 ? [steps + 1, 1] : [0, steps];
        yield { tensor: hidden, slab: end === "initial" ? first : last, part, index: index++ };
      } else if (cellState) {
        for (let state = 0; state < cell.states; state++) {
          const slab = state * (steps + 1) + (end === "initial" ? 0 : steps);
          yield { tensor: cellState, slab, part: 0, index: index++ };
        }
      }
    }
  }
}
