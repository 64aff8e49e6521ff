// The forms that a sweep's products may be computed in: tiles, fused or a step a dispatch, or weights that stand still.

import persistentShader from "../../shaders/persistent.wgsl?raw";
import recurrenceShader from "../../shaders/recurrence.wgsl?raw";
import type { DeviceTraits } from "../gpu/traits";
import { inVec4 } from "./operands";
import { heldBlocks, rowsApart, rowsTogether } from "./thresholds";
import { fitsAcross, sweepTiles, type TileName, tileFlags, tileSource, tiles, wideTiles } from "./tile";

/** A shader, and how it is dispatched. */
export interface SweepForm {
  readonly schedule: "fused" | "unrolled";
  readonly name: string;
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly workgroups: readonly [number, number];
}

export interface SweepSize {
  readonly batch: number;
  /** H */
  readonly width: number;
  readonly gates: number;
  /** Whether all products are with h. */
  readonly plain: boolean;
  readonly forward: boolean;
  /** Whether weights and states are in half precision. */
  readonly half: boolean;
}

/** One dispatch for all steps: on GPUs, weights that are read once come first. Empty where a workgroup has not room for a row. */
export function fusedForms(traits: DeviceTraits, size: SweepSize): SweepForm[] {
  const { batch, width, gates, plain } = size;
  if (!fitsAcross(traits, width)) return [];
  const tiled = sweepTiles(traits, batch, width, true, gates === 1 && plain).map((tile) =>
    tiledForm("fused", tile, wideTiles(batch, width, tile)),
  );
  const persistent = persistentForm(traits, size);
  if (!persistent) return tiled;
  return traits.software ? [...tiled, persistent] : [persistent, ...tiled];
}

/** A dispatch a step. */
export const unrolledForms = (traits: DeviceTraits, { batch, width }: SweepSize): SweepForm[] =>
  sweepTiles(traits, batch, width, false, false).map((tile) =>
    tiledForm("unrolled", tile, tiles(traits, batch, width, tile)),
  );

const tiledForm = (
  schedule: SweepForm["schedule"],
  tile: TileName,
  { workgroups, ...constants }: ReturnType<typeof tiles>,
): SweepForm => ({
  schedule,
  name: tile,
  source: `${tileSource}\n${recurrenceShader}`,
  constants,
  flags: { ...tileFlags(tile), persistent: false },
  workgroups,
});

/**
 * A thread for each vec4f of a product's row and each slice of what is summed; as many slices as let all weights stand still
 * or as the device has threads for: then a thread keeps what it can, and reads the rest at each step.
 * @returns undefined where a workgroup has not a thread for each vec4f.
 */
function persistentForm({ limits }: DeviceTraits, size: SweepSize): SweepForm | undefined {
  const { batch, gates, forward, half } = size;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, maxComputeWorkgroupStorageSize } = limits;
  const width = inVec4(size.width);
  const [columns, inner] = forward ? [gates * width, width] : [width, gates * width];
  for (let rows = Math.min(rowsTogether, Math.ceil(batch / rowsApart)); rows > 0; rows--) {
    const room = Math.floor(maxComputeWorkgroupStorageSize / (16 * rows)) - inner;
    const most = Math.floor(Math.min(maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, room) / columns);
    const wanted = Math.max(Math.ceil(inner / heldBlocks[half ? "f16" : "f32"]), Math.ceil((rows * width) / columns)); // each vec4f of h has a thread
    if (most < 1) continue;
    const depth = Math.ceil(inner / Math.min(wanted, most));
    const slices = Math.ceil(inner / depth);
    const threads = columns * slices;
    if (threads < rows * width) continue;
    return {
      schedule: "fused",
      name: "persistent",
      source: persistentShader,
      constants: { rows, columns, inner, slices, depth, threads },
      flags: { persistent: true },
      workgroups: [Math.ceil(batch / rows), 1],
    };
  }
  return undefined;
}
