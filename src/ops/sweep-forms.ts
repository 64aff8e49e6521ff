// The forms that a sweep's products may be computed in: tiles, fused or a step a dispatch, or weights that stand still.

import persistentShader from "../../shaders/persistent.wgsl?raw";
import recurrenceShader from "../../shaders/recurrence.wgsl?raw";
import { roundUp } from "../gpu/tensor";
import type { DeviceTraits } from "../gpu/traits";
import { inVec4 } from "./operands";
import { persistentCost, tiledCost } from "./sweep-cost";
import { costsOf, heldBlocks, rowsApart, rowsTogether } from "./thresholds";
import { fitsAcross, sweepTiles, type TileName, tileFlags, tileSource, tiles, wideTiles } from "./tile";

/** A shader, and how it is dispatched. */
export interface SweepForm {
  readonly schedule: "fused" | "unrolled";
  readonly name: string;
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly workgroups: readonly [number, number];
  /** Of a step, in nanoseconds, as far as it can be told: on processors. */
  readonly cost: number;
}

export interface SweepSize {
  readonly steps: number;
  readonly batch: number;
  /** H */
  readonly width: number;
  readonly gates: number;
  readonly forward: boolean;
  /** Whether weights and states are in half precision. */
  readonly half: boolean;
}

/**
 * The forms of a sweep that a device can compute, the default first. On GPUs one dispatch for all steps comes before a dispatch a
 * step, and weights that are read once before tiles; on processors what costs least.
 */
export function sweepForms(
  traits: DeviceTraits,
  size: SweepSize,
  schedule: SweepForm["schedule"] | undefined,
): SweepForm[] {
  const fused = schedule === "unrolled" ? [] : fusedForms(traits, size);
  const forms = schedule === "fused" ? fused : [...fused, ...unrolledForms(traits, size)];
  return traits.software ? forms.sort((a, b) => a.cost - b.cost) : forms;
}

/** One dispatch for all steps. None where a workgroup has not room for a row. */
function fusedForms(traits: DeviceTraits, size: SweepSize): SweepForm[] {
  const { batch, width } = size;
  if (!fitsAcross(traits, width)) return [];
  const tiled = sweepTiles(traits, batch, width, true).map((tile) =>
    tiledForm(traits, size, "fused", tile, wideTiles(batch, width, tile)),
  );
  const persistent = persistentForm(traits, size);
  return persistent ? [persistent, ...tiled] : tiled;
}

/** A dispatch a step. */
const unrolledForms = (traits: DeviceTraits, size: SweepSize): SweepForm[] =>
  sweepTiles(traits, size.batch, size.width, false).map((tile) =>
    tiledForm(traits, size, "unrolled", tile, tiles(traits, size.batch, size.width, tile)),
  );

function tiledForm(
  traits: DeviceTraits,
  size: SweepSize,
  schedule: SweepForm["schedule"],
  tile: TileName,
  threads: ReturnType<typeof tiles>,
): SweepForm {
  const { workgroups, ...constants } = threads;
  return {
    schedule,
    name: tile,
    source: `${tileSource}\n${recurrenceShader}`,
    constants,
    flags: { ...tileFlags(tile), persistent: false },
    workgroups,
    cost: tiledCost(traits, size, tile, threads, schedule === "fused"),
  };
}

/**
 * A thread for each vec4f of a product's row and each slice of what is summed; as many slices as let all weights stand still
 * or as the device has threads for: then a thread keeps what it can, and reads the rest at each step. A processor has as many
 * workgroups as cores, which take a row after the other.
 * @returns undefined where a workgroup has not a thread for each vec4f.
 */
function persistentForm(traits: DeviceTraits, size: SweepSize): SweepForm | undefined {
  const { limits, software, quads, cores } = traits;
  const { batch, gates, forward, half } = size;
  const buffered = software && quads && !half && limits.maxStorageBuffersPerShaderStage >= 10;
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, maxComputeWorkgroupStorageSize } = limits;
  const width = inVec4(size.width);
  const [columns, inner] = forward ? [gates * width, width] : [width, gates * width];
  const across = quads ? roundUp(columns, 4) : columns;
  const mostHeld = software ? costsOf(traits).held : heldBlocks[half ? "f16" : "f32"];
  const share = software && inner > mostHeld ? costsOf(traits).share : mostHeld;
  const turns = software ? Math.ceil(batch / cores) : 1;
  for (let rows = software ? 1 : Math.min(rowsTogether, Math.ceil(batch / rowsApart)); rows > 0; rows--) {
    const room = Math.floor(maxComputeWorkgroupStorageSize / (16 * rows));
    const most = Math.floor(
      Math.min(maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, room - inner) / across,
    );
    const wanted = Math.max(Math.ceil(inner / share), Math.ceil((rows * width) / across)); // each vec4f of h has a thread
    if (most < 1) continue;
    const depth = Math.ceil(inner / Math.min(wanted, most));
    const slices = Math.ceil(inner / depth);
    const threads = across * slices;
    if (threads < rows * width) continue;
    const direct = rows === 1 && slices === 1 && columns === width && 2 * inner < room;
    const whole = software && quads ? roundUp(depth, 4) : depth;
    const kept = { threads, turns, depth, heldBlocks: Math.min(mostHeld, whole) };
    const workgroups = Math.ceil(batch / rows / turns);
    const halves = direct ? 2 : 1;
    const counts = { factorCount: halves * rows * inner, partCount: direct ? 1 : rows * threads };
    return {
      schedule: "fused",
      name: "persistent",
      source: persistentShader,
      constants: { ...kept, ...counts, rows, columns, across, inner, slices, halves },
      flags: { persistent: true, processor: software, quads, buffered },
      workgroups: [workgroups, 1],
      cost: persistentCost(traits, size, kept, workgroups),
    };
  }
  return undefined;
}
