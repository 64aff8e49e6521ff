// Devices that have less than their adapter: what runs on them runs on whatever has WebGPU. In Node and in a browser.

import { type Gpu, type GpuOptions, openGpu } from "../../src/index";

/**
 * What a device has: all that `openGpu` asks an adapter for; the limits that every WebGPU has and no feature; or those of
 * compatibility mode, for adapters below WebGPU's own requirements, with what that mode forbids checked where it is implemented.
 */
export const limitKinds = ["adapter", "default", "compatibility"] as const;
export type LimitKind = (typeof limitKinds)[number];

/** Invocations of a workgroup, which tell a device of either kind from others. */
const invocations = { default: 256, compatibility: 128 } as const;

/** Opens a GPU with such limits. @throws where there is no such device. */
export async function openWithin(limits: LimitKind, options: GpuOptions = {}): Promise<Gpu> {
  if (limits === "adapter") return openGpu(options);
  const source = options.gpu ?? navigator.gpu;
  const featureLevel = limits === "compatibility" ? limits : "core";
  const adapter = await source?.requestAdapter({ featureLevel });
  const device = await adapter?.requestDevice();
  const got = device?.limits.maxComputeInvocationsPerWorkgroup;
  if (!device || got !== invocations[limits]) {
    device?.destroy();
    throw new Error(
      `verify: --limits ${limits} got ${device ? `a device of ${got} invocations a workgroup` : "no device"}, expected one of ${invocations[limits]}; verify on a place that has it, as --on node.`,
    );
  }
  return openGpu({ ...options, device });
}
