// What is known of a value in a graph that others wrote: its numbers, or what it is of and which of its axes is what.

import type { NamedCell } from "../cells/cells";
import type { TempogradError } from "../errors";
import type { Node } from "./model";

/** Time, batch, direction, units and the like: what an axis goes through. It is told from others by itself. */
export interface Atom {
  /** Undefined where it is free. */
  readonly size: number | undefined;
}

/** Several where they were made one, the slowest first. */
export type Axis = readonly Atom[];

/** A number, or the size of an axis that is free. */
export type Size = number | Axis;

export interface Numbers {
  readonly kind: "numbers";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Integers {
  readonly kind: "integers";
  readonly shape: readonly number[];
  readonly data: readonly Size[];
}

/** A value of the network itself. */
export interface Signal {
  readonly kind: "signal";
  readonly of: Stage;
  readonly axes: readonly Axis[];
  /** Which direction alone was taken of a layer that has two. */
  readonly direction?: 0 | 1;
}

export type Value =
  | Numbers
  | Integers
  | Signal
  /** Zeros, of whatever shape. */
  | { readonly kind: "zeros" }
  | { readonly kind: "joined"; readonly parts: readonly Signal[]; readonly axis: number }
  /** What is not understood; which is said where it is needed. */
  | { readonly kind: "refused"; readonly error: TempogradError };

/** An input of the graph, or a part of it along its first axis. */
export interface Given {
  readonly stage: "given";
  readonly name: string;
  readonly part?: { readonly start: number; readonly count: number };
  /** Whether floats were cut to integers. */
  readonly isWhole?: boolean;
}

/** What tokens are looked up as: rows of a table, or one-hot without one. */
export interface Looked {
  readonly stage: "looked";
  readonly below: Given;
  readonly tokens: number;
  readonly table?: Numbers;
}

/** What a recurrent operator gives: h of every step; or h, or c, after the last one. */
export interface Recurrent {
  readonly stage: "recurrent";
  readonly layer: ReadLayer;
  readonly what: "every" | "final" | "cell";
}

/** h·V + b_o */
export interface Product {
  readonly stage: "product";
  readonly below: Recurrent;
  /** [D·H, K] */
  readonly weight: Numbers;
  readonly bias?: Float32Array;
  readonly outputs: Atom;
}

export interface Answer {
  readonly stage: "answer";
  readonly of: Recurrent | Product;
  readonly as: "softmax" | "sigmoid";
}

export type Stage = Given | Looked | Recurrent | Product | Answer;

/** A recurrent operator, as it was read. */
export interface ReadLayer {
  readonly node: Node;
  readonly below: Given | Looked | Recurrent;
  readonly named: NamedCell;
  readonly inputs: number;
  readonly hidden: number;
  readonly directions: 1 | 2;
  readonly time: Axis;
  readonly batch: Axis;
  readonly direction: Atom;
  readonly unit: Atom;
  /** The input that has the lengths of sequences. */
  readonly lengths: string | undefined;
  /** The inputs that have the states to begin with, h and c. */
  readonly initial: readonly Given[];
  /** As ONNX lays them out, the directions one behind the other. */
  readonly W: Float32Array;
  readonly R: Float32Array;
  readonly B: Float32Array | undefined;
  readonly P: Float32Array | undefined;
}

const isWide = ({ size }: Atom): boolean => size !== 1;

/** What of an axis counts: all but what is 1 wide. */
export const wide = (axis: Axis): Axis => axis.filter(isWide);

export const isSameAxis = (a: Axis, b: Axis): boolean => {
  const [own, other] = [wide(a), wide(b)];
  return own.length === other.length && own.every((atom, i) => atom === other[i]);
};

export function sizeOf(axis: Axis): Size {
  const size = axis.reduce<number | undefined>(
    (product, { size }) => (product === undefined || size === undefined ? undefined : product * size),
    1,
  );
  return size ?? wide(axis);
}

export const isZero = (value: Value): boolean =>
  value.kind === "zeros" || (value.kind === "numbers" && value.data.every((number) => number === 0));

export const isSameStage = (a: Stage, b: Stage): boolean =>
  a === b || (a.stage === "recurrent" && b.stage === "recurrent" && a.layer === b.layer && a.what === b.what);

/** What the last axis of a layer's states has: both directions side by side, or its one. */
export const unitsOf = ({ layer }: Recurrent): Axis => [layer.direction, layer.unit];

/**
 * Axes of the same atoms, of other sizes: a size is matched by atoms that have it, −1 takes what is left.
 * @returns undefined where an atom would be cut, or sizes do not match
 */
export function regrouped(axes: readonly Axis[], sizes: readonly Size[]): Axis[] | undefined {
  const atoms = axes.flatMap(wide);
  const free = sizes.indexOf(-1);
  if (free !== sizes.lastIndexOf(-1)) return undefined;
  /** So many atoms from one end, for some sizes. */
  const taken = (list: readonly Atom[], wanted: readonly Size[], fromEnd: boolean): Axis[] | undefined => {
    const result: Axis[] = [];
    let at = 0;
    for (const size of wanted) {
      const axis: Atom[] = [];
      const isFull = () =>
        typeof size === "number"
          ? axis.reduce((product, atom) => product * (atom.size ?? Number.NaN), 1) === size
          : isSameAxis(fromEnd ? [...axis].reverse() : axis, size);
      while (!isFull()) {
        const next = list[at++];
        if (next === undefined || (typeof size === "number" && next.size === undefined)) return undefined;
        axis.push(next);
      }
      result.push(fromEnd ? axis.reverse() : axis);
    }
    return result;
  };
  const first = taken(atoms, free < 0 ? sizes : sizes.slice(0, free), false);
  if (!first) return undefined;
  const left = atoms.slice(first.flat().length);
  if (free < 0) return left.length === 0 ? first : undefined;
  const last = taken([...left].reverse(), sizes.slice(free + 1).reverse(), true)?.reverse();
  return last && [...first, left.slice(0, left.length - last.flat().length), ...last];
}
