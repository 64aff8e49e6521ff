// Opens a device, its own or the caller's.

import { expectOptions, TempogradError } from "../errors";
import type { ChoiceStore, Tuning } from "./choices";
import { Gpu } from "./device";
import { expectKind } from "./lifetime";

/** How a GPU is opened. */
export interface GpuOptions {
  /** An application's own device: everything then lives on it, and `destroy()` leaves it open. */
  device?: GPUDevice;
  /**
   * Where to ask for an adapter; the browser's `navigator.gpu` unless given. In Node, which has none of its own, what
   * `create([])` of the `webgpu` package answers, with that package's `globals` assigned to `globalThis`.
   */
  gpu?: GPU;
  /** Passed on to `requestAdapter`. */
  powerPreference?: GPUPowerPreference;
  /**
   * How kernels are chosen among several that compute the same, to the bit for one choice and within float32 rounding
   * between two. Default "measure" on GPUs and "default" on software adapters, whose default was measured.
   */
  tuning?: Tuning;
  /** Where measured choices are remembered: IndexedDB where there is one, unless given. */
  choiceStore?: ChoiceStore;
}

/** What is used where a device has it: an application that passes its own may ask its adapter for them. */
const wantedFeatures = ["subgroups", "timestamp-query", "shader-f16"] as const satisfies GPUFeatureName[];

/** Of these, all that an adapter has: large tensors need buffers, and some kernels are faster in large workgroups. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
] as const satisfies (keyof GPUSupportedLimits)[];

/**
 * Opens a GPU: `options.device` where given, else a device of its own with the adapter's largest buffers and workgroups, or
 * the usual ones where it refuses what it reports.
 * @throws where there is no WebGPU, no adapter or no device, with the cure.
 * @example
 * ```ts
 * import { openGpu } from "tempograd";
 *
 * const own = await openGpu(); // or openGpu({ device }), on an app's own
 * console.log(own.traits.software ? "computes on the processor" : "computes on a GPU");
 * own.destroy();
 * ```
 */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  expectOptions("openGpu", options);
  const { device, tuning, choiceStore } = options;
  if (device !== undefined) {
    const is = typeof device?.createComputePipelineAsync === "function";
    expectKind("openGpu", "device", is, device, "adapter.requestDevice");
    return new Gpu(device, { tuning, choiceStore, owned: false });
  }
  const source = options.gpu ?? globalThis.navigator?.gpu;
  if (!source) {
    throw new TempogradError(
      "unsupported",
      "openGpu: this environment has no WebGPU (navigator.gpu is missing); use a current Chrome, Edge, Firefox or Safari over https or localhost, or pass { gpu } or { device }.",
    );
  }
  const { powerPreference = "high-performance" } = options;
  let refused: unknown;
  for (const [limits, features] of [
    [true, true],
    [false, true], // an adapter may report limits that it then refuses
    [true, false],
    [false, false],
  ]) {
    const adapter = await source.requestAdapter({ powerPreference }); // one gives a device once
    if (!adapter && refused) break;
    if (!adapter) {
      throw new TempogradError(
        "unsupported",
        "openGpu: WebGPU is here but found no adapter; enable hardware acceleration, update the graphics driver, or in Chrome allow a software adapter with --enable-unsafe-webgpu.",
      );
    }
    const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
    try {
      const device = await adapter.requestDevice({
        label: "tempograd",
        ...(limits && { requiredLimits }),
        ...(features && { requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)) }),
      });
      return new Gpu(device, { tuning, choiceStore, owned: true, source, adapter });
    } catch (error) {
      refused ??= error;
    }
  }
  throw new TempogradError(
    "unsupported",
    `openGpu: the adapter gives no device (${(refused as Error).message}), not even the least; update the graphics driver or the browser, or pass { device }.`,
  );
}
