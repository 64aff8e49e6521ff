// A kernel: one compute pipeline whose bindings were read from its WGSL, cached by the text it was made from.

import { type Binding, bindingsOf, constantLines, type Flags, resolveFlags } from "./wgsl";

/** What a kernel is made from. */
export interface KernelSource {
  /** The shader's file name without its ending, for labels and errors. */
  readonly shader: string;
  /** The text of the .wgsl file. */
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly flags: Flags;
}

export interface Kernel {
  /** Shader and flags, as in `matmul(transposeA)`. */
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly layout: GPUBindGroupLayout;
  /** Starts compiling at the first call, and answers the same pipeline ever after. */
  pipeline(): Promise<GPUComputePipeline>;
}

/** Makes kernels for one device. Two requests with the same resolved text share one pipeline. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<string, Kernel>();
  #gateLayout: GPUBindGroupLayout | undefined;
  /** Kernels, gated or not, of sources that were asked for before: the text is long. */
  readonly #known = { gated: new WeakMap<KernelSource, Kernel>(), open: new WeakMap<KernelSource, Kernel>() };

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

  /**
   * @param gated whether it does nothing while its gate is not 0.
   * @throws where the text names unknown flags, declares odd bindings or has more or fewer than one entry point.
   */
  get(from: KernelSource, gated = false): Kernel {
    const all = this.#known[gated ? "gated" : "open"];
    const known = all.get(from);
    if (known) return known;
    const { shader, source, constants, flags } = from;
    const enabled = flags.quads ? "enable subgroups;\n" : ""; // must stand before all else
    const text = enabled + constantLines(constants, shader) + resolveFlags(source, flags, shader);
    const key = `${gated}${text}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      const on = Object.keys(flags).filter((flag) => flags[flag]);
      kernel = this.#make(on.length > 0 ? `${shader}(${on.join(" ")})` : shader, text, gated);
      this.#kernels.set(key, kernel);
    }
    all.set(from, kernel);
    return kernel;
  }

  #make(name: string, text: string, gated: boolean): Kernel {
    const entryPoints = [...text.matchAll(/@compute[^{]*?\bfn\s+(\w+)[^{]*\{/g)];
    const [entry] = entryPoints;
    if (entry === undefined || entryPoints.length > 1) {
      throw new Error(
        `${name}: the resolved shader has ${entryPoints.length} entry points, expected 1; check its flags.`,
      );
    }
    const entryPoint = entry[1]!;
    const body = entry.index + entry[0].length;
    const code = gated ? `${text.slice(0, body)}${gateTest}${text.slice(body)}${gateBinding}` : text;
    const device = this.#device;
    const bindings = bindingsOf(text, name);
    const layout = device.createBindGroupLayout({
      label: name,
      entries: bindings.map(({ index, type }) => ({
        binding: index,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
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
        const { messages } = await module.getCompilationInfo();
        const lines = messages.map(({ lineNum, linePos, message }) => `  ${lineNum}:${linePos} ${message}`);
        throw new Error([`${name}: the shader does not compile: ${(error as Error).message}`, ...lines].join("\n"));
      }
    };
    return {
      name,
      bindings,
      layout,
      pipeline() {
        pipeline ??= compile();
        return pipeline;
      },
    };
  }
}

// All invocations read the same, so that barriers behind the test are still met by all.
const gateTest = " if (tempogradGate != 0u) { return; }";
const gateBinding = "\n@group(1) @binding(0) var<storage, read> tempogradGate: u32;\n";
