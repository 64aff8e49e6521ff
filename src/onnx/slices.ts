// A part of a value along an axis: a direction, the last step, an input's states of one layer.

import type { Operands } from "./node-reader";
import { refuseNode } from "./refuse";
import { type Axis, isSameAxis, type Recurrent, type Signal, sizeOf, type Value, wide } from "./values";

/** Negative places count from the end. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const far = 0x7fffffff;

const isFirst = ({ start, end }: Range): boolean => start === 0 && end === 1;

const isLast = ({ start, end }: Range, size: number | undefined): boolean =>
  size === undefined ? start === -1 && end >= far : (start === -1 || start === size - 1) && (end >= size || end === 0);

/** The places of a range, of an axis whose size is known. */
function placesOf({ start, end }: Range, size: number): { start: number; count: number } {
  const at = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, 0), size);
  return { start: at(start), count: Math.max(at(end) - at(start), 0) };
}

function isAll(range: Range, size: number | undefined): boolean {
  if (size === undefined) return range.start === 0 && range.end >= far;
  const { start, count } = placesOf(range, size);
  return start === 0 && count === size;
}

/** @returns the part, whose axis stays */
export function narrowed(of: Operands, value: Value, at: number, range: Range): Value {
  if (value.kind === "joined") return ofJoined(of, value, at, range);
  if (value.kind !== "signal") return of.notOf(value);
  const axis = wide(value.axes[at] ?? []);
  const size = sizeOf(axis);
  const known = typeof size === "number" ? size : undefined;
  if (isAll(range, known)) return value;
  const others = (left: Axis) => value.axes.map((own, i) => (i === at ? left : own));
  if (value.of.stage === "given" && at === 0 && !value.of.part) {
    const { start, count } =
      known === undefined ? { start: range.start, count: range.end - range.start } : placesOf(range, known);
    if (start >= 0 && count > 0 && count < far) {
      return { ...value, of: { ...value.of, part: { start, count } }, axes: others([{ size: count }]) };
    }
  }
  if (value.of.stage === "recurrent") {
    const { layer } = value.of;
    if (isSameAxis(axis, [layer.direction]) && known === 2 && value.direction === undefined) {
      const { start, count } = placesOf(range, 2);
      if (count === 1) return { ...value, direction: start === 0 ? 0 : 1, axes: others([]) };
    }
    if (isSameAxis(axis, layer.time) && value.of.what === "every") {
      return { ...value, of: lastOf(of, value.direction, value.of, range, known), axes: others([]) };
    }
  }
  if (value.of.stage === "product" && value.of.below.what === "every" && isSameAxis(axis, value.of.below.layer.time)) {
    return {
      ...value,
      of: { ...value.of, below: lastOf(of, undefined, value.of.below, range, known) },
      axes: others([]),
    };
  }
  return refuseNode(of.node, "takes a part of an axis", "one direction, the last step or the states of a layer");
}

/** The steps that directions end at: the last one, and the first one in reverse. */
function lastOf(
  of: Operands,
  direction: Signal["direction"],
  stage: Recurrent,
  range: Range,
  size: number | undefined,
) {
  const { layer } = stage;
  if (layer.directions === 2 && direction === undefined) {
    const got = "takes one step of both directions, of which the reverse one ends at the first";
    return refuseNode(of.node, got, "where each direction ends", "read their final states");
  }
  if (layer.lengths !== undefined) {
    const got = "takes one step of sequences that have lengths of their own";
    return refuseNode(of.node, got, "their final states", "read those");
  }
  const isEnd = direction === 1 ? isFirst(range) : isLast(range, size);
  return isEnd ? { ...stage, what: "final" as const } : refuseNode(of.node, "takes a part of time", "its last step");
}

function ofJoined(of: Operands, { parts, axis }: Value & { kind: "joined" }, at: number, range: Range): Value {
  if (at !== axis) return refuseNode(of.node, "takes a part across what is joined", "a part along it");
  const sizes = parts.map(({ axes }) => sizeOf(axes[axis]!));
  const whole = sizes.reduce<number>((sum, size) => sum + (typeof size === "number" ? size : Number.NaN), 0);
  if (Number.isNaN(whole)) return refuseNode(of.node, "takes a part of what is joined of free sizes", "known ones");
  const { start, count } = placesOf(range, whole);
  let first = 0;
  for (const [i, part] of parts.entries()) {
    const end = first + (sizes[i] as number);
    if (start >= first && start + count <= end) {
      return narrowed(of, part, axis, { start: start - first, end: start - first + count });
    }
    first = end;
  }
  return refuseNode(of.node, "takes parts of several layers", "those of one");
}
