// What of a device decides which work is done: plain data, so that a plan can be made and tested for any device.

/** Those of a device's limits that a plan heeds. */
export type Limits = Pick<
  GPUSupportedLimits,
  | "maxBufferSize"
  | "maxStorageBufferBindingSize"
  | "maxStorageBuffersPerShaderStage"
  | "maxComputeInvocationsPerWorkgroup"
  | "maxComputeWorkgroupSizeX"
  | "maxComputeWorkgroupStorageSize"
  | "maxComputeWorkgroupsPerDimension"
>;

/** What of a device decides how work is done, as plain data. */
export interface DeviceTraits {
  readonly limits: Limits;
  /** Whether the adapter computes on the CPU (SwiftShader, lavapipe, WARP). */
  readonly software: boolean;
  /** Whether four invocations run in step, as in SwiftShader: kernels whose quads exchange registers then pay. */
  readonly quads: boolean;
  /** Whether shaders may store and compute in half precision (the feature "shader-f16"). */
  readonly f16: boolean;
  /** Of the processor. */
  readonly cores: number;
}

/** @param description as `describeAdapter` answers it. */
export function traitsOf(device: GPUDevice, info: Partial<GPUAdapterInfo>, description: string): DeviceTraits {
  const { subgroupMinSize, subgroupMaxSize, isFallbackAdapter } = info;
  return {
    limits: device.limits,
    software: isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(description),
    quads: device.features.has("subgroups") && subgroupMinSize === 4 && subgroupMaxSize === 4,
    f16: device.features.has("shader-f16"),
    cores: globalThis.navigator?.hardwareConcurrency ?? 2,
  };
}

/** Vendor, architecture and device, as far as an adapter tells. */
export function describeAdapter(info: Partial<GPUAdapterInfo>): string {
  const words = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
  return [...new Set(words)].join(" ") || unknownAdapter;
}

/** The description of an adapter that tells nothing. */
export const unknownAdapter = "unknown adapter";
