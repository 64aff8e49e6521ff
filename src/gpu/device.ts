// Opens a device, its own or the caller's, and counts what is allocated on it.

import { browserChoiceStore, type ChoiceStore, Choices, type Tuning, unknownAdapter } from "./choices";
import { KernelCache } from "./kernel";

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
const wantedFeatures = ["subgroups", "timestamp-query"] as const satisfies GPUFeatureName[];

/** A device with the kernels compiled for it and a count of the buffers that live on it. */
export class Gpu {
  readonly device: GPUDevice;
  readonly kernels: KernelCache;
  /** Vendor, architecture and device, as far as the adapter tells. */
  readonly description: string;
  /** True where the adapter computes on the CPU (SwiftShader, lavapipe, WARP). */
  readonly software: boolean;
  /** Whether four invocations run in step, as in SwiftShader: kernels whose quads exchange registers then pay. */
  readonly quads: boolean;
  /** Which of several kernels that compute the same are taken. */
  readonly choices: Choices;
  readonly #buffers = new Set<GPUBuffer>();
  readonly #owned: boolean;
  // Dawn for Node ends the process when this object is collected before its devices are.
  readonly #source: GPU | undefined;

  constructor(device: GPUDevice, owned: boolean, options: GpuOptions = {}, source?: GPU, adapter?: GPUAdapter) {
    const { tuning, choiceStore = browserChoiceStore() } = options;
    this.device = device;
    this.#owned = owned;
    this.#source = source;
    this.kernels = new KernelCache(device);
    const info: Partial<GPUAdapterInfo> = device.adapterInfo ?? adapter?.info ?? {}; // older browsers lack one or both
    const words = [info.vendor, info.architecture, info.device, info.description].filter(Boolean);
    this.description = [...new Set(words)].join(" ") || unknownAdapter;
    this.software =
      info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(this.description);
    const { subgroupMinSize, subgroupMaxSize } = info;
    this.quads = device.features.has("subgroups") && subgroupMinSize === 4 && subgroupMaxSize === 4;
    this.choices = new Choices(tuning ?? (this.software ? "default" : "measure"), choiceStore);
  }

  /**
   * A buffer of at least `bytes` bytes (rounded up to 16), zero at first.
   * @throws where it is larger than the device allows.
   */
  createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = sizeOf(bytes);
    if (size > this.limitOf(usage)) {
      throw tooLarge("createBuffer", label, size, this.limitOf(usage));
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#buffers.add(buffer);
    return buffer;
  }

