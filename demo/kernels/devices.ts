// Real devices as plans see them: what browsers report of each, and how many multiprocessors it has. All have half
// precision: each of these chips computes in it, and its drivers say so.

import type { DeviceTraits, Limits } from "../../src/gpu/traits";

export interface KnownDevice {
  readonly name: string;
  /** Streaming multiprocessors, compute units, cores: what a workgroup occupies one of. */
  readonly multiprocessors: number;
  readonly traits: DeviceTraits;
}

/** What WebGPU promises everywhere (its specification, "Limits"). */
const promised: Limits = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
};

/** What Chrome reports of GPUs of laptops and desktops: the tiers of Dawn (src/dawn/native/Limits.cpp), less where said. */
const usual: Limits = {
  ...promised,
  maxBufferSize: 2 ** 32,
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupStorageSize: 32768,
};

const gpu = (limits: Limits, cores: number): DeviceTraits => ({
  limits,
  software: false,
  quads: false,
  f16: true,
  cores,
});

export const devices = {
  /** 5 cores by its driver on MediaTek's Genio 1200; the limits are those that any phone has. */
  phone: { name: "phone (Mali-G57 MC5)", multiprocessors: 5, traits: gpu(promised, 8) },
  /** 96 execution units in 6 subslices (Intel, Xe-LP); 1024 invocations by its Vulkan driver (gpuweb/gpuweb#6243). */
  xe: { name: "Intel Iris Xe", multiprocessors: 6, traits: gpu(usual, 8) },
  /** 10 cores (Apple); 1024 threads and 32 KB a threadgroup (Metal feature set tables, Apple8). */
  m2: { name: "Apple M2", multiprocessors: 10, traits: gpu(usual, 8) },
  /** 60 compute units (AMD); limits as Dawn reports them of Mesa's driver for it. */
  rx6800: {
    name: "AMD RX 6800",
    multiprocessors: 60,
    traits: gpu({ ...usual, maxStorageBuffersPerShaderStage: 16, maxComputeWorkgroupStorageSize: 65536 }, 16),
  },
  /** 128 streaming multiprocessors (NVIDIA, Ada architecture); 48 KB a block (CUDA, compute capability 8.9). */
  rtx4090: {
    name: "NVIDIA RTX 4090",
    multiprocessors: 128,
    traits: gpu({ ...usual, maxComputeWorkgroupStorageSize: 49152 }, 16),
  },
} as const satisfies Record<string, KnownDevice>;

export type DeviceName = keyof typeof devices;

export const deviceNames = Object.keys(devices) as DeviceName[];
