// How a sweep whose weights stand still is shared out among the threads of a workgroup.

import persistentShader from "../../shaders/persistent.wgsl?raw";
import type { DeviceTraits } from "../gpu/traits";
import type { SweepForm } from "./recurrence";

/** Blocks of 4 × 4 weights that a thread keeps: 64 numbers, half of the registers that compilers give a thread. */
const held = 4;

/** Rows of a batch up to which each has a workgroup of its own: with more, they would queue for a GPU's multiprocessors. */
const rowsApart = 128;

/** Rows that share a workgroup, and its barriers. */
const mostTogether = 4;

/**
 * A thread for a vec4f of columns and a slice of what is summed, as many slices as let all weights stand still; where the
 * device has no room for so many, a thread keeps what it can and reads the rest at each step.
 * @param columns in vec4f, of products: [1, inner] · [inner, columns]
 * @param width in vec4f, of h
 * @returns undefined where a workgroup has not a thread for each column.
 */
export function persistentForm(
  { limits }: DeviceTraits,
  batch: number,
  { columns, inner, width }: Readonly<Record<"columns" | "inner" | "width", number>>,
): SweepForm | undefined {
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, maxComputeWorkgroupStorageSize } = limits;
  const wanted = Math.min(mostTogether, Math.ceil(batch / rowsApart));
  for (let rows = wanted; rows > 0; rows--) {
    const room = Math.floor(maxComputeWorkgroupStorageSize / (16 * rows)) - inner;
    const most = Math.min(maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, room);
    if (Math.max(columns, rows * width) > most) continue;
    const depth = Math.ceil(
      inner /
        Math.min(Math.floor(most / columns), Math.max(Math.ceil(inner / held), Math.ceil((rows * width) / columns))),
    );
    const slices = Math.ceil(inner / depth);
    const threads = columns * slices;
    if (threads < rows * width) continue;
    return {
      source: persistentShader,
      constants: { rows, columns, inner, slices, depth, threads },
      flags: { persistent: true },
      workgroups: [Math.ceil(batch / rows), 1],
    };
  }
  return undefined;
}
