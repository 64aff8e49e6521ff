// Opens WebGPU in Node through the `webgpu` package (Dawn): a real GPU, or a software adapter where there is none.
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { create, globals } from "webgpu";
import { unpackChromium } from "./unpack-chromium";

/** WebGPU in Node, until `close`. */
export interface NodeGpu {
  /** What `navigator.gpu` is in a browser; its first choice is the adapter that was asked for. */
  readonly gpu: GPU;
  /** Whether that adapter computes on the CPU. */
  readonly software: boolean;
  /** The adapter and its driver, for people. */
  readonly description: string;
  /** Lets go of WebGPU, so that Node can exit. Destroy devices first; `gpu` throws from now on. */
  close(): void;
}

// Dawn names adapters so; `create` can ask for one by a part of its name.
const softwareAdapters: Partial<Record<NodeJS.Platform, string>> = {
  linux: "SwiftShader",
  win32: "Microsoft Basic Render Driver",
};

// Dawn crashes if its instance is collected while an adapter or device is in use.
const open = new Set<NodeGpu>();

/**
 * Opens WebGPU, and puts its constants (`GPUBufferUsage`, …) into `globalThis`.
 *
 * @param prefer `"gpu"` for a real GPU only, `"software"` for a software adapter only; by default a real GPU, else
 *   a software adapter: on Linux SwiftShader, on Windows WARP.
 * @throws Error where there is no such adapter.
 */
export async function openNodeGpu(prefer?: "gpu" | "software"): Promise<NodeGpu> {
  Object.assign(globalThis, globals);
  const softwareAdapter = softwareAdapters[process.platform];
  const flags = ["disable-dawn-features=timestamp_quantization"];
  if (prefer === "software" && softwareAdapter) flags.push(`adapter=${softwareAdapter}`);

  let gpu: GPU | undefined = create(flags);
  const adapter = await withSwiftShader(() => gpu!.requestAdapter());
  const info = adapter?.info;
  const software = info?.isFallbackAdapter === true;
  if (!info || (prefer && software !== (prefer === "software"))) throw missing(prefer, info);

  const stopSharing = software ? shareTheProcessor() : () => {};
  const nodeGpu: NodeGpu = {
    get gpu() {
      if (!gpu) throw new Error("NodeGpu: gpu was read after close, expected before; close it later or open another.");
      return gpu;
    },
    software,
    description: `${info.vendor} ${info.architecture}, ${info.description}${software ? " (software)" : ""}`,
    close() {
      stopSharing();
      gpu = undefined;
      open.delete(nodeGpu);
    },
  };
  open.add(nodeGpu);
  return nodeGpu;
}

/**
 * While Dawn waits for the GPU, it polls at every turn of Node's event loop: a core's worth of nothing, which a software
 * adapter needs to compute. So every turn sleeps for a millisecond. Where Dawn does not wait, no turn is taken.
 */
function shareTheProcessor(): () => void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let next: NodeJS.Immediate;
  const turn = () => {
    Atomics.wait(never, 0, 0, 1);
    next = setImmediate(turn).unref();
  };
  next = setImmediate(turn).unref();
  return () => clearImmediate(next);
}

function missing(prefer: "gpu" | "software" | undefined, found: GPUAdapterInfo | undefined): Error {
  const cures = {
    gpu: `install the GPU's driver${process.platform === "linux" ? " with Vulkan" : ""}, or allow a software adapter.`,
    software: "use a real GPU, or run in a browser.",
    any: `install ${process.platform === "linux" ? "a GPU driver with Vulkan, or Chromium for its SwiftShader" : "the GPU's driver"}.`,
  };
  const got = found ? `${found.vendor} ${found.architecture}` : "no adapter";
  const expected = prefer === "gpu" ? "a real GPU" : prefer === "software" ? "a software adapter" : "an adapter";
  return new Error(`openNodeGpu: got ${got}, expected ${expected}; ${cures[prefer ?? "any"]}`);
}

/** Makes SwiftShader known to Vulkan (Linux) while adapters are enumerated, which `request` does at once. */
async function withSwiftShader<T>(request: () => Promise<T>): Promise<T> {
  const folder = process.platform === "linux" ? await swiftShaderFolder() : undefined;
  if (!folder) return request();
  // A loaded library is found by its name: Dawn gets this Vulkan loader even where the system has none.
  try {
    const stayLoaded = 0x1000; // RTLD_NODELETE
    process.dlopen({ exports: {} }, join(folder, "libvulkan.so.1"), constants.dlopen.RTLD_NOW | stayLoaded);
  } catch {
    // Always: it is no Node add-on. What counts is that it stays loaded.
  }
  const before = process.env.VK_ADD_DRIVER_FILES;
  process.env.VK_ADD_DRIVER_FILES = [join(folder, "vk_swiftshader_icd.json"), before].filter(Boolean).join(":");
  try {
    return request();
  } finally {
    if (before === undefined) delete process.env.VK_ADD_DRIVER_FILES;
    else process.env.VK_ADD_DRIVER_FILES = before;
  }
}

/** Variables with which another program's Vulkan finds SwiftShader (Linux), beside the drivers that are installed. */
export async function softwareDriver(): Promise<Record<string, string>> {
  const folder = process.platform === "linux" ? await swiftShaderFolder() : undefined;
  if (!folder) return {};
  const { VK_ADD_DRIVER_FILES, LD_LIBRARY_PATH } = process.env;
  const list = (...paths: (string | undefined)[]) => paths.filter(Boolean).join(":");
  return {
    VK_ADD_DRIVER_FILES: list(join(folder, "vk_swiftshader_icd.json"), VK_ADD_DRIVER_FILES),
    LD_LIBRARY_PATH: list(LD_LIBRARY_PATH, folder), // a Vulkan loader, where the system has none
  };
}

/** The folder of a Chromium for Linux with SwiftShader and a Vulkan loader: from npm (x64), else an installed one. */
async function swiftShaderFolder(): Promise<string | undefined> {
  if (process.arch === "x64") return unpackChromium();
  const installed = ["/usr/lib/chromium", "/opt/google/chrome", "/opt/microsoft/msedge"];
  return installed.find((folder) => existsSync(join(folder, "vk_swiftshader_icd.json")));
}
