// A kernel: a shader compiled for a device, cached by its text.

import { TempogradError } from "../errors";
import type { Shader } from "./shader";

/** How a shader is compiled. */
export interface KernelForm {
  /** Whether it does nothing while its gate is not 0. */
  readonly gated: boolean;
  /** Bindings of which each run of a repeat has a part of its own. */
  readonly moving: readonly string[];
}

export interface Kernel {
  readonly layout: GPUBindGroupLayout;
  /** Starts compiling at the first call, and answers the same pipeline ever after. */
  pipeline(): Promise<GPUComputePipeline>;
}

/** Makes kernels for one device. Two requests with the same text and form share one pipeline. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<string, Kernel>();
  #gateLayout: GPUBindGroupLayout | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Of a gate: a u32 in group 1. */
  get gateLayout(): GPUBindGroupLayout {
    this.#gateLayout ??= this.#device.createBindGroupLayout({
      label: "gate",
      entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "read-only-storage" } }],
    });
    return this.#gateLayout;
  }

  get(shader: Shader, form: KernelForm): Kernel {
    const key = `${form.gated} ${form.moving} ${shader.text()}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#make(shader, form);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  #make({ name, text, bindings, entryPoint }: Shader, { gated, moving }: KernelForm): Kernel {
    const code = gated ? text(gateTest) + gateBinding : text();
    const device = this.#device;
    const layout = device.createBindGroupLayout({
      label: name,
      entries: bindings.map(({ name, index, type }) => ({
        binding: index,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type, hasDynamicOffset: moving.includes(name) },
      })),
    });
    let pipeline: Promise<GPUComputePipeline> | undefined;
    const compile = async () => {
      device.pushErrorScope("validation"); // a shader that does not compile is reported with its messages, below
      const module = device.createShaderModule({ label: name, code });
      void device.popErrorScope();
      try {
        return await device.createComputePipelineAsync({
          label: name,
          layout: device.createPipelineLayout({
            label: name,
            bindGroupLayouts: gated ? [layout, this.gateLayout] : [layout],
          }),
          compute: { module, entryPoint },
        });
      } catch (error) {
        let text = `${name}: the shader does not compile: ${(error as Error).message}`;
        const asked = (async () => module.getCompilationInfo())();
        const told = await asked.catch(() => undefined); // it is not there in Bun
        for (const { lineNum, linePos, message } of told?.messages ?? [])
          text += `\n  ${lineNum}:${linePos} ${message}`;
        throw new TempogradError("definition", text);
      }
    };
    return {
      layout,
      pipeline() {
        pipeline ??= compile();
        return pipeline;
      },
    };
  }
}

const caches = new WeakMap<GPUDevice, KernelCache>();

/** The kernels of a device: what uses it side by side compiles each once. */
export function kernelsOf(device: GPUDevice): KernelCache {
  let cache = caches.get(device);
  if (!cache) {
    cache = new KernelCache(device);
    caches.set(device, cache);
  }
  return cache;
}

// All invocations read the same, so that barriers behind the test are still met by all.
const gateTest = " if (tempogradGate != 0u) { return; }";
const gateBinding = "\n@group(1) @binding(0) var<storage, read> tempogradGate: u32;\n";
