// What of a plan a device has no room for; loaded where there is something.

import { TempogradError } from "../errors";
import {
  type Chooser,
  describe,
  dispatchesOf,
  memoryOf,
  mostDispatches,
  needsOf,
  numbersLabel,
  placeConstants,
} from "./describe";
import type { Plan } from "./plan";

/**
 * Refuses what a device has no room for, before anything is made.
 * @throws where a buffer or a grid is larger than the device allows, or a run has too many dispatches.
 */
export function expectRoom(plan: Plan, operation: string, chosen: Chooser): void {
  const { bytes } = memoryOf(plan, operation, chosen);
  const { dispatches } = describe(plan, chosen).total;
  if (dispatches > mostDispatches) {
    throw new TempogradError(
      "option",
      `${operation}: a run takes ${dispatches} dispatches, expected at most ${mostDispatches}; ${plan.cure}.`,
    );
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = plan.traits.limits;
  const bound = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const { buffers, constants } = needsOf(plan, chosen);
  const large = [
    { label: numbersLabel, size: placeConstants(constants).bytes, limit: maxBufferSize },
    ...buffers.map(({ label, size, use }) => ({
      label,
      size,
      limit: use === "storage" || use === "uniform" ? bound : maxBufferSize,
    })),
  ].filter(({ size, limit }) => size > limit);
  const largest = large.sort((a, b) => b.size - a.size)[0];
  if (largest) {
    const { label, size, limit } = largest;
    throw new TempogradError(
      "option",
      `${operation}: of ${bytes} bytes that it needs: "${label}" takes ${size} bytes in one buffer, this device allows ${limit}; ${plan.cure}.`,
    );
  }
  const most = plan.traits.limits.maxComputeWorkgroupsPerDimension;
  for (const { dispatch } of dispatchesOf(plan, chosen)) {
    const { label, shader, workgroups } = dispatch;
    if (workgroups.every((count) => Number.isInteger(count) && count <= most)) continue;
    throw new TempogradError(
      "option",
      `${operation}: "${label}" (${shader.name}) takes [${workgroups.join(", ")}] workgroups, this device allows ${most} each; ${plan.cure}.`,
    );
  }
}
