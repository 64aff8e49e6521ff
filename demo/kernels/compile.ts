// A process of `npm run kernels`: compiles the shaders of a file, in turn, for the GPU that the driver was told to take. What
// the driver prints of each goes to stderr, behind a line of its number. Arguments: the library to load as Vulkan, the file.

import { readFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { create, globals } from "webgpu";
import { mark } from "./radv";

const wantedFeatures: GPUFeatureName[] = ["subgroups", "shader-f16"];
const wantedLimits = [
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBuffersPerShaderStage",
] as const;

// Dawn crashes if its instance is collected while a device is in use.
const kept: GPU[] = [];

export async function main([library = "", file = ""]: string[]): Promise<number> {
  try {
    const stayLoaded = 0x1000; // RTLD_NODELETE
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | stayLoaded);
  } catch {
    // Always: it is no Node add-on. What counts is that it stays loaded, and Dawn finds it by its name.
  }
  Object.assign(globalThis, globals);
  const gpu = create([]);
  kept.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter?.info.description.includes("radv")) throw new Error("Mesa's driver has no such chip.");
  const device = await adapter.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
  });
  for (const [i, code] of (JSON.parse(readFileSync(file, "utf8")) as string[]).entries()) {
    writeSync(2, `${mark}${i}\n`);
    await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }) },
    });
  }
  process.exit(0); // nothing that was to be done is: a device that is closed in order would wait for it
}
