// The way of initial states into the sweeps through time, and of final states out of them: copies of rows. Loaded
// where there are some.

import type { Moves, Place, Plan } from "../gpu/plan";
import { type AnyBuffer, elementBytes, matrixOf, type PlannedTensor, roundUp } from "../gpu/tensor";
import { convertRows } from "../ops/convert";
import type { Direction, Layer } from "./layer";
import { nameOfState, type StateKind } from "./state-specs";

/** Where the rows of a state lie in the tensors of a sweep. */
export interface StatePlace {
  /** As `stateSpecs` has it. */
  readonly name: string;
  readonly kind: StateKind;
  /** Of the layer, of its direction, and of the state among those beside h. */
  readonly layer: number;
  readonly part: number;
  readonly index: number;
  readonly tensor: PlannedTensor;
  /** Of the first row, and from one to the next, in bytes. */
  readonly offset: number;
  readonly stride: number;
  /** Rows, and what each is wide, stored, in bytes, and as it is. */
  readonly rows: number;
  readonly stored: number;
  readonly width: number;
}

/** Where all states begin or end, in the order of `stateSpecs`. */
export function statePlaces(layers: readonly Layer[], end: "initial" | "final"): StatePlace[] {
  const place = (of: Pick<StatePlace, "kind" | "layer" | "part" | "index">, tensor: PlannedTensor, slab: number) => {
    const { kind, layer, part, index } = of;
    const { parts = 1, shape } = tensor;
    const [, rows = 0] = shape;
    const width = shape.at(-1)! / parts;
    const stored = elementBytes(tensor) * roundUp(width, 4);
    const offset = tensor.offset + (slab * rows * parts + (kind === "hidden" ? part : 0)) * stored;
    return {
      name: nameOfState(layers[layer]!.directions[part]!.name, kind, index),
      ...of,
      tensor,
      offset,
      stride: parts * stored,
      rows,
      stored,
      width,
    };
  };
  const each = (of: (layer: Layer, direction: Direction, number: number, part: number) => StatePlace[]) =>
    layers.flatMap((layer, number) =>
      layer.directions.flatMap((direction, part) => of(layer, direction, number, part)),
    );
  const slabOf = (first: number, last: number) => (end === "initial" ? first : last);
  return [
    // `hidden` is in the order of time: the reverse sweep begins past its end.
    ...each(({ hidden }, { gate: { shape } }, layer, part) => {
      const [steps = 0] = shape;
      const slab = part === 1 ? slabOf(steps + 1, 1) : slabOf(0, steps);
      return [place({ kind: "hidden", layer, part, index: 0 }, hidden, slab)];
    }),
    ...each(({ cell }, { gate: { shape }, cellState }, layer, part) => {
      const [steps = 0] = shape;
      if (!cellState) return [];
      return Array.from({ length: cell.states }, (_, index) =>
        place({ kind: "cell", layer, part, index }, cellState, index * (steps + 1) + slabOf(0, steps)),
      );
    }),
  ];
}

/** Rows outside: row r begins at `offset` + r · `stride` bytes. */
export interface StateRows<Buffer extends AnyBuffer = AnyBuffer> {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly stride: number;
  readonly moves?: Moves;
}

/** The rows of a tensor [B, H], or of the first of several such. */
export const rowsOf = <Buffer extends AnyBuffer>(state: { buffer: Buffer } & PlannedTensor): StateRows<Buffer> => ({
  buffer: state.buffer,
  offset: state.offset,
  stride: 4 * matrixOf(state).storedWidth,
});

/** What is to be copied between a place and rows outside that are `outside` bytes apart: `count` times `bytes`. */
export function copiesOf({ rows, stored, stride }: StatePlace, outside: number): { count: number; bytes: number } {
  const merged = stride === stored && outside === stored; // all rows lie as they do outside
  return merged ? { count: 1, bytes: rows * stored } : { count: rows, bytes: Math.min(stored, outside) };
}

/**
 * Adds the copies of initial states to where the sweeps begin, or of final states from where they end.
 * @param outside the rows of a state by its name; what it has none of is left as it is.
 * @param way the other way round where it is given so
 */
export function copyStates(
  plan: Plan,
  layers: readonly Layer[],
  end: "initial" | "final",
  outside: (name: string) => StateRows | undefined,
  way: "in" | "out" = end === "initial" ? "in" : "out",
): void {
  for (const place of statePlaces(layers, end)) {
    const rows = outside(place.name);
    if (!rows) continue;
    if (place.tensor.type === "f16") {
      convertState(plan, place, rows, way);
      continue;
    }
    const { count, bytes } = copiesOf(place, rows.stride);
    const copy = (moving: (stride: number) => Moves) => {
      const sweep = { buffer: place.tensor.buffer, offset: place.offset, moves: moving(place.stride) };
      const moves = [...moving(rows.stride), ...(rows.moves ?? [])];
      const other = { buffer: rows.buffer, offset: rows.offset, moves };
      if (way === "in") plan.copy(other, sweep, bytes);
      else plan.copy(sweep, other, bytes);
    };
    if (count === 1) copy(() => []);
    else plan.repeat(count, (index) => copy((stride) => [{ index, bytes: stride }]));
  }
}

/** What is stored in half precision is in single outside. */
function convertState(plan: Plan, place: StatePlace, { buffer, offset, stride }: StateRows, way: "in" | "out"): void {
  const { name, tensor, rows, width } = place;
  const inside = { tensor, start: (place.offset - tensor.offset) / 8, stride: place.stride / 8 };
  const shape = [buffer.size / 4];
  const whole: PlannedTensor = { name, shape, type: "f32", buffer, offset: 0, size: buffer.size };
  const other = { tensor: whole, start: offset / 16, stride: stride / 16 };
  const [x, out] = way === "in" ? [other, inside] : [inside, other];
  convertRows(plan, { label: `${name}, ${way}`, x, out, rows, width: roundUp(width, 4) / 4 });
}

/** The rows of tensors that are named as states are. */
export const statesIn =
  (tensors: Readonly<Record<string, PlannedTensor | undefined>>) =>
  (name: string): StateRows | undefined => {
    const tensor = tensors[name];
    return tensor && rowsOf(tensor);
  };

interface CarryPlace {
  /** Of the state. */
  readonly name: string;
  readonly place: Place;
  readonly bytes: number;
  /** Of h, where it is traced, what begins with dL/dh_0. */
  readonly traced: PlannedTensor | undefined;
}

/** Where what reaches each initial state on the way back lies in `carry`: read by a sweep that goes on from it, and left there. */
export const carryPlaces = (layers: readonly Layer[]): CarryPlace[] =>
  statePlaces(layers, "initial").map(({ name, kind, layer, part, index, rows, width }) => {
    const { carry, dHidden } = layers[layer]!.directions[part]!;
    const slab = kind === "hidden" ? 0 : 1 + index;
    const bytes = 4 * rows * roundUp(width, 4);
    return {
      name,
      place: { buffer: carry!.buffer, offset: carry!.offset + slab * bytes },
      bytes,
      traced: kind === "hidden" ? dHidden : undefined,
    };
  });

/** Adds that all states begin as zero, for layers of one direction. */
export function clearStates(plan: Plan, layers: readonly Layer[]): void {
  for (const { tensor, offset, rows, stored } of statePlaces(layers, "initial")) {
    plan.clear({ buffer: tensor.buffer, offset }, rows * stored);
  }
}