  /** The most bytes that a buffer of a usage may have. */
  protected limitOf(usage: GPUBufferUsageFlags): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
  }

  /** Copies the bytes that `data` makes to a buffer that `createBuffer` made. */
  write(buffer: GPUBuffer, offset: number, data: () => ArrayBufferView): void {
    this.device.queue.writeBuffer(buffer, offset, data() as Float32Array<ArrayBuffer>);
  }

  /** Frees a buffer that `createBuffer` made. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer);
    buffer.destroy();
  }

  /** Buffers of this library that live on the device now, and their bytes. */
  get live(): { buffers: number; bytes: number } {
    return { buffers: this.#buffers.size, bytes: [...this.#buffers].reduce((sum, { size }) => sum + size, 0) };
  }

  /**
   * Runs `build` inside error scopes, so that a validation or memory error is thrown here and not lost.
   * @throws the device's error, with `operation` in front.
   */
  async checked<T>(operation: string, build: () => T): Promise<T> {
    const { device } = this;
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    let scopes: Promise<GPUError | null>[];
    let result: T;
    try {
      result = build();
    } finally {
      scopes = [device.popErrorScope(), device.popErrorScope()];
    }
    for (const error of await Promise.all(scopes)) {
      if (error) throw new Error(`${operation}: ${error.message}`);
    }
    return result;
  }

  /** Closes the device, unless it is the caller's own. */
  destroy(): void {
    if (this.#owned) this.device.destroy();
    void this.#source;
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

const tooLarge = (operation: string, label: string, bytes: number, limit: number): Error =>
  new Error(
    `${operation}: "${label}" takes ${bytes} bytes in one buffer, this device allows ${limit}; use a smaller batch, fewer steps, a smaller network, or checkpointEvery.`,
  );

const sizeOf = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** What something needs on the GPU. */
export interface Memory {
  /** Of all buffers. */
  readonly bytes: number;
  readonly buffers: readonly { readonly label: string; readonly bytes: number }[];
}

/** Of a run: so many take seconds and some hundred megabytes to lay out, and 0.2 s of the processor at each run. */
const mostDispatches = 2 ** 17;

/** A device on which nothing is allocated, written or compiled: what is built on it is counted. */
export class DryGpu extends Gpu {
  readonly #operation: string;
  readonly #buffers: { label: string; bytes: number; limit: number }[] = [];
  #bytes = 0;

  /** @param operation what is built, for errors. */
  constructor(gpu: Gpu, operation: string) {
    super(gpu.device, false);
    this.#operation = operation;
    const { software, quads, choices } = gpu;
    Object.assign(this, { software, quads, choices }); // what decides what is built
  }

  /** @throws where all buffers together have more bytes than a number counts exactly. */
  override createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = sizeOf(bytes);
    this.#bytes += size;
    if (!Number.isSafeInteger(this.#bytes)) {
      throw new Error(
        `${this.#operation}: with "${label}" it takes more than ${Number.MAX_SAFE_INTEGER} bytes, expected fewer; use a smaller batch, fewer steps or a smaller network.`,
      );
    }
    this.#buffers.push({ label, bytes: size, limit: this.limitOf(usage) });
    return { label, size, usage, destroy() {} } as GPUBuffer;
  }

  override destroyBuffer(): void {}

  override write(): void {}

  get memory(): Memory {
    return { bytes: this.#bytes, buffers: this.#buffers.map(({ label, bytes }) => ({ label, bytes })) };
  }

  /**
   * @param dispatches of a run.
   * @throws where a buffer is larger than the device allows, with what all of them take, or a run has too many dispatches.
   */
  expectRoom(dispatches: number): void {
    const operation = this.#operation;
    if (dispatches > mostDispatches) {
      throw new Error(
        `${operation}: a run takes ${dispatches} dispatches, expected at most ${mostDispatches}; use fewer steps, schedule "fused" or a larger checkpointEvery.`,
      );
    }
    const [largest] = this.#buffers.filter(({ bytes, limit }) => bytes > limit).sort((a, b) => b.bytes - a.bytes);
    if (!largest) return;
    const { label, bytes, limit } = largest;
    throw tooLarge(`${operation}: of ${this.#bytes} bytes that it needs`, label, bytes, limit);
  }
}

/**
 * Opens a GPU: `options.device` where given, else a device of its own with the adapter's largest buffers, or the usual ones
 * where it refuses what it reports.
 * @throws where there is no WebGPU, no adapter or no device, with the cure.
 */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  if (options.device) return new Gpu(options.device, false, options);
  const source = options.gpu ?? globalThis.navigator?.gpu;
  if (!source) {
    throw new Error(
      "openGpu: this environment has no WebGPU (navigator.gpu is missing); use a current Chrome, Edge, Firefox or Safari over https or localhost, or pass { gpu } or { device }.",
    );
  }
  const { powerPreference = "high-performance" } = options;
  let refused: unknown;
  for (const { limits, features } of [
    { limits: true, features: true },
    { limits: false, features: true }, // an adapter may report limits that it then refuses
    { limits: true, features: false },
    { limits: false, features: false },
  ]) {
    const adapter = await source.requestAdapter({ powerPreference }); // one gives a device once
    if (!adapter && refused) break;
    if (!adapter) {
      throw new Error(
        "openGpu: WebGPU is here but found no adapter; enable hardware acceleration, update the graphics driver, or in Chrome allow a software adapter with --enable-unsafe-webgpu.",
      );
    }
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    try {
      const device = await adapter.requestDevice({
        label: "tempograd",
        ...(limits && { requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } }),
        ...(features && { requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)) }),
      });
      return new Gpu(device, true, options, source, adapter);
    } catch (error) {
      refused ??= error;
    }
  }
  throw new Error(
    `openGpu: the adapter gives no device (${(refused as Error).message}), not even without larger buffers, subgroups and timestamps; update the graphics driver or the browser, or pass { device }.`,
  );
}
