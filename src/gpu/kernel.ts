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
  /** Kernels of sources that were asked for before: the text is long. */
  readonly #known = new WeakMap<KernelSource, Kernel>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** @throws where the text names unknown flags, declares odd bindings or has more or fewer than one entry point. */
  get(from: KernelSource): Kernel {
    const known = this.#known.get(from);
    if (known) return known;
    const { shader, source, constants, flags } = from;
    const enabled = flags.quads ? "enable subgroups;\n" : ""; // must stand before all else
    const text = enabled + constantLines(constants, shader) + resolveFlags(source, flags, shader);
    let kernel = this.#kernels.get(text);
    if (!kernel) {
      const on = Object.keys(flags).filter((flag) => flags[flag]);
      kernel = this.#make(on.length > 0 ? `${shader}(${on.join(" ")})` : shader, text);
      this.#kernels.set(text, kernel);
    }
    this.#known.set(from, kernel);
    return kernel;
  }

  #make(name: string, code: string): Kernel {
    const entryPoints = [...code.matchAll(/@compute[^{]*?\bfn\s+(\w+)/g)].map((match) => match[1]!);
    const [entryPoint] = entryPoints;
    if (entryPoint === undefined || entryPoints.length > 1) {
      throw new Error(
        `${name}: the resolved shader has ${entryPoints.length} entry points, expected 1; check its flags.`,
      );
    }
    const device = this.#device;
    const bindings = bindingsOf(code, name);
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
          layout: device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
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
