// What a step of a sweep takes an adapter that computes on a processor: by it forms are ordered where nothing was measured.

import type { DeviceTraits } from "../gpu/traits";
import { inVec4 } from "./operands";
import { costsOf } from "./thresholds";
import { type TileName, tileFlags, type tiles } from "./tile";

interface Work {
  readonly steps: number;
  readonly batch: number;
  /** H */
  readonly width: number;
  readonly gates: number;
}

/** A cell's work for a vec4f of h grows with its gates. */
const cellCost = (element: number, gates: number) => (element * (1 + gates)) / 2;

/** Nanoseconds of a step in tiles. */
export function tiledCost(
  traits: DeviceTraits,
  { width, gates }: Work,
  tile: TileName,
  { columnThreads, rowThreads, tileRows, tileColumns, workgroups }: ReturnType<typeof tiles>,
  fused: boolean,
): number {
  const { lanes, load, mulAdd, element, barrier, dispatch } = costsOf(traits);
  const { single, tall } = tileFlags(tile);
  const subgroups = Math.ceil((columnThreads * rowThreads) / lanes);
  const rounds = Math.ceil((workgroups[0] * workgroups[1]) / traits.cores);
  const loads = (single ? 1 : tall ? 8 : 4) + 4 * tileColumns;
  const product = gates * inVec4(width) * (loads * load + 4 * tileRows * tileColumns * mulAdd);
  const own = product + tileRows * tileColumns * cellCost(element, gates) + (fused ? barrier : 0);
  return rounds * subgroups * own + (fused ? 0 : dispatch);
}

/** Nanoseconds of a step with weights that stand still; a sweep's share of reading them first among it. */
export function persistentCost(
  traits: DeviceTraits,
  { steps, width, gates }: Work,
  { threads, turns, depth, heldBlocks }: { threads: number; turns: number; depth: number; heldBlocks: number },
  workgroups: number,
): number {
  const { lanes, load, mulAdd, spread, hold, element, barrier } = costsOf(traits);
  const subgroups = Math.ceil(threads / lanes);
  const rounds = Math.ceil(workgroups / traits.cores);
  const product = depth * (4 * mulAdd + spread) + Math.max(depth - heldBlocks, 0) * 4 * load;
  const cell = Math.ceil(inVec4(width) / lanes) * cellCost(element, gates);
  return rounds * (turns * (subgroups * (product + barrier) + cell) + (subgroups * heldBlocks * hold) / steps);
}
