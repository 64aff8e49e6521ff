// The tiles that matrix products and sweeps are computed in: how many rows and columns a thread has, and by what means.

import tileShader from "../../shaders/tile.wgsl?raw";
import { roundUp } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { inVec4 } from "./operands";
import { heldRows, largeProduct, smallProduct, tallRows } from "./thresholds";

/** What stands in front of the shaders that compute in tiles. */
export const tileSource: string = tileShader;

const flags = ["single", "narrow", "tall", "quads", "shared", "held"] as const;

/** What each tile is, in the words of the flags: rows × columns of a thread. */
const shapes = {
  row: "single", // 1 × 8
  "narrow row": "single narrow", // 1 × 4
  registers: "", // 4 × 8
  "tall registers": "tall", // 8 × 8
  quads: "quads", // 16 × 8, the rows by four threads
  "tall quads": "tall quads", // 32 × 8
  shared: "tall shared", // 8 × 8 of a workgroup's 64 × 64, whose operands its threads share
  held: "quads held", // 1 × 16, one row after another, whose columns of B a thread keeps
};

export type TileName = keyof typeof shapes;

/** The flags that tile.wgsl asks for. */
export const tileFlags = (tile: TileName) =>
  Object.fromEntries(flags.map((flag) => [flag, shapes[tile].split(" ").includes(flag)])) as Record<
    (typeof flags)[number],
    boolean
  >;

/** Rows and columns, in vec4f, of a thread's tile. */
export function tileSize(tile: TileName): { tileRows: number; tileColumns: number } {
  const { single, narrow, tall, quads, held } = tileFlags(tile);
  if (held) return { tileRows: 1, tileColumns: 4 };
  return { tileRows: single ? 1 : (tall ? 8 : 4) * (quads ? 4 : 1), tileColumns: narrow ? 1 : 2 };
}

/** A workgroup of threads that each compute a tile, and how many cover a matrix. */
export function tiles({ limits, software, cores }: DeviceTraits, rows: number, width: number, tile: TileName) {
  const { tileRows, tileColumns } = tileSize(tile);
  const across = Math.ceil(inVec4(width) / tileColumns);
  const down = Math.ceil(rows / tileRows);
  const { quads, shared, held } = tileFlags(tile);
  if (held) {
    const groups = Math.ceil(across / 4);
    const workgroups = [groups, Math.min(rows, Math.ceil((2 * cores) / groups))] as const; // what a core does last is half of it
    return { columnThreads: 4, rowThreads: 1, tileRows, tileColumns, workgroups };
  }
  const grid = limits.maxComputeWorkgroupsPerDimension;
  const columnThreads = shared ? 8 : quads || software ? 4 : Math.min(across, 8);
  const rowThreads = shared ? 8 : Math.min(down, Math.max(software ? 1 : 8, Math.ceil(down / grid)));
  return {
    columnThreads,
    rowThreads,
    tileRows,
    tileColumns,
    workgroups: [Math.ceil(across / columnThreads), Math.ceil(down / rowThreads)] as const,
  };
}

/** Threads that hold all columns of a width: whole quads. */
const threadsAcross = (width: number, tile: TileName): number =>
  roundUp(Math.ceil(inVec4(width) / tileSize(tile).tileColumns), 4);

/** Whether a workgroup of the device can hold all columns of a width. */
export const fitsAcross = ({ limits }: DeviceTraits, width: number, tile: TileName = "row"): boolean =>
  threadsAcross(width, tile) <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);

/** A workgroup that holds all columns of its rows, and how many cover a matrix. */
export function wideTiles(rows: number, width: number, tile: TileName) {
  const size = tileSize(tile);
  return {
    columnThreads: threadsAcross(width, tile),
    rowThreads: 1,
    ...size,
    workgroups: [1, Math.ceil(rows / size.tileRows)] as const,
  };
}

/** Whether a product is so small that what compiles soonest is best. */
export const isSmall = (rows: number, depth: number, width: number): boolean => rows * depth * width <= smallProduct;

/** Blocks deep of what a thread of the tile `held` keeps at a time, of a depth in blocks: as the shader has them written out. */
export const heldDepth = (blocks: number): 16 | 32 => (blocks <= 16 ? 16 : 32);

/**
 * The tiles that a product of a size may be computed in, the default first.
 * @param rowWise whether a row of A is a row of what is multiplied, and the product in single precision
 */
export function productTiles(
  traits: DeviceTraits,
  rows: number,
  depth: number,
  width: number,
  rowWise = false,
): TileName[] {
  const tiles = exchangedTiles(traits, rows, depth, width);
  if (!traits.quads || !rowWise) return tiles;
  const columns = inVec4(width);
  const pays = rows >= heldRows && roundUp(columns, 16) <= 1.25 * columns;
  return pays && !isSmall(rows, depth, width) ? ["held", ...tiles] : [...tiles, "held"];
}

function exchangedTiles({ quads, software }: DeviceTraits, rows: number, depth: number, width: number): TileName[] {
  const large = rows * depth * width >= largeProduct;
  const byQuads: TileName[] = large ? ["tall quads", "quads"] : ["quads", "tall quads"];
  const byThemselves: TileName[] = ["tall registers", "registers"];
  if (quads && isSmall(rows, depth, width)) return ["registers", "tall registers", ...byQuads, "shared"];
  if (quads) return [...byQuads, ...byThemselves, "shared"];
  return software || !large ? [...byThemselves, "shared"] : ["shared", ...byThemselves];
}

/** The workgroups of a product in its default tile. */
export function workgroupsOfProduct(traits: DeviceTraits, rows: number, depth: number, width: number): number {
  const [tile = "registers"] = productTiles(traits, rows, depth, width);
  const [x, y] = tiles(traits, rows, width, tile).workgroups;
  return x * y;
}

/**
 * The tiles that a sweep over a batch may be computed in; for GPUs the default first.
 * @param fused whether one workgroup has all columns of its rows; else columns too are shared out.
 */
export function sweepTiles(traits: DeviceTraits, batch: number, width: number, fused: boolean): TileName[] {
  const { quads, cores } = traits;
  const enough = fused ? tallRows * cores : tallRows;
  const byQuads: TileName[] = batch >= enough ? ["tall quads", "quads"] : ["quads", "tall quads"];
  const all: TileName[] = ["narrow row", "row", ...(quads ? byQuads : []), "tall registers", "registers"];
  return all.filter((tile) => !tileFlags(tile).narrow || fitsAcross(traits, width, tile));
}
